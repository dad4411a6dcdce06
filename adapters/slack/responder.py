"""What every listener works with: who asked, and how an answer gets back to them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack.errors import slack_errors
from adapters.slack.messenger import SlackMessenger
from adapters.slack.render import Json, Rendered, render
from adapters.slack.workspaces import TIMEOUT_SECONDS
from bot.catalog.catalog import Catalog
from bot.commands import Answer, Commands, Request
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.domain.errors import DeliveryError, StoreError, Uncertain
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.ports import Clock, Subscriptions

log = structlog.get_logger()
_QUIET = logging.getLogger("adapters.slack.response")
_QUIET.setLevel(logging.WARNING)


class Deduplicator(Protocol):
    """Remembers names for ten minutes, for all replicas."""

    async def first(self, name: str) -> bool:
        """Whether nobody asked for this name before.

        Raises:
            StoreError: it cannot be told.
        """
        ...


@dataclass(frozen=True, slots=True)
class SlackInteraction:
    """Somebody did something somewhere. `thread_ts`: inside of that thread."""

    channel: Channel
    user: str
    user_name: str
    response_url: str = ""
    trigger_id: str = ""
    thread_ts: str = ""

    @property
    def tenant(self) -> str:
        return self.channel.tenant

    def once(self, kind: str, what: str) -> str:
        """Names this very act, however often it is told; empty if Slack gave no trigger.

        The trigger alone would do for Slack. The rest costs nothing and forgives whoever
        stands in for Slack and gives the same trigger to all.
        """
        if not self.trigger_id:
            return ""
        act = (self.trigger_id, str(self.channel), self.user, self.response_url, what)
        return f"{kind}/{hashlib.sha256(repr(act).encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class Responder:
    commands: Commands
    messenger: SlackMessenger
    subscriptions: Subscriptions
    reach: ChannelLifecycle
    seen: Deduplicator
    catalog: Catalog
    clock: Clock
    session: aiohttp.ClientSession
    admins_only: bool = False

    async def is_new(self, name: str) -> bool:
        """Whether this was not handled yet; where the store cannot tell, it is taken for new."""
        if not name:
            return True
        try:
            return await self.seen.first(f"slack/{name}")
        except StoreError:
            return True

    async def request(self, asked: SlackInteraction, text: str = "") -> Request:
        may = not self.admins_only or await self._is_admin(asked)
        return Request(asked.channel, asked.user, asked.user_name, text, may_manage=may)

    async def _is_admin(self, asked: SlackInteraction) -> bool:
        client = await self.messenger.client(asked.tenant)
        try:
            with slack_errors():
                answer = await client.api_call("users.info", data={"user": asked.user})
        except DeliveryError as error:
            log.warning("slack.admin_unknown", reason=error.reason)
            return False
        user: Mapping[str, Any] = answer.get("user") or {}
        return bool(user.get("is_admin") or user.get("is_owner"))

    async def give(self, asked: SlackInteraction, answer: Answer, *extra: Json) -> None:
        """Bring the answer to the one who asked, and the public line to the channel.

        `extra` are blocks below the card. Best effort: what fails is logged.
        """
        if answer.shared and not asked.response_url and await self._share(asked, answer.message):
            return
        drawn = render(answer.message)
        blocks = [*(drawn.blocks or _as_blocks(drawn)), *extra] if extra else drawn.blocks
        await self._tell(asked, Rendered(drawn.text, blocks), shared=answer.shared)
        if answer.public is not None:
            await self.announce(asked, answer.public)

    async def _share(self, asked: SlackInteraction, card: Message) -> bool:
        """Answer for all to see where there is no response_url: to a mention."""
        key = f"share/{asked.channel}/{self.clock().isoformat()}"
        try:
            if asked.thread_ts:
                await self.messenger.reply(asked.channel, asked.thread_ts, card, key)
            else:
                await self.messenger.say(asked.channel, card, key)
        except Uncertain as error:
            log.info("slack.line_unsure", channel=str(asked.channel), reason=error.reason)
        except DeliveryError as error:
            log.info("slack.line_refused", channel=str(asked.channel), reason=error.reason)
            return False
        return True

    async def announce(self, asked: SlackInteraction, card: Message) -> None:
        """One line for everybody in the channel."""
        key = f"say/{asked.channel}/{asked.trigger_id or self.clock().isoformat()}"
        try:
            await self.messenger.say(asked.channel, card, key)
        except Uncertain as error:
            # It may stand there: rather no line than two.
            log.info("slack.line_unsure", channel=str(asked.channel), reason=error.reason)
        except DeliveryError as error:
            # Where the bot is no member the response_url still speaks.
            log.info("slack.line_refused", channel=str(asked.channel), reason=error.reason)
            if asked.response_url:
                await self._respond(asked, render(card), shared=True)

    async def _tell(self, asked: SlackInteraction, drawn: Rendered, *, shared: bool) -> None:
        # The response_url would answer a press inside a thread outside of it.
        if asked.thread_ts and not shared and await self._whisper(asked, drawn):
            return
        if asked.response_url and await self._respond(asked, drawn, shared=shared):
            return
        if not await self._whisper(asked, drawn):
            log.warning("slack.answer_lost", channel=str(asked.channel))

    async def _respond(self, asked: SlackInteraction, drawn: Rendered, *, shared: bool) -> bool:
        body: dict[str, Any] = {
            "response_type": "in_channel" if shared else "ephemeral",
            "replace_original": False,
            "text": drawn.text,
        }
        if drawn.blocks:
            body["blocks"] = drawn.blocks
        webhook = AsyncWebhookClient(
            asked.response_url,
            timeout=TIMEOUT_SECONDS,
            session=self.session,
            logger=_QUIET,
            retry_handlers=[],
        )
        try:
            with slack_errors():
                answer = await webhook.send_dict(body)
        except DeliveryError as error:
            log.info("slack.response_failed", reason=error.reason)
            return False
        return answer.status_code == 200

    async def _whisper(self, asked: SlackInteraction, drawn: Rendered) -> bool:
        body: dict[str, Any] = {"channel": asked.channel.id, "user": asked.user}
        body["text"] = drawn.text
        if drawn.blocks:
            body["blocks"] = drawn.blocks
        if asked.thread_ts:
            body["thread_ts"] = asked.thread_ts
        try:
            client = await self.messenger.client(asked.tenant)
            with slack_errors():
                await client.api_call("chat.postEphemeral", json=body)
        except DeliveryError as error:
            log.info("slack.whisper_failed", reason=error.reason)
            return False
        return True


def _as_blocks(drawn: Rendered) -> list[Json]:
    text = {"type": "mrkdwn", "text": drawn.text, "verbatim": True}
    return [{"type": "section", "text": text}]


def tenant_of(context: Mapping[str, Any]) -> str:
    """The installation that a request belongs to: its team, or the organisation as a whole."""
    if context.get("is_enterprise_install") and context.get("enterprise_id"):
        return str(context["enterprise_id"])
    return str(context.get("team_id") or "")
