"""The App Home: the present verdicts, and what this user's channels get."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from adapters.chat.http import Json
from adapters.slack.channels import channels_of, is_member
from adapters.slack.client import SlackClient
from adapters.slack.mrkdwn import line_of
from adapters.slack.render import actions, button, render, section
from adapters.slack.responder import SlackInteraction, SlackResponder
from bot.catalog.catalog import Catalog
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.subscription import Subscription
from bot.messages.subscription import effective

log = structlog.get_logger()
# https://docs.slack.dev/surfaces/app-home: 100 blocks in a view; a channel is one of them.
MOST_CHANNELS = 40
# Where Slack does not list a person's channels, so many are asked for their members.
MOST_MEMBERS_CALLS = 20


async def show_home(responder: SlackResponder, asked: SlackInteraction) -> None:
    """Publish the home of `asked.user`. Best effort: what fails is logged."""
    try:
        answer = await responder.commands.answer(await responder.request(asked))
        client = await responder.clients.of(asked.tenant)
        channels = await _subscriptions_of(responder, client, asked)
        verdict = render(answer.message).as_blocks
        view = home_view(verdict, channels, responder.catalog, responder.clock())
        await client.call("views.publish", {"user_id": asked.user, "view": view})
    except (DeliveryError, StoreError) as error:
        log.warning("slack.home_failed", reason=str(error))


def home_view(
    verdict: Sequence[Json],
    subscriptions: Sequence[Subscription],
    catalog: Catalog,
    now: datetime,
) -> Json:
    """Return the home: the verdict, then each channel with its settings. Pure."""
    blocks = [*verdict, {"type": "divider"}, section("*Your channels that get news*")]
    for subscription in subscriptions[:MOST_CHANNELS]:
        channel = subscription.channel.id
        line = line_of(effective(subscription, catalog, now))
        paused = "\n⏸️ paused" if subscription.paused else ""
        settings = button("Settings…", "settings", channel)
        blocks.append(section(f"<#{channel}>\n{line}{paused}", accessory=settings))
    if not subscriptions:
        blocks.append(section("None yet."))
    blocks.append(actions(button("Add a channel…", "settings", primary=True)))
    return {"type": "home", "blocks": blocks}


async def _subscriptions_of(
    responder: SlackResponder, client: SlackClient, asked: SlackInteraction
) -> list[Subscription]:
    """Subscribed channels that this user is in: nobody learns of other people's channels here."""
    found = [s async for s in responder.subscriptions.of_tenant("slack", asked.tenant)]
    if not found:
        return []
    found.sort(key=lambda s: s.channel.id)
    try:
        joined = await channels_of(client, asked.user)
    except DeliveryError:
        # Not granted, or not known there: ask channel by channel, for a few.
        some = found[:MOST_MEMBERS_CALLS]
        return [s for s in some if await is_member(client, s.channel.id, asked.user)]
    return [s for s in found if s.channel.id in joined]
