"""The bolt app: what people do in Slack, and what Slack tells of channels and workspaces.

Each listener acknowledges first; everything else may take its time.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace

import aiohttp
import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from adapters.slack.home import Homes
from adapters.slack.interaction import Body, SlackInteraction
from adapters.slack.lifecycle import ANYTHING, Uninstalled, listen_to_slack
from adapters.slack.render import ACTION_PREFIX, actions, button
from adapters.slack.responder import SlackResponder
from adapters.slack.settings_form import open_settings, show_picked, submit_form
from adapters.slack.settings_view import CALLBACK
from adapters.slack.unfurl import unfurl_links
from bot.commands import Answer

log = structlog.get_logger()
# Bolt tells at every start which of its environment variables win, and it logs requests.
QUIET = logging.getLogger("adapters.slack.bolt")
QUIET.setLevel(logging.CRITICAL)

MOST_TEXT = 3_000  # of a message that is to be explained; what matters stands at its start
_SETTINGS_WORDS = frozenset({"settings", "setting", "configure", "config"})
_LISTS = frozenset({"subscriptions", "subs", "subscription", "list", "subscribe", "sub"})
_ENTITY = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def listen(
    app: AsyncApp, responder: SlackResponder, homes: Homes, uninstalled: Uninstalled
) -> None:
    """Register all listeners. Where several match, bolt takes the first."""
    here = Listeners(responder, homes)
    app.command(ANYTHING)(here.on_command)
    app.event({"type": "message", "channel_type": "im"})(here.on_direct_message)
    app.event("app_mention")(here.on_mention)
    app.event("link_shared")(here.on_link)
    app.shortcut(ACTION_PREFIX + "ask")(here.on_shortcut)
    app.shortcut(ACTION_PREFIX + "explain")(here.on_shortcut)
    app.event("app_home_opened")(here.on_home)
    app.action(ACTION_PREFIX + "settings")(here.on_settings)
    app.action(ACTION_PREFIX + "pick")(here.on_pick)
    app.action(re.compile(rf"^{re.escape(ACTION_PREFIX)}channel\b"))(here.on_channel_command)
    app.action(re.compile(rf"^{re.escape(ACTION_PREFIX)}"))(here.on_press)
    app.view(CALLBACK)(here.on_form)
    listen_to_slack(app, responder, uninstalled)

    # Nothing is left unacknowledged: Slack repeats that, and counts it against the app.
    for register in (app.action, app.view_submission, app.view_closed, app.shortcut, app.options):
        register(ANYTHING)(acknowledge)
    app.error(on_error)


async def acknowledge(ack: AsyncAck) -> None:
    """Take what nobody asked for."""
    await ack()


async def on_error(error: Exception, body: Body) -> BoltResponse:
    """Say what went wrong by its type alone: an error's text may quote what somebody wrote."""
    if isinstance(error, BoltUnhandledRequestError):
        # Nothing we know (app_rate_limited has no event in it).
        log.warning("slack.request_unknown", type=body.get("type"))
        return BoltResponse(status=200, body="")
    if isinstance(error, aiohttp.ClientError):
        # bolt itself answers by response_url, where nobody installed the app.
        log.warning("slack.answer_lost", reason=type(error).__name__)
        return BoltResponse(status=200, body="")
    log.error("slack.listener_failed", error=type(error).__name__, type=body.get("type"))
    # bolt takes the shape of a body for granted; a failure of ours after the acknowledgement is
    # not told to Slack at all.
    odd = isinstance(error, ValueError | TypeError | AttributeError | LookupError)
    return BoltResponse(status=400 if odd else 500, body="")


