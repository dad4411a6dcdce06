"""What people do in Slack: commands, mentions, buttons, the settings form, the App Home.

Each listener acknowledges first; everything else may take its time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.errors import slack_errors
from adapters.slack.home import settings_row, show_home
from adapters.slack.render import ACTION_PREFIX
from adapters.slack.responder import Responder, SlackInteraction, log, tenant_of
from adapters.slack.settings_form import (
    CALLBACK,
    CHANNEL,
    Form,
    read_form,
    result_view,
    settings_view,
)
from bot.commands import Answer
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.message import Message
from bot.domain.subscription import Channel

Body = Mapping[str, Any]
# The answer to a form goes into the form itself if it is ready by then; Slack waits for 3 s.
FORM_SECONDS = 2.0
ANYTHING = re.compile(".*", re.DOTALL)
_SETTINGS_WORDS = frozenset({"settings", "setting", "configure", "config"})
_LISTS = frozenset({"subscriptions", "subs", "subscription", "list", "subscribe", "sub"})
_ENTITY = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def listen_to_people(app: AsyncApp, responder: Responder) -> None:
    """Register the listeners."""
    _listen_to_words(app, responder)
    _listen_to_presses(app, responder)


def _listen_to_words(app: AsyncApp, responder: Responder) -> None:

    @app.command(ANYTHING)
    async def on_command(ack: AsyncAck, body: Body, context: Body) -> None:
        await ack()
        asked = SlackInteraction(
            Channel("slack", tenant_of(context), str(body.get("channel_id"))),
            str(body.get("user_id")),
            str(body.get("user_name") or "Somebody"),
            response_url=str(body.get("response_url") or ""),
            trigger_id=str(body.get("trigger_id") or ""),
        )
        text = unescape(str(body.get("text") or ""))
        if await responder.is_new(asked.once("command", text)):
            await _command(responder, asked, text)

    @app.event("app_mention")
    async def on_mention(event: Body, body: Body, context: Body) -> None:
        if not await responder.is_new(str(body.get("event_id") or "")):
            return
        user = str(event.get("user") or "")
        channel = Channel("slack", tenant_of(context), str(event.get("channel")))
        asked = SlackInteraction(
            channel, user, "Somebody here", thread_ts=str(event.get("thread_ts") or "")
        )
        me = context.get("bot_user_id")
        text = re.sub(rf"<@{re.escape(str(me))}(?:\|[^>]*)?>", " ", str(event.get("text") or ""))
        request = await responder.request(asked, unescape(text))
        await responder.give(asked, await responder.commands.answer(request))


def _listen_to_presses(app: AsyncApp, responder: Responder) -> None:
    @app.event("app_home_opened")
    async def on_home(event: Body, context: Body) -> None:
        if event.get("tab", "home") == "home":
            await show_home(
                responder, _in_home(str(event.get("user")), context, event.get("channel"))
            )

    @app.action("icd.settings")
    async def on_settings(ack: AsyncAck, body: Body, context: Body) -> None:
        await ack()
        asked = _pressed(body, context)
        await open_settings(responder, asked, str(_action(body).get("value") or "") or None)

    @app.action(re.compile(rf"^{re.escape(ACTION_PREFIX)}"))
    async def on_press(ack: AsyncAck, body: Body, context: Body) -> None:
        await ack()
        action = _action(body)
        if action.get("type", "button") != "button" or action.get("url"):
            return
        asked = _pressed(body, context)
        name = re.sub(r"\.\d+$", "", str(action["action_id"]).removeprefix(ACTION_PREFIX))
        value = str(action.get("value") or "")
        if not await responder.is_new(asked.once("press", f"{name}/{value}")):
            return
        request = await responder.request(asked)
        await responder.give(asked, await responder.commands.press(request, name, value))

    @app.view(CALLBACK)
    async def on_form(ack: AsyncAck, body: Body, view: Body, context: Body) -> None:
        form = read_form(view)
        if isinstance(form, str):
            await ack(response_action="errors", errors={CHANNEL: form})
            return
        await _save(responder, ack, body, context, form)


async def _command(responder: Responder, asked: SlackInteraction, text: str) -> None:
    words = text.split()
    first = words[0].casefold() if words else ""
    if len(words) == 1 and first in _SETTINGS_WORDS and asked.trigger_id:
        await open_settings(responder, asked, asked.channel.id)
        return
    answer = await responder.commands.answer(await responder.request(asked, text))
    extra = [settings_row(asked.channel.id)] if first in _LISTS else []
    await responder.give(asked, answer, *extra)


async def open_settings(responder: Responder, asked: SlackInteraction, channel: str | None) -> None:
    """Show the form. A trigger lives three seconds, so nothing slow stands before it."""
    try:
        now = None
        if channel:
            async with asyncio.timeout(1):
                now = await responder.subscriptions.get(Channel("slack", asked.tenant, channel))
        view = settings_view(responder.catalog, channel, now)
        client: AsyncWebClient = await responder.messenger.client(asked.tenant)
        with slack_errors():
            await client.views_open(trigger_id=asked.trigger_id, view=view)
    except (DeliveryError, StoreError, TimeoutError) as error:
        log.info("slack.form_failed", reason=str(error))
        sorry = "I could not open the form. Try again, or type subscribe with what you want."
        await responder.give(asked, Answer(Message(sorry, sorry)))


async def _save(responder: Responder, ack: AsyncAck, body: Body, context: Body, form: Form) -> None:
    user: Body = body.get("user") or {}
    asked = SlackInteraction(
        Channel("slack", tenant_of(context), form.channel),
        str(user.get("id")),
        str(user.get("name") or user.get("username") or "Somebody"),
        trigger_id=str(body.get("trigger_id") or ""),
    )
    saving = asyncio.create_task(_subscribe(responder, asked, form))
    done, _ = await asyncio.wait({saving}, timeout=FORM_SECONDS)
    if not done:
        await ack()
        await responder.give(asked, await saving)
    else:
        answer = await saving
        await ack(response_action="update", view=result_view(answer.message))
        if answer.public is not None:
            await responder.announce(asked, answer.public)
    await show_home(responder, _in_home(asked.user, context, None))


async def _subscribe(responder: Responder, asked: SlackInteraction, form: Form) -> Answer:
    return await responder.commands.subscribe(
        await responder.request(asked),
        surfaces=form.surfaces,
        severity=form.severity,
        mention=form.mention,
        thread_only=form.thread_only,
    )


def _in_home(user: str, context: Body, channel: object) -> SlackInteraction:
    return SlackInteraction(
        Channel("slack", tenant_of(context), str(channel or f"D{user}")), user, ""
    )


def _action(body: Body) -> Body:
    actions: Sequence[Body] = body.get("actions") or ({},)
    return actions[0]


def _pressed(body: Body, context: Body) -> SlackInteraction:
    """Who pressed a button, and where: in a message, a thread, a form or the home."""
    user: Body = body.get("user") or {}
    container: Body = body.get("container") or {}
    message: Body = body.get("message") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id")
    thread = container.get("thread_ts") or message.get("thread_ts")
    own = message.get("ts") or container.get("message_ts")
    return SlackInteraction(
        Channel("slack", tenant_of(context), str(channel or f"D{user.get('id')}")),
        str(user.get("id")),
        str(user.get("name") or user.get("username") or "Somebody"),
        response_url=str(body.get("response_url") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
        # A root of a thread names itself; pressing there is pressing in the channel.
        thread_ts=str(thread) if thread and thread != own else "",
    )


def unescape(text: str) -> str:
    """What was typed: Slack escapes it, and writes people and groups as `<@U1|ada>`."""
    return re.sub(r"&(?:lt|gt|amp);", lambda found: _ENTITY[found[0]], text)
