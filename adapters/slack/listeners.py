"""The bolt app: what people do in Slack, and what Slack tells of channels and workspaces.

Each listener acknowledges first; everything else may take its time.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from adapters.slack.home import Homes
from adapters.slack.interaction import Body, SlackInteraction, tenant_of
from adapters.slack.render import ACTION_PREFIX, actions, button
from adapters.slack.responder import SlackResponder
from adapters.slack.settings_form import open_settings, show_picked, submit_form
from adapters.slack.settings_view import CALLBACK
from bot.commands import Answer
from bot.domain.errors import StoreError
from bot.domain.subscription import Channel

log = structlog.get_logger()
# Bolt tells at every start which of its environment variables win, and it logs requests.
QUIET = logging.getLogger("adapters.slack.bolt")
QUIET.setLevel(logging.CRITICAL)

ANYTHING = re.compile(".*", re.DOTALL)
_SETTINGS_WORDS = frozenset({"settings", "setting", "configure", "config"})
_LISTS = frozenset({"subscriptions", "subs", "subscription", "list", "subscribe", "sub"})
_ENTITY = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}

LOST = {
    "channel_archive": "the channel was archived",
    "group_archive": "the channel was archived",
    "channel_deleted": "the channel was deleted",
    "group_deleted": "the channel was deleted",
    "channel_left": "I was removed from the channel; /invite @isclaudedown brings me back",
    "group_left": "I was removed from the channel; /invite @isclaudedown brings me back",
}
BACK = frozenset({"channel_unarchive", "group_unarchive", "channel_joined", "group_joined"})

# The same told of a member, where that is the bot.
OF_ME = {"member_left_channel": "channel_left", "member_joined_channel": "channel_joined"}
ENDED = {
    "app_uninstalled": "the app was uninstalled",
    "tokens_revoked": "the app's token was revoked",
}

# Gets the context of a workspace whose tokens ended, and when (seconds since the epoch); False:
# the app was installed there anew since.
Uninstalled = Callable[[Body, float], Awaitable[bool]]


def listen(
    app: AsyncApp, responder: SlackResponder, homes: Homes, uninstalled: Uninstalled
) -> None:
    """Register all listeners."""
    _listen_to_words(app, responder)
    _listen_to_views(app, responder, homes)
    _listen_to_presses(app, responder, homes)  # after the views, whose buttons match as well
    _listen_to_slack(app, responder, uninstalled)

    # Nothing is left unacknowledged: Slack repeats that, and counts it against the app.
    async def ignore(ack: AsyncAck) -> None:
        await ack()

    app.action(ANYTHING)(ignore)
    app.view_submission(ANYTHING)(ignore)
    app.view_closed(ANYTHING)(ignore)
    app.shortcut(ANYTHING)(ignore)
    app.options(ANYTHING)(ignore)

    @app.error
    async def on_error(error: Exception, body: Body) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            # Nothing we know (app_rate_limited has no event in it).
            log.warning("slack.request_unknown", type=body.get("type"))
            return BoltResponse(status=200, body="")
        # The type alone: an error's text may quote what somebody wrote.
        log.error("slack.listener_failed", error=type(error).__name__, type=body.get("type"))
        # bolt takes the shape of a body for granted; a failure of ours after the acknowledgement
        # is not told to Slack at all.
        odd = isinstance(error, ValueError | TypeError | AttributeError | LookupError)
        return BoltResponse(status=400 if odd else 500, body="")


# --- people ----------------------------------------------------------------------------------


def _listen_to_words(app: AsyncApp, responder: SlackResponder) -> None:
    @app.command(ANYTHING)
    async def on_command(ack: AsyncAck, body: Body, context: Body) -> None:
        await ack()
        asked = SlackInteraction.of_command(body, context)
        text = unescape(str(body.get("text") or ""))
        if not await responder.is_new(asked.key("command", text)):
            return
        words = text.casefold().split()
        first = words[0] if words else ""
        if len(words) == 1 and first in _SETTINGS_WORDS and asked.trigger_id:
            await open_settings(responder, asked, asked.channel.id)
            return
        request = await responder.request(asked, text)
        answer = await responder.answer(lambda: responder.commands.answer(request))
        row = actions(button("Settings…", "settings", asked.channel.id))
        await responder.respond(asked, answer, *([row] if first in _LISTS else []))

    @app.event("app_mention")
    async def on_mention(event: Body, body: Body, context: Body) -> None:
        if not await responder.is_new(str(body.get("event_id") or "")):
            return
        asked = SlackInteraction.of_mention(event, context)
        me = re.escape(str(context.get("bot_user_id")))
        text = re.sub(rf"<@{me}(?:\|[^>]*)?>", " ", str(event.get("text") or ""))
        request = await responder.request(asked, unescape(text))
        answer = await responder.answer(lambda: responder.commands.answer(request))
        await responder.respond(asked, answer)


def _listen_to_presses(app: AsyncApp, responder: SlackResponder, homes: Homes) -> None:
    @app.action(re.compile(rf"^{re.escape(ACTION_PREFIX)}"))
    async def on_press(ack: AsyncAck, body: Body, context: Body) -> None:
        await ack()
        action = _action(body)
        if action.get("type", "button") != "button" or action.get("url"):
            return
        asked = SlackInteraction.of_press(body, context)
        name = re.sub(r"\.\d+$", "", str(action["action_id"]).removeprefix(ACTION_PREFIX))
        value = str(action.get("value") or "")
        if not await responder.is_new(asked.key("press", f"{name}/{value}")):
            return

        async def work() -> Answer:
            there = await responder.in_person(asked)
            return await responder.commands.press(await responder.request(there), name, value)

        await responder.respond(asked, await responder.answer(work))
        if asked.in_view:
            await homes.show(asked)


def _listen_to_views(app: AsyncApp, responder: SlackResponder, homes: Homes) -> None:
    @app.event("app_home_opened")
    async def on_home(event: Body, context: Body) -> None:
        if event.get("tab", "home") == "home":
            user = str(event.get("user"))
            await homes.open(SlackInteraction.in_home(user, context, event.get("channel")))

    @app.action(ACTION_PREFIX + "settings")
    async def on_settings(ack: AsyncAck, body: Body, context: Body) -> None:
        await ack()
        asked = SlackInteraction.of_press(body, context)
        await open_settings(responder, asked, str(_action(body).get("value") or "") or None)

    @app.action(ACTION_PREFIX + "pick")
    async def on_pick(ack: AsyncAck, body: Body, context: Body) -> None:
        await ack()
        channel = str(_action(body).get("selected_conversation") or "")
        await show_picked(responder, SlackInteraction.of_press(body, context), channel)

    @app.action(re.compile(rf"^{re.escape(ACTION_PREFIX)}channel\b"))
    async def on_channel_command(ack: AsyncAck, body: Body, context: Body) -> None:
        """A menu of the home or a button of the form: `<words of a command>/<channel>`."""
        await ack()
        action = _action(body)
        value = (action.get("selected_option") or action).get("value")
        words, _, channel = str(value or "").rpartition("/")
        asked = SlackInteraction.of_press(body, context)
        if words == "settings":
            await open_settings(responder, asked, channel)
            return
        there = replace(asked, channel=replace(asked.channel, id=channel))
        request = await responder.request(there, words)
        answer = await responder.answer(lambda: responder.commands.answer(request))
        await responder.respond(there, answer)
        await homes.show(asked)

    @app.view(CALLBACK)
    async def on_form(ack: AsyncAck, body: Body, view: Body, context: Body) -> None:
        await submit_form(responder, ack, body, view, context)
        user = str((body.get("user") or {}).get("id"))
        await homes.show(SlackInteraction.in_home(user, context))


def _action(body: Body) -> Body:
    pressed: list[Body] = body.get("actions") or [{}]
    return pressed[0]


def unescape(text: str) -> str:
    """Return what was typed: Slack escapes it, and writes people and groups as `<@U1|ada>`."""
    return re.sub(r"&(?:lt|gt|amp);", lambda found: _ENTITY[found[0]], text)


# --- Slack itself ----------------------------------------------------------------------------


def _listen_to_slack(app: AsyncApp, responder: SlackResponder, uninstalled: Uninstalled) -> None:
    @app.event(ANYTHING)
    async def on_event(body: Body, event: Body, context: Body) -> None:
        if not await responder.is_new(str(body.get("event_id") or "")):
            return
        try:
            await _take_event(responder, event, body, context, uninstalled)
        except StoreError as error:
            log.warning("slack.event_lost", type=event.get("type"), reason=str(error))


async def _take_event(
    responder: SlackResponder, event: Body, body: Body, context: Body, uninstalled: Uninstalled
) -> None:
    lifecycle = responder.lifecycle
    tenant, kind = tenant_of(context), str(event.get("type"))
    channel = event.get("channel")
    where = Channel(
        "slack", tenant, str(channel.get("id") if isinstance(channel, dict) else channel)
    )
    if event.get("user") == (context.get("bot_user_id") or "nobody"):
        kind = OF_ME.get(kind, kind)
    if kind in ENDED:
        is_ours = kind == "app_uninstalled" or (event.get("tokens") or {}).get("bot")
        # When it happened: Slack tells late, and again, what it could not tell at once.
        at = body.get("event_time")
        at = float(at) if isinstance(at, int | float) else math.inf
        if is_ours and await uninstalled(context, at):
            log.info("slack.workspace_ended", tenant=tenant, reason=ENDED[kind])
            await lifecycle.tenant_lost("slack", tenant, ENDED[kind])
            responder.clients.forget(tenant)
    elif kind == "channel_id_changed":
        old, new = (str(event.get(f"{age}_channel_id")) for age in ("old", "new"))
        await lifecycle.moved(Channel("slack", tenant, old), Channel("slack", tenant, new))
    elif kind in LOST:
        await lifecycle.lost(where, LOST[kind])
    elif kind in BACK:
        await lifecycle.back(where)
