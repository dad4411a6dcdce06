"""Settings of a channel as menus, and what was chosen in one. Pure.

The menus carry the channel in their ids, so they work after a restart, for whoever may manage.
"""

from __future__ import annotations

from typing import Final

from adapters.chat.http import Json
from adapters.chat.settings_form import (
    FormOption,
    SettingsChange,
    severity_options,
    surface_options,
)
from adapters.discord.refs import custom_id
from bot.catalog.catalog import Catalog
from bot.domain.incident import CHANNEL_KINDS
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription

ACTION: Final = "set"
_SELECT, _MENTIONABLE = 3, 7  # component types
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


def change_of(field: str, data: Json, guild: str) -> SettingsChange | None:
    """Return what was chosen in the menu of `field`; None: nothing that we know."""
    values = [str(value) for value in data.get("values") or ()]
    match field:
        case "surfaces":
            return SettingsChange(surfaces=tuple(values))
        case "severity" if values and values[0] in set(Severity):
            return SettingsChange(severity=Severity(values[0]))
        case "mention":
            roles = (data.get("resolved") or {}).get("roles") or {}
            # The guild's own id is its role of everybody, whom we never call.
            chosen = [one for one in values if one.isdigit() and one != guild]
            called = " ".join(f"<@{'&' * (one in roles)}{one}>" for one in chosen)
            return SettingsChange(mention=called or None)
        case "where" if values:
            only = CHANNEL_KINDS if values[0] == _THREAD else frozenset()
            return SettingsChange(thread_only=only)
        case _:
            return None


def menus(catalog: Catalog, channel: Channel, now: Subscription | None) -> tuple[Json, ...]:
    """Return the four menus as rows, with what holds now chosen in them."""
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
    return tuple(
        {
            "type": 1,
            "components": [{**menu, "custom_id": custom_id(ACTION, f"{field}/{channel.id}")}],
        }
        for field, menu in fields.items()
    )


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
