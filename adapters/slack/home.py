"""The App Home: the present verdicts, and what this user's channels get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.errors import slack_errors
from adapters.slack.mrkdwn import line_of
from adapters.slack.render import Json, markdown, plain, render
from adapters.slack.responder import Responder, SlackInteraction
from bot.catalog.catalog import Catalog
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.subscription import Subscription
from bot.messages.settings import effective
from bot.ports import Clock

log = structlog.get_logger()
# https://docs.slack.dev/surfaces/app-home: 100 blocks in a view
MOST_CHANNELS = 40
MOST_MEMBERS_CALLS = 20


async def show_home(responder: Responder, asked: SlackInteraction) -> None:
    """Publish the home of `asked.user`. Best effort: what fails is logged."""
    try:
        answer = await responder.commands.answer(await responder.request(asked))
        client = await responder.messenger.client(asked.tenant)
        mine = await _channels_of(responder, client, asked)
        drawn = render(answer.message)
        verdict = drawn.blocks or [{"type": "section", "text": markdown(drawn.text)}]
        view = home_view(verdict, mine, responder.catalog, responder.clock)
        with slack_errors():
            await client.views_publish(user_id=asked.user, view=view)
    except (DeliveryError, StoreError) as error:
        log.warning("slack.home_failed", reason=str(error))


def home_view(
    verdict: Sequence[Json], mine: Sequence[Subscription], catalog: Catalog, clock: Clock
) -> Json:
    """Pure, but for the clock that tells what is muted now."""
    blocks: list[Json] = [
        *verdict,
        {"type": "divider"},
        {"type": "section", "text": markdown("*Your channels that get news*")},
    ]
    now = clock()
    for subscription in mine[:MOST_CHANNELS]:
        line = line_of(effective(subscription, catalog, now))
        paused = "\n⏸️ paused" if subscription.paused else ""
        blocks.append(
            {
                "type": "section",
                "text": markdown(f"<#{subscription.channel.id}>\n{line}{paused}"),
                "accessory": _settings_button("Settings…", subscription.channel.id),
            }
        )
    if not mine:
        blocks.append({"type": "section", "text": markdown("None yet.")})
    add = _settings_button("Add a channel…", "", primary=True)
    blocks.append({"type": "actions", "elements": [add]})
    return {"type": "home", "blocks": blocks}


def settings_row(channel: str) -> Json:
    """A row with the button that opens the form for `channel`."""
    return {"type": "actions", "elements": [_settings_button("Settings…", channel)]}


def _settings_button(label: str, channel: str, *, primary: bool = False) -> Json:
    button: Json = {"type": "button", "text": plain(label), "action_id": "icd.settings"}
    if channel:
        button["value"] = channel
    if primary:
        button["style"] = "primary"
    return button


async def _channels_of(
    responder: Responder, client: AsyncWebClient, asked: SlackInteraction
) -> list[Subscription]:
    """Subscribed channels that this user is in: nobody learns of other people's channels here."""
    found = [s async for s in responder.subscriptions.of_tenant("slack", asked.tenant)]
    if not found:
        return []
    found.sort(key=lambda s: s.channel.id)
    try:
        mine = await _conversations(client, asked.user)
    except DeliveryError:
        # Not granted, or not known there: ask channel by channel, for a few.
        some = found[:MOST_MEMBERS_CALLS]
        return [s for s in some if await _is_member(client, s.channel.id, asked.user)]
    return [s for s in found if s.channel.id in mine]


async def _conversations(client: AsyncWebClient, user: str) -> set[str]:
    ids: set[str] = set()
    cursor = ""
    for _ in range(10):
        with slack_errors():
            answer = await client.api_call(
                "users.conversations",
                data={
                    "user": user,
                    "types": "public_channel,private_channel",
                    "exclude_archived": True,
                    "limit": 200,
                    "cursor": cursor,
                },
            )
        ids |= {str(c.get("id")) for c in answer.get("channels") or ()}
        following: dict[str, Any] = answer.get("response_metadata") or {}
        cursor = str(following.get("next_cursor") or "")
        if not cursor:
            break
    return ids


async def _is_member(client: AsyncWebClient, channel: str, user: str) -> bool:
    try:
        with slack_errors():
            answer = await client.api_call(
                "conversations.members", data={"channel": channel, "limit": 1000}
            )
    except DeliveryError:
        return False
    return user in (answer.get("members") or ())
