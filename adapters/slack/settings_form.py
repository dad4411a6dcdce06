"""The settings form: drawn from what a channel has, read back into what it shall have. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.chat.text import clean, cut
from adapters.slack.render import Json, markdown, plain, render
from bot.catalog.catalog import Catalog
from bot.commands import KEEP, Keep
from bot.domain.incident import EventKind
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.subscription import Subscription

CALLBACK = "icd.settings"
CHANNEL, SURFACES, SEVERITY, MENTION, QUIET = "channel", "surfaces", "severity", "mention", "quiet"
# https://docs.slack.dev/reference/block-kit/block-elements/multi-select-menu-element
MOST_OPTIONS = 100
OPTION_TEXT = 75

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
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)>")


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody asked for with the form."""

    channel: str
    surfaces: tuple[str, ...]
    severity: Severity
    mention: str | Keep | None
    thread_only: frozenset[EventKind]


def settings_view(catalog: Catalog, channel: str | None, now: Subscription | None) -> Json:
    """The form, filled with what `channel` has; without a channel one is to be picked."""
    picker: Json = {
        "type": "conversations_select",
        "action_id": "pick",
        "placeholder": plain("Pick a channel"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if channel and channel[:1] in {"C", "G"}:
        picker["initial_conversation"] = channel
    elif not channel:
        picker["default_to_current_conversation"] = True
    severity = now.severity if now else Severity.DEGRADED
    blocks = [
        _input(CHANNEL, "Channel", picker),
        *_surfaces(catalog, now),
        _input(SEVERITY, "From which severity", _severity(severity)),
        _input(MENTION, "Whom to call when it opens or gets worse", _person(now), optional=True),
        _input(
            QUIET, "Also shown in the channel, not only in the thread", _loud(now), optional=True
        ),
    ]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain("Outage news"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "private_metadata": "group" if _calls_a_group(now) else "",
        "blocks": blocks,
    }


def read_form(view: Mapping[str, Any]) -> Form | str:
    """What the form says; a text is what is missing in it (about the channel)."""
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
    return Form(
        channel=channel,
        surfaces=tuple(picked),
        severity=Severity(chosen) if chosen in set(_SEVERITIES) else Severity.DEGRADED,
        mention=mention,
        thread_only=frozenset(kind for kind in _KINDS if kind.value not in loud),
    )


def result_view(card: Message) -> Json:
    """What became of it, in the place of the form."""
    drawn = render(card)
    blocks = [b for b in drawn.blocks if b["type"] != "actions"]
    return {
        "type": "modal",
        "title": plain("Outage news"),
        "close": plain("Done"),
        "blocks": blocks or [{"type": "section", "text": markdown(drawn.text)}],
    }


def _input(name: str, label: str, element: Json, hint: str = "", *, optional: bool = False) -> Json:
    block: Json = {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "element": element,
        "optional": optional or name == SURFACES,
    }
    return block | ({"hint": plain(hint)} if hint else {})


def _value(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The element of a block; there is one, by whatever action_id."""
    elements = values.get(name) or {}
    return next(iter(elements.values()), None) or {}


def _option(value: str, text: str) -> Json:
    return {"text": plain(cut(clean(text), OPTION_TEXT) or value), "value": value}


def _surfaces(catalog: Catalog, now: Subscription | None) -> list[Json]:
    """Nothing where no surface is known yet (a page watched by its URL): Slack takes no empty
    list, and everything is what such a channel gets.
    """
    options = [_option(s.id, s.label) for s in catalog.surfaces()[:MOST_OPTIONS]]
    if not options:
        return []
    element: Json = {
        "type": "multi_static_select",
        "action_id": "pick",
        "placeholder": plain("Everything"),
        "options": options,
    }
    if chosen := [o for o in options if now and o["value"] in now.surfaces]:
        element["initial_options"] = chosen
    return [_input(SURFACES, "What to watch", element, "Nothing picked: everything.")]


def _severity(present: Severity) -> Json:
    options = [_option(s.value, words) for s, words in _SEVERITIES.items()]
    initial = next((o for o in options if o["value"] == present.value), options[-1])
    return {
        "type": "static_select",
        "action_id": "pick",
        "options": options,
        "initial_option": initial,
    }


def _person(now: Subscription | None) -> Json:
    element: Json = {
        "type": "users_select",
        "action_id": "pick",
        "placeholder": plain("Nobody"),
    }
    person = _PERSON.fullmatch(now.mention) if now and now.mention else None
    return element | ({"initial_user": person[1]} if person else {})


def _calls_a_group(now: Subscription | None) -> bool:
    return bool(now and now.mention and not _PERSON.fullmatch(now.mention))


def _loud(now: Subscription | None) -> Json:
    """Ticked kinds show in the channel too."""
    quiet = now.thread_only if now else frozenset()
    options = [_option(kind.value, words) for kind, words in _KINDS.items()]
    ticked = [o for o, kind in zip(options, _KINDS, strict=True) if kind not in quiet]
    element: Json = {"type": "checkboxes", "action_id": "pick", "options": options}
    return element | ({"initial_options": ticked} if ticked else {})
