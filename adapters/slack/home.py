"""The App Home: the present verdicts, and what this user's channels get."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256

import structlog

from adapters.chat.http import Json
from adapters.redis.homes import OpenedHome, RedisHomes
from adapters.slack.channels import channels_of, is_member
from adapters.slack.client import SlackClient
from adapters.slack.interaction import SlackInteraction
from adapters.slack.mrkdwn import line_of
from adapters.slack.render import actions, button, overflow, render, section
from adapters.slack.responder import SlackResponder
from bot.catalog.catalog import Catalog
from bot.domain.errors import DeliveryError, RateLimited, StoreError
from bot.domain.message import Message, Rows
from bot.domain.subscription import Subscription
from bot.messages.subscription import effective

log = structlog.get_logger()
# https://docs.slack.dev/surfaces/app-home: 100 blocks in a view; a channel is one of them.
MOST_CHANNELS = 40
REFRESH_SECONDS = 20.0
# Of each workspace, within that time: views.publish takes some 100 a minute (a guess), and leaves
# room for those who open theirs.
MOST_AT_ONCE = 25
# Where Slack does not list a person's channels, so many are asked for their members.
MOST_MEMBERS_CALLS = 20


class Homes:
    """Publishes homes, and publishes those that were opened lately again when the answer changes.

    What Slack shows is what was published last. The store knows who opened a home lately, and
    what it shows: whoever runs, also after a restart, renews those that show another answer.
    """

    def __init__(self, responder: SlackResponder, opened: RedisHomes) -> None:
        self._responder = responder
        self._opened = opened

    async def show(self, asked: SlackInteraction) -> None:
        """Publish the home of somebody who is looking at it. Best effort: what fails is logged."""
        try:
            await self._publish(asked, self._responder.clock())
        except (DeliveryError, StoreError) as error:
            log.warning("slack.home_failed", reason=str(error))

    async def _publish(self, asked: SlackInteraction, opened_at: datetime) -> None:
        """Publish a home, and then remember it: what a crash leaves is published once more."""
        responder = self._responder
        asked = await responder.in_person(asked)
        answer = await responder.commands.answer(await responder.request(asked))
        client = await responder.clients.of(asked.tenant)
        channels = await _subscriptions_of(responder, client, asked)
        view = home_view(answer.message, channels, responder.catalog, responder.clock())
        await client.call("views.publish", {"user_id": asked.user, "view": view})
        shown = hash_of(answer.message)
        await self._opened.put(OpenedHome(asked.tenant, asked.user, opened_at, shown))

    async def run(self) -> None:
        """Publish again what has changed, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                if await self._opened.may_renew(REFRESH_SECONDS / 2):
                    await self.refresh()
            except StoreError as error:
                log.warning("slack.homes_unknown", reason=str(error))

    async def refresh(self) -> None:
        """Publish homes that show another answer than the present one, some of each workspace.

        Raises:
            StoreError: the store does not say which; the next time finds them.
        """
        tenants: dict[str, list[OpenedHome]] = {}
        for home in await self._opened.all():
            tenants.setdefault(home.tenant, []).append(home)
        for homes in tenants.values():
            request = await self._responder.request(_looking(homes[0]))
            answering = partial(self._responder.commands.answer, request)
            shown = hash_of((await self._responder.answer(answering)).message)
            stale = [home for home in homes if home.shown != shown]
            for home in stale[:MOST_AT_ONCE]:
                try:
                    await self._publish(_looking(home), home.opened_at)
                except RateLimited as limited:
                    log.info("slack.homes_put_off", reason=limited.reason)
                    break
                except DeliveryError as error:
                    log.info("slack.home_failed", reason=error.reason)
                    # It holds up no other: tried again with the next change, or when opened.
                    await self._opened.put(replace(home, shown=shown))


def _looking(home: OpenedHome) -> SlackInteraction:
    return SlackInteraction.in_home(home.person, {"team_id": home.tenant})


def hash_of(message: Message) -> str:
    """Return a short hash of an answer's verdict; times, which pass by themselves, are no part."""
    tables = [block for block in message.blocks if isinstance(block, Rows)]
    rows = [(row.name, row.severity, row.words) for table in tables for row in table.rows]
    return sha256(repr((message.title, rows)).encode()).hexdigest()[:16]


def home_view(
    verdict: Message,
    subscriptions: Sequence[Subscription],
    catalog: Catalog,
    now: datetime,
) -> Json:
    """Return the home: the verdict, then each channel with its settings. Pure."""
    # What is subscribed here is the conversation with this person.
    buttons = [
        replace(one, label="Tell me alone") if one.action == "subscribe" else one
        for one in verdict.buttons
    ]
    blocks = render(replace(verdict, buttons=tuple(buttons))).as_blocks
    blocks = [*blocks, {"type": "divider"}, section("*Your channels that get news*")]
    for subscription in subscriptions[:MOST_CHANNELS]:
        channel = subscription.channel.id
        line = line_of(effective(subscription, catalog, now))
        paused = "\n⏸️ paused" if subscription.paused else ""
        muted = subscription.is_muted(now)
        menu = [
            ("Unmute", "unmute") if muted else ("Mute for 2 hours", "mute 2h"),
            ("Unsubscribe", "unsubscribe"),
        ]
        name = "You alone"
        if not channel.startswith("D"):
            name = f"<#{channel}>"
            menu = [("Settings…", "settings"), *menu]
        choices = [(label, f"{words}/{channel}") for label, words in menu]
        blocks.append(section(f"{name}\n{line}{paused}", accessory=overflow("channel", choices)))
    if not subscriptions:
        blocks.append(section("None yet."))
    blocks.append(actions(button("Add a channel…", "settings", primary=True)))
    return {"type": "home", "blocks": blocks}


async def _subscriptions_of(
    responder: SlackResponder, client: SlackClient, asked: SlackInteraction
) -> list[Subscription]:
    """Subscribed channels that this user is in: nobody learns of other people's channels here."""
    alone = asked.channel.id
    found = [s async for s in responder.subscriptions.of_tenant("slack", asked.tenant)]
    if not found:
        return []
    found.sort(key=lambda s: s.channel.id)
    try:
        joined = await channels_of(client, asked.user)
    except DeliveryError:
        # Not granted, or not known there: ask channel by channel, for a few.
        some = found[:MOST_MEMBERS_CALLS]
        return [
            s
            for s in some
            if s.channel.id == alone or await is_member(client, s.channel.id, asked.user)
        ]
    return [s for s in found if s.channel.id in joined or s.channel.id == alone]
