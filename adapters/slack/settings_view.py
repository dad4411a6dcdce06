"""The settings form as a modal: shown with what a channel has, read back into a change. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.chat.http import Json
from adapters.chat.settings_form import (
    TYPED_FIELDS,
    TYPED_LENGTH,
    FormError,
    FormOption,
    read_typed,
    severity_options,
    surface_options,
    typed_now,
)
from adapters.chat.text import clean, cut
from adapters.slack.mrkdwn import addresses_in, mention, rich_text
from adapters.slack.render import ACTION_PREFIX, actions, button, plain
from bot.catalog.catalog import Catalog
from bot.commands import KEEP, SubscriptionChange
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription

CALLBACK = "icd.settings"
CHANNEL, SURFACES, SEVERITY, MENTION, LOUD = "channel", "surfaces", "severity", "mention", "loud"
CALL = "call"  # from which severity up
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
# What the form shows where there is no subscription yet.
_NEW = Subscription(Channel("slack", "", ""))
_SURE: Json = {
    "title": plain("Unsubscribe?"),
    "text": plain("This channel will get nothing any more."),
    "confirm": plain("Unsubscribe"),
    "deny": plain("Keep"),
}


@dataclass(frozen=True, slots=True)
class Form:
    """A filled-in form: the channel that was picked, and what it shall get."""

    channel: str
    change: SubscriptionChange


@dataclass(frozen=True, slots=True)
class Mistake:
    """A fault in one block of a form."""

    block: str
    says: str


def settings_view(catalog: Catalog, channel: str | None, now: Subscription | None) -> Json:
    """Return the form, filled with what `channel` has; without a channel one is to be picked.

    The names of the blocks hold the channel: what was typed for one is not kept for another.
    """
    if channel is None or channel[:1] not in {"C", "G"}:
        channel, now = "", None
    picker: Json = {
        "type": "conversations_select",
        "action_id": ACTION_PREFIX + "pick",
        "placeholder": plain("Pick a channel"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if channel:
        picker["initial_conversation"] = channel
    blocks = [_input(CHANNEL, "Channel", picker) | {"dispatch_action": True}]
    # No surface is known of a page that is watched by its URL: Slack takes no empty list, and
    # everything is what such a channel gets.
    if surfaces := surface_options(catalog, now, MOST_OPTIONS):
        what = _choice("multi_static_select", surfaces) | {"placeholder": plain("Everything")}
        hint = "Nothing picked: everything."
        blocks.append(_optional(f"{SURFACES}/{channel}", "What to watch", what, hint))
    severities = _choice("static_select", severity_options(_SEVERITIES, now or _NEW))
    blocks.append(_input(f"{SEVERITY}/{channel}", "From which severity", severities))
    blocks += _calling(channel, now)
    only = now.thread_only if now else frozenset()
    loud = [FormOption(kind.value, label, kind not in only) for kind, label in _KINDS.items()]
    label = "Also shown in the channel, not only in the thread"
    blocks.append(_optional(f"{LOUD}/{channel}", label, _choice("checkboxes", loud)))
    typed = typed_now(now)
    for field in TYPED_FIELDS:
        line: Json = {"type": "plain_text_input", "max_length": TYPED_LENGTH}
        if typed[field.name]:
            line["initial_value"] = typed[field.name]
        blocks.append(_optional(f"{field.name}/{channel}", field.label, line, field.hint))
    if now is not None:
        muting = ("Unmute", "unmute") if now.muted_until else ("Mute for 2 hours", "mute 2h")
        mute = button(muting[0], "channel.mute", f"{muting[1]}/{channel}")
        end = button("Unsubscribe", "channel.end", f"unsubscribe/{channel}")
        blocks.append(actions(mute, end | {"style": "danger", "confirm": _SURE}))
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain("Outage news"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "private_metadata": channel,
        "blocks": blocks,
    }


def _calling(channel: str, now: Subscription | None) -> list[Json]:
    """Return who is called, and from which severity up; the last holds where nothing is set."""
    whom: Json = {"type": "rich_text_input"}
    if now is not None and now.mention:
        whom["initial_value"] = rich_text(now.mention)
    hint = "People and user groups: @ada @oncall"
    called = "Whom to call when it opens or gets worse"
    labels = {
        Severity.MAJOR: "Major outages only",
        Severity.PARTIAL: "Partial outages and worse",
        Severity.UP: "All that is shown here",
    }
    least = now.mention_from if now else Severity.UP
    options = [FormOption(one.value, label, one is least) for one, label in labels.items()]
    return [
        _optional(f"{MENTION}/{channel}", called, whom, hint),
        _input(f"{CALL}/{channel}", "Call them for", _choice("static_select", options)),
    ]


def read_form(view: Mapping[str, Any]) -> Form | Mistake:
    """Return what the form says, or what is wrong in it."""
    names, values = {}, {}
    for block, elements in ((view.get("state") or {}).get("values") or {}).items():
        name = block.partition("/")[0]
        names[name] = block
        values[name] = next(iter(elements.values()), None) or {}
    channel = values.get(CHANNEL, {}).get("selected_conversation")
    if not isinstance(channel, str) or channel[:1] not in {"C", "G"}:
        return Mistake(CHANNEL, "Pick a channel.")
    called = addresses_in(values.get(MENTION, {}).get("rich_text_value") or {})
    if called and mention(called) is None:
        return Mistake(names[MENTION], "Name people and user groups only: @ada @oncall")
    try:
        typed = {f.name: str(values.get(f.name, {}).get("value") or "") for f in TYPED_FIELDS}
        change = read_typed(typed)
    except FormError as error:
        return Mistake(names[error.field], error.says)
    picked = [o["value"] for o in values.get(SURFACES, {}).get("selected_options") or ()]
    chosen = (values.get(SEVERITY, {}).get("selected_option") or {}).get("value")
    least = (values.get(CALL, {}).get("selected_option") or {}).get("value")
    loud = {o["value"] for o in values.get(LOUD, {}).get("selected_options") or ()}
    change = replace(
        change,
        surfaces=frozenset(picked),
        severity=Severity(chosen) if chosen in set(_SEVERITIES) else Severity.DEGRADED,
        mention=mention(called),
        mention_from=Severity(least) if least in set(Severity) else KEEP,
        thread_only=frozenset(kind for kind in _KINDS if kind.value not in loud),
    )
    return Form(channel, change)


def _input(name: str, label: str, element: Json) -> Json:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "element": {"action_id": "pick", **element},
    }


def _optional(name: str, label: str, element: Json, hint: str = "") -> Json:
    block = _input(name, label, element) | {"optional": True}
    return block | ({"hint": plain(hint)} if hint else {})


def _choice(kind: str, options: Sequence[FormOption]) -> Json:
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
