"""The App Home: the present verdicts, and what this user's channels get."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from adapters.chat.http import Json
from adapters.slack.channels import channels_of, is_member
from adapters.slack.client import SlackClient
from adapters.slack.interaction import SlackInteraction
from adapters.slack.mrkdwn import line_of
from adapters.slack.render import actions, button, overflow, render, section
from adapters.slack.responder import SlackResponder
from bot.catalog.catalog import Catalog
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.message import Message, Rows
from bot.domain.subscription import Subscription
from bot.messages.subscription import effective

log = structlog.get_logger()
# https://docs.slack.dev/surfaces/app-home: 100 blocks in a view; a channel is one of them.
MOST_CHANNELS = 40
# Homes that are published again when something changes: opened within a day, so many a process (a
# guess: views.publish takes some 100 a minute in a workspace).
OPEN_SECONDS, MOST_HOMES = 86_400.0, 500
REFRESH_SECONDS = 20.0
# Where Slack does not list a person's channels, so many are asked for their members.
MOST_MEMBERS_CALLS = 20


class Homes:
    """Publishes homes, and publishes those that were opened lately again when the answer changes.

    What Slack shows is what was published last. Who opened the home is remembered by this process
    alone: after a restart a home is as it was until it is opened again.
    """

    def __init__(self, responder: SlackResponder, monotonic: Callable[[], float]) -> None:
        self._responder = responder
        self._monotonic = monotonic
        self._opened: dict[tuple[str, str], tuple[SlackInteraction, float]] = {}
        self._shown: dict[str, object] = {}  # by tenant

    async def open(self, asked: SlackInteraction) -> None:
        """Publish the home of somebody who is looking at it."""
        self._opened.pop((asked.tenant, asked.user), None)
        self._opened[asked.tenant, asked.user] = (asked, self._monotonic())
        while len(self._opened) > MOST_HOMES:
            del self._opened[next(iter(self._opened))]
        await self.show(asked)

    async def show(self, asked: SlackInteraction) -> None:
        """Publish the home of `asked.user`. Best effort: what fails is logged."""
        responder = self._responder
        try:
            asked = await responder.in_person(asked)
            answer = await responder.commands.answer(await responder.request(asked))
            client = await responder.clients.of(asked.tenant)
            channels = await _subscriptions_of(responder, client, asked)
            view = home_view(answer.message, channels, responder.catalog, responder.clock())
            await client.call("views.publish", {"user_id": asked.user, "view": view})
        except (DeliveryError, StoreError) as error:
            log.warning("slack.home_failed", reason=str(error))

    async def run(self) -> None:
        """Publish again what has changed, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.refresh()

    async def refresh(self) -> None:
        """Publish the homes of workspaces whose answer is another one than before."""
        now = self._monotonic()
        for key, (_, opened_at) in list(self._opened.items()):
            if now - opened_at > OPEN_SECONDS:
                del self._opened[key]
        for tenant in {tenant for tenant, _ in self._opened}:
            mine = [asked for asked, _ in self._opened.values() if asked.tenant == tenant]
            request = await self._responder.request(mine[0])
            answering = partial(self._responder.commands.answer, request)
            message = (await self._responder.answer(answering)).message
            # Times pass by themselves; what is shown anew is another verdict.
            tables = [block for block in message.blocks if isinstance(block, Rows)]
            rows = [(row.name, row.severity, row.words) for table in tables for row in table.rows]
            shown = (message.title, rows)
            before = self._shown.get(tenant, shown)
            self._shown[tenant] = shown
            if shown != before:
                for asked in mine:
                    await self.show(asked)


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
