"""Brings answers back to whoever asked in Slack."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import aiohttp
import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.chat.http import Json
from adapters.chat.responder import Responder
from adapters.slack.client import TIMEOUT_SECONDS, SlackClients
from adapters.slack.errors import slack_errors
from adapters.slack.interaction import SlackInteraction
from adapters.slack.render import Rendered, message_view, render
from bot.commands import Answer, Request
from bot.domain.errors import DeliveryError, Malformed, Uncertain
from bot.domain.message import Message
from bot.messenger import Messenger

log = structlog.get_logger()
_QUIET = logging.getLogger("adapters.slack.response")
_QUIET.setLevel(logging.WARNING)


@dataclass(frozen=True)
class SlackResponder(Responder[SlackInteraction]):
    """Answers by response_url, by ephemeral message, or for all in the channel."""

    messenger: Messenger
    clients: SlackClients
    session: aiohttp.ClientSession
    admins_only: bool = False

    async def request(self, asked: SlackInteraction, text: str = "") -> Request:
        """Return what the commands get; Slack is asked who it is only where that matters."""
        name, may_manage = asked.user_name, not self.admins_only
        if self.admins_only or not name:
            try:
                client = await self.clients.of(asked.tenant)
                user = (await client.ask("users.info", user=asked.user)).get("user") or {}
                may_manage = may_manage or bool(user.get("is_admin") or user.get("is_owner"))
                name = name or str(user.get("name") or "")
            except DeliveryError as error:
                log.warning("slack.person_unknown", reason=error.reason)
        return Request(
            asked.channel, asked.user, name or "Somebody here", text, may_manage=may_manage
        )

    async def serve(self, asked: SlackInteraction, text: str, *extra: Json) -> None:
        """Do what was typed and answer. `extra` are blocks below the message."""
        request = await self.request(asked, text)
        answer = await self.answer(lambda: self.commands.answer(request), asked.picked)
        await self.respond(asked, answer, *extra)

    async def respond(self, asked: SlackInteraction, answer: Answer, *extra: Json) -> None:
        """See `Responder.respond`. `extra` are blocks below the message."""
        if asked.in_view:
            await self._show(asked, answer.message)
            if answer.public is not None and not asked.is_direct:
                await self.announce(asked, answer.public)
            return
        # With the bot alone there is nobody to hide an answer from.
        for_all = answer.shared or asked.is_direct
        if for_all and not asked.response_url and await self._share(asked, answer.message):
            return
        rendered = render(answer.message)
        blocks = [*rendered.as_blocks, *extra] if extra else rendered.blocks
        rendered = replace(rendered, blocks=blocks)
        # The response_url would answer a press inside a thread outside of it.
        in_thread = asked.thread_ts and not answer.shared
        reached = (
            (in_thread and await self._ephemeral(asked, rendered))
            or await self._by_response_url(asked, rendered, shared=answer.shared)
            or (not in_thread and await self._ephemeral(asked, rendered))
        )
        if not reached:
            log.warning("slack.answer_lost", channel=str(asked.channel))
        if answer.public is not None and not asked.is_direct:
            await self.announce(asked, answer.public)

    async def in_person(self, asked: SlackInteraction) -> SlackInteraction:
        """Return the same in the person's conversation with the bot, if it has a channel yet.

        Raises:
            DeliveryError: Slack does not say which it is.
        """
        if asked.channel.id[:1] not in {"U", "W"}:
            return asked
        client = await self.clients.of(asked.tenant)
        return replace(asked, channel=replace(asked.channel, id=await client.direct(asked.user)))

    async def _show(self, asked: SlackInteraction, message: Message) -> None:
        """Answer in a window; in the person's conversation if that comes too late for Slack."""
        try:
            client = await self.clients.of(asked.tenant)
            view = message_view(message)
            if asked.view_id:
                await client.call("views.update", {"view_id": asked.view_id, "view": view})
            else:
                await client.call("views.open", {"trigger_id": asked.trigger_id, "view": view})
        except DeliveryError as error:
            log.info("slack.view_failed", reason=error.reason)
            alone = replace(asked, channel=replace(asked.channel, id=asked.user))
            key = f"view/{asked.user}/{asked.trigger_id or self.clock().isoformat()}"
            try:
                await self.messenger.say((await self.in_person(alone)).channel, message, key)
            except DeliveryError as lost:
                log.warning("slack.answer_lost", reason=lost.reason)

    async def say(self, asked: SlackInteraction, message: Message) -> None:
        key = f"say/{asked.channel}/{asked.trigger_id or self.clock().isoformat()}"
        await self.messenger.say(asked.channel, message, key)

    async def follow_up(self, asked: SlackInteraction, message: Message) -> None:
        """Answer by response_url for all to see: it works where the bot is no member."""
        await self._by_response_url(asked, render(message), shared=True)

    async def _share(self, asked: SlackInteraction, message: Message) -> bool:
        """Answer for all to see where there is no response_url: to a mention, or alone."""
        key = f"share/{asked.channel}/{self.clock().isoformat()}"
        try:
            if asked.thread_ts:
                await self.messenger.reply(asked.channel, asked.thread_ts, message, key)
            else:
                await self.messenger.say(asked.channel, message, key)
        except Uncertain as error:
            log.info("announcement.unconfirmed", channel=str(asked.channel), reason=error.reason)
        except DeliveryError as error:
            log.info("announcement.refused", channel=str(asked.channel), reason=error.reason)
            return False
        return True

    async def _by_response_url(
        self, asked: SlackInteraction, rendered: Rendered, *, shared: bool
    ) -> bool:
        if not asked.response_url:
            return False
        body: Json = {
            "response_type": "in_channel" if shared else "ephemeral",
            "replace_original": False,
            "text": rendered.text,
        }
        if rendered.blocks:
            body["blocks"] = [*rendered.blocks, *rendered.charts]
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
        if rendered.charts and 400 <= answer.status_code < 500:
            log.info("slack.charts_refused", reason=answer.body[:80])
            return await self._by_response_url(asked, replace(rendered, charts=[]), shared=shared)
        return answer.status_code == 200

    async def _ephemeral(self, asked: SlackInteraction, rendered: Rendered) -> bool:
        body: Json = {"channel": asked.channel.id, "user": asked.user, "text": rendered.text}
        if rendered.blocks:
            body["blocks"] = [*rendered.blocks, *rendered.charts]
        if asked.thread_ts:
            body["thread_ts"] = asked.thread_ts
        try:
            await (await self.clients.of(asked.tenant)).call("chat.postEphemeral", body)
        except Malformed as error:
            log.info("slack.charts_refused", reason=error.reason)
            plain = replace(rendered, charts=[])
            return bool(rendered.charts) and await self._ephemeral(asked, plain)
        except DeliveryError as error:
            log.info("slack.ephemeral_failed", reason=error.reason)
            return False
        return True
