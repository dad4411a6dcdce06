"""The settings form: shown with what a channel has, read back into what it shall have."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck

from adapters.chat.http import Json
from adapters.chat.settings_form import Option, SettingsChange, severity_options, surface_options
from adapters.chat.text import clean, cut
from adapters.slack.client import tenant_of
from adapters.slack.render import message_view, plain
from adapters.slack.responder import Body, SlackInteraction, SlackResponder
from bot.catalog.catalog import Catalog
from bot.commands import KEEP, Answer, Keep
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.incident import EventKind
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription

log = structlog.get_logger()
CALLBACK = "icd.settings"
CHANNEL, SURFACES, SEVERITY, MENTION, QUIET = "channel", "surfaces", "severity", "mention", "quiet"
# https://docs.slack.dev/reference/block-kit/block-elements/multi-select-menu-element
MOST_OPTIONS = 100
OPTION_TEXT = 75
# The answer to a form goes into the form itself if it is ready by then; Slack waits for 3 s.
FORM_SECONDS = 2.0

_SEVERITIES = {
    Severity.DEGRADED: "Degraded and worse",
    Severity.PARTIAL: "Partial outages and worse",
    Severity.MAJOR: "Major outages only",
    Severity.MAINTENANCE: "Everything, with planned maintenance",
}
_KINDS = {
    EventKind.WORSE: "When it gets worse",
    EventKind.RESOLVED: "When it is over",
    EventKind.REOPENED: "When it comes back",
    EventKind.CONFIRMED: "When the provider confirms a suspicion",
}
# What the form shows where there is no subscription yet.
_NEW = Subscription(Channel("slack", "", ""))
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)>")


@dataclass(frozen=True, slots=True)
class Form:
    """A filled-in form: the channel that was picked, and what it shall get."""

    channel: str
    change: SettingsChange


async def open_settings(
    responder: SlackResponder, asked: SlackInteraction, channel: str | None
) -> None:
    """Show the form. A trigger lives three seconds, so nothing slow stands before it."""
    try:
        now = None
        if channel:
            async with asyncio.timeout(1):
                now = await responder.subscriptions.get(Channel("slack", asked.tenant, channel))
        view = settings_view(responder.catalog, channel, now)
        client = await responder.clients.of(asked.tenant)
        await client.call("views.open", {"trigger_id": asked.trigger_id, "view": view})
    except (DeliveryError, StoreError, TimeoutError) as error:
        log.info("slack.form_failed", reason=str(error))
        sorry = "I could not open the form. Try again, or type subscribe with what you want."
        await responder.respond(asked, Answer(Message(sorry, sorry)))


async def save_form(
    responder: SlackResponder, ack: AsyncAck, body: Body, context: Body, form: Form
) -> None:
    """Subscribe accordingly, and answer in the place of the form if it is still waited for."""
    user: Body = body.get("user") or {}
    asked = SlackInteraction(
        Channel("slack", tenant_of(context), form.channel),
        str(user.get("id")),
        str(user.get("name") or user.get("username") or "Somebody"),
        trigger_id=str(body.get("trigger_id") or ""),
    )

    async def apply() -> Answer:
        return await form.change.apply(responder.commands, await responder.request(asked))

    saving = asyncio.create_task(responder.answer(apply))
    done, _ = await asyncio.wait({saving}, timeout=FORM_SECONDS)
    if not done:
        await ack()
        await responder.respond(asked, await saving)
        return
    answer = await saving
    await ack(response_action="update", view=message_view(answer.message))
    if answer.public is not None:
        await responder.announce(asked, answer.public)


# --- pure ------------------------------------------------------------------------------------


def settings_view(catalog: Catalog, channel: str | None, now: Subscription | None) -> Json:
    """Return the form, filled with what `channel` has; without a channel one is to be picked."""
    picker: Json = {
        "type": "conversations_select",
        "placeholder": plain("Pick a channel"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if channel and channel[:1] in {"C", "G"}:
        picker["initial_conversation"] = channel
    elif not channel:
        picker["default_to_current_conversation"] = True
    person = _PERSON.fullmatch(now.mention) if now and now.mention else None
    calls_a_group = bool(now and now.mention and not person)
    whom: Json = {"type": "users_select", "placeholder": plain("Nobody")}
    # No surface is known of a page that is watched by its URL: Slack takes no empty list, and
    # everything is what such a channel gets.
    surfaces = surface_options(catalog, now, MOST_OPTIONS)
    what = _choice("multi_static_select", surfaces) | {"placeholder": plain("Everything")}
    hint = {"hint": plain("Nothing picked: everything.")}
    severities = severity_options(_SEVERITIES, now or _NEW)
    quiet = now.thread_only if now else frozenset()
    loud = [Option(kind.value, label, kind not in quiet) for kind, label in _KINDS.items()]
    blocks = [
        _input(CHANNEL, "Channel", picker),
        *([_input(SURFACES, "What to watch", what, optional=True) | hint] if surfaces else []),
        _input(SEVERITY, "From which severity", _choice("static_select", severities)),
        _input(
            MENTION,
            "Whom to call when it opens or gets worse",
            whom | ({"initial_user": person[1]} if person else {}),
            optional=True,
        ),
        _input(
            QUIET,
            "Also shown in the channel, not only in the thread",
            _choice("checkboxes", loud),
            optional=True,
        ),
    ]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain("Outage news"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "private_metadata": "group" if calls_a_group else "",
        "blocks": blocks,
    }


def read_form(view: Mapping[str, Any]) -> Form | str:
    """Return what the form says; a text is what is missing in it (about the channel)."""
    values = (view.get("state") or {}).get("values") or {}
    channel = _value(values, CHANNEL).get("selected_conversation")
    if not isinstance(channel, str) or channel[:1] not in {"C", "G"}:
        return "Pick a channel."
    picked = [o["value"] for o in _value(values, SURFACES).get("selected_options") or ()]
    chosen = (_value(values, SEVERITY).get("selected_option") or {}).get("value")
    loud = {o["value"] for o in _value(values, QUIET).get("selected_options") or ()}
    person = _value(values, MENTION).get("selected_user")
    mention: str | Keep | None = f"<@{person}>" if person else None
    if mention is None and view.get("private_metadata") == "group":
        mention = KEEP  # a user group was set by the command; the form cannot show it
    change = SettingsChange(
        surfaces=tuple(picked),
        severity=Severity(chosen) if chosen in set(_SEVERITIES) else Severity.DEGRADED,
        mention=mention,
        thread_only=frozenset(kind for kind in _KINDS if kind.value not in loud),
    )
    return Form(channel, change)


def _input(name: str, label: str, element: Json, *, optional: bool = False) -> Json:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "element": {"action_id": "pick", **element},
        "optional": optional,
    }


def _choice(kind: str, options: Sequence[Option]) -> Json:
    """Return a menu or boxes with what is chosen now; Slack takes no empty list of chosen ones."""
    shown = {
        o.value: {"text": plain(cut(clean(o.label), OPTION_TEXT) or o.value), "value": o.value}
        for o in options
    }
    element: Json = {"type": kind, "options": list(shown.values())}
    chosen = [shown[o.value] for o in options if o.chosen]
    if kind == "static_select":
        element["initial_option"] = chosen[0] if chosen else element["options"][-1]
    elif chosen:
        element["initial_options"] = chosen
    return element


def _value(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the element of a block; there is one, by whatever action_id."""
    elements = values.get(name) or {}
    return next(iter(elements.values()), None) or {}
