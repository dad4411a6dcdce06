"""Settings of a channel as menus and a modal, and what was chosen or typed in one. Pure.

They carry the channel in their ids, so they work after a restart, for whoever may manage.
"""

from __future__ import annotations

from typing import Final

from adapters.chat.http import Json
from adapters.chat.settings_form import (
    TYPED_FIELDS,
    TYPED_LENGTH,
    FormOption,
    read_typed,
    severity_options,
    surface_options,
    typed_now,
)
from adapters.discord.refs import custom_id
from bot.catalog.catalog import Catalog
from bot.commands import SubscriptionChange
from bot.domain.incident import CHANNEL_KINDS
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription

ACTION: Final = "set"
PICK: Final = "pick"  # the field of the button that asks for a channel, and of the menu of channels
TIMES: Final = "times"  # the field of the button that opens the modal, and of the modal
_ROW, _BUTTON, _SELECT, _TEXT_INPUT, _MENTIONABLE, _LABELLED = 1, 2, 3, 4, 7, 18  # component types
_CHANNELS = 8
# Types of channels that can be subscribed: text, voice, announcement, stage, forum.
_WRITABLE: Final = (0, 2, 5, 13, 15)
_GREY, _ONE_LINE = 2, 1  # styles of a button and of a text input
_MOST_OPTIONS: Final = 25
_MOST_CALLED: Final = 5  # a guess: more are a role
_LABEL: Final = 100
_SEVERITIES: Final = {
    Severity.DEGRADED: "from degraded up",
    Severity.PARTIAL: "from partial outage up",
    Severity.MAJOR: "major outages only",
    Severity.MAINTENANCE: "from maintenance up",
    Severity.UP: "every notice",
}
_THREAD, _CHANNEL = "thread", "channel"
_TIMES_LABEL: Final = "Quiet hours and digest"


def change_of(field: str, data: Json, guild: str) -> SubscriptionChange | None:
    """Return what was chosen in the menu of `field`, or typed; None: nothing that we know.

    Raises:
        FormError: what was typed has no meaning.
    """
    values = [str(value) for value in data.get("values") or ()]
    match field:
        case "surfaces":
            return SubscriptionChange(surfaces=frozenset(values))
        case "severity" if values and values[0] in set(Severity):
            return SubscriptionChange(severity=Severity(values[0]))
        case "mention":
            roles = (data.get("resolved") or {}).get("roles") or {}
            # The guild's own id is its role of everybody, whom we never call.
            chosen = [one for one in values if one.isdigit() and one != guild]
            called = " ".join(f"<@{'&' * (one in roles)}{one}>" for one in chosen)
            return SubscriptionChange(mention=called or None)
        case "where" if values:
            only = CHANNEL_KINDS if values[0] == _THREAD else frozenset()
            return SubscriptionChange(thread_only=only)
        case "times" if data.get("components"):
            inputs = [label["component"] for label in data["components"]]
            return read_typed({one["custom_id"]: str(one.get("value") or "") for one in inputs})
        case _:
            return None


def modal(channel: Channel, now: Subscription) -> Json:
    """Return the modal for what is typed, filled with what holds now."""
    typed = typed_now(now)
    fields = [
        {
            "type": _LABELLED,
            "label": field.label,
            "description": field.hint,
            "component": {
                "type": _TEXT_INPUT,
                "custom_id": field.name,
                "style": _ONE_LINE,
                "value": typed[field.name],
                "required": False,
                "max_length": TYPED_LENGTH,
            },
        }
        for field in TYPED_FIELDS
    ]
    return {
        "custom_id": custom_id(ACTION, f"{TIMES}/{channel.id}"),
        "title": _TIMES_LABEL,
        "components": fields,
    }


def menus(catalog: Catalog, channel: Channel, now: Subscription | None) -> tuple[Json, ...]:
    """Return the four menus as rows, with what holds now chosen in them; then the modal's button.

    Only a channel that gets something has hours in which it gets nothing: else no button.
    """
    surfaces = surface_options(catalog, now, _MOST_OPTIONS)
    thread_only = now is not None and bool(now.thread_only)
    where = [
        FormOption(_CHANNEL, "worse and resolved in the channel too", not thread_only),
        FormOption(_THREAD, "everything in the thread only", thread_only),
    ]
    whom: Json = {
        "type": _MENTIONABLE,
        "placeholder": "Whom to call: nobody",
        "min_values": 0,
        "max_values": _MOST_CALLED,
    }
    if now is not None and now.mention:
        whom["default_values"] = [
            {"id": one.strip("<@&!>"), "type": "role" if "&" in one else "user"}
            for one in now.mention.split()[:_MOST_CALLED]
        ]
    fields: dict[str, Json] = {
        "surfaces": {
            **_select("Which parts: everything", surfaces),
            "min_values": 0,
            "max_values": len(surfaces),
        },
        "severity": _select("From which severity up", severity_options(_SEVERITIES, now)),
        "mention": whom,
        "where": _select("Where", where),
    }
    if now is not None:
        fields[TIMES] = {"type": _BUTTON, "style": _GREY, "label": _TIMES_LABEL}
    return tuple(
        {
            "type": _ROW,
            "components": [{**menu, "custom_id": custom_id(ACTION, f"{field}/{channel.id}")}],
        }
        for field, menu in fields.items()
    )


def picker() -> Json:
    """Return the menu of channels as a row."""
    menu: Json = {
        "type": _CHANNELS,
        "custom_id": custom_id(ACTION, PICK),
        "placeholder": "Which channel shall I tell?",
        "channel_types": list(_WRITABLE),
    }
    return {"type": _ROW, "components": [menu]}


def _select(placeholder: str, options: list[FormOption]) -> Json:
    shown = [
        {"label": one.label[:_LABEL], "value": one.value, "default": one.chosen} for one in options
    ]
    return {
        "type": _SELECT,
        "placeholder": placeholder,
        "options": shown,
        "min_values": 1,
        "max_values": 1,
    }