@dataclass(frozen=True, slots=True)
class Listeners:
    """Interactions of people: commands, messages, buttons, shortcuts, forms, the home."""

    responder: SlackResponder
    homes: Homes

    # --- words -------------------------------------------------------------------------------

    async def on_command(self, ack: AsyncAck, body: Body, context: Body) -> None:
        await ack()
        asked = SlackInteraction.of_command(body, context)
        text = unescape(str(body.get("text") or ""))
        if not await self.responder.is_new(asked.key("command", text)):
            return
        words = text.casefold().split()
        first = words[0] if words else ""
        if len(words) == 1 and first in _SETTINGS_WORDS and asked.trigger_id:
            await open_settings(self.responder, asked, asked.channel.id)
            return
        row = actions(button("Settings…", "settings", asked.channel.id))
        await self.responder.serve(asked, text, *([row] if first in _LISTS else []))

    async def on_direct_message(self, event: Body, body: Body, context: Body) -> None:
        """Answer what a person types to the bot alone; not edits, nor what the bot wrote."""
        if event.get("subtype") or event.get("bot_id"):
            return
        if await self.responder.is_new(str(body.get("event_id") or "")):
            asked = SlackInteraction.of_mention(event, context)
            await self.responder.serve(asked, unescape(str(event.get("text") or "")))

    async def on_mention(self, event: Body, body: Body, context: Body) -> None:
        if await self.responder.is_new(str(body.get("event_id") or "")):
            asked = SlackInteraction.of_mention(event, context)
            me = re.escape(str(context.get("bot_user_id")))
            text = re.sub(rf"<@{me}(?:\|[^<>]*)?>", " ", str(event.get("text") or ""))
            await self.responder.serve(asked, unescape(text))

    async def on_link(self, event: Body, body: Body, context: Body) -> None:
        if await self.responder.is_new(str(body.get("event_id") or "")):
            await unfurl_links(self.responder, event, context)

    async def on_shortcut(self, ack: AsyncAck, body: Body, context: Body) -> None:
        """Answer the question, or explain the error in the message that it was taken on."""
        await ack()
        text = ""
        if body.get("callback_id") == ACTION_PREFIX + "explain":
            message: Body = body.get("message") or {}
            text = f"explain {unescape(str(message.get('text') or ''))}"
        asked = await self.responder.in_person(SlackInteraction.of_press(body, context))
        await self.responder.serve(asked, text[:MOST_TEXT])

    # --- buttons, menus and forms ------------------------------------------------------------

    async def on_press(self, ack: AsyncAck, body: Body, context: Body) -> None:
        """Serve a button of a message, wherever it is shown."""
        await ack()
        action = _action(body)
        if action.get("type", "button") != "button" or action.get("url"):
            return
        responder, asked = self.responder, SlackInteraction.of_press(body, context)
        name = re.sub(r"\.\d+$", "", str(action["action_id"]).removeprefix(ACTION_PREFIX))
        value = str(action.get("value") or "")
        if not await responder.is_new(asked.key("press", f"{name}/{value}")):
            return

        async def work() -> Answer:
            there = await responder.in_person(asked)
            return await responder.commands.press(await responder.request(there), name, value)

        await responder.respond(asked, await responder.answer(work))
        if asked.in_view:
            await self.homes.show(asked)

    async def on_channel_command(self, ack: AsyncAck, body: Body, context: Body) -> None:
        """Serve a menu of the home or a button of the form: `<words of a command>/<channel>`."""
        await ack()
        action = _action(body)
        value = (action.get("selected_option") or action).get("value")
        words, _, channel = str(value or "").rpartition("/")
        asked = SlackInteraction.of_press(body, context)
        if words == "settings":
            await open_settings(self.responder, asked, channel)
            return
        there = replace(asked, channel=replace(asked.channel, id=channel), is_picked=True)
        await self.responder.serve(there, words)
        await self.homes.show(asked)

    async def on_home(self, event: Body, context: Body) -> None:
        if event.get("tab", "home") == "home":
            user = str(event.get("user"))
            await self.homes.show(SlackInteraction.in_home(user, context, event.get("channel")))

    async def on_settings(self, ack: AsyncAck, body: Body, context: Body) -> None:
        await ack()
        asked = SlackInteraction.of_press(body, context)
        await open_settings(self.responder, asked, str(_action(body).get("value") or "") or None)

    async def on_pick(self, ack: AsyncAck, body: Body, context: Body) -> None:
        await ack()
        channel = str(_action(body).get("selected_conversation") or "")
        await show_picked(self.responder, SlackInteraction.of_press(body, context), channel)

    async def on_form(self, ack: AsyncAck, body: Body, view: Body, context: Body) -> None:
        await submit_form(self.responder, ack, body, view, context)
        user = str((body.get("user") or {}).get("id"))
        await self.homes.show(SlackInteraction.in_home(user, context))


def _action(body: Body) -> Body:
    pressed: list[Body] = body.get("actions") or [{}]
    return pressed[0]


def unescape(text: str) -> str:
    """Return what was typed: Slack escapes it, and writes people and groups as `<@U1|ada>`."""
    return re.sub(r"&(?:lt|gt|amp);", lambda found: _ENTITY[found[0]], text)
