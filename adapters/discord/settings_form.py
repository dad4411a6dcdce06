"""`/claudewatch settings`: what a channel gets, with menus that change it.

The menus carry the channel in their ids, so they work after a restart, for whoever may manage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from adapters.discord.refs import custom_id
from adapters.discord.render import Json
from adapters.discord.responder import CHANGE_LATER, DiscordInteraction, Responder
from bot.catalog.catalog import Catalog
from bot.commands import KEEP, Answer, Keep
from bot.domain.errors import StoreError
from bot.domain.incident import CHANNEL_KINDS, EventKind
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription

ACTION: Final = "set"
SURFACES, SEVERITY, MENTION, WHERE = "surfaces", "severity", "mention", "where"
_SELECT, _MENTIONABLE = 3, 7  # component types
_MOST_OPTIONS: Final = 25
_LABEL: Final = 100
_SEVERITIES: Final = {
    Severity.DEGRADED: "from degraded up",
    Severity.PARTIAL: "from partial outage up",
    Severity.MAJOR: "major outages only",
    Severity.MAINTENANCE: "from maintenance up",
    Severity.UP: "every notice",
}
_THREAD, _CHANNEL = "thread", "channel"


async def show_settings(responder: Responder, asked: DiscordInteraction) -> None:
    """Answer with the channel's settings and the menus."""
    if await responder.hold(asked):
        answer = await responder.worked(
            lambda: responder.commands.answer(asked.request("subscriptions"))
        )
        await responder.give(asked, answer, await _menus(responder, asked.channel))


async def chosen(responder: Responder, asked: DiscordInteraction, value: str, data: Json) -> None:
    """Somebody chose something in a menu: do it, and show the settings as they are now."""
    field, _, number = value.partition("/")
    channel = Channel(asked.channel.platform, asked.channel.tenant, number)
    there = asked.to(channel)
    if not number.isdigit() or not await responder.hold(asked, kind=CHANGE_LATER):
        return
    answer = await responder.worked(lambda: _change(responder, there, field, data))
    await responder.give(there, answer, await _menus(responder, channel))


async def _change(
    responder: Responder, asked: DiscordInteraction, field: str, data: Json
) -> Answer:
    values = [str(value) for value in data.get("values") or ()]
    surfaces: Sequence[str] | None = None
    severity: Severity | None = None
    mention: str | Keep | None = KEEP
    where: frozenset[EventKind] | Keep = KEEP
    match field:
        case "surfaces":
            surfaces = values
        case "severity" if values and values[0] in set(Severity):
            severity = Severity(values[0])
        case "mention":
            mention = _address(values, data, asked.guild)
        case "where" if values:
            where = CHANNEL_KINDS if values[0] == _THREAD else frozenset()
        case _:
            return await responder.commands.answer(asked.request("subscriptions"))
    return await responder.commands.subscribe(
        asked.request(), surfaces=surfaces, severity=severity, mention=mention, thread_only=where
    )


def _address(values: Sequence[str], data: Json, guild: int | None) -> str | None:
    if not values or not values[0].isdigit() or values[0] == str(guild):
        return None  # nobody, or everybody, whom we never call
    roles: dict[str, Any] = (data.get("resolved") or {}).get("roles") or {}
    return f"<@&{values[0]}>" if values[0] in roles else f"<@{values[0]}>"


async def _menus(responder: Responder, channel: Channel) -> tuple[Json, ...]:
    try:
        now = await responder.subscriptions.get(channel)
    except StoreError:
        return ()
    return menus(responder.catalog, channel, now)


def menus(catalog: Catalog, channel: Channel, now: Subscription | None) -> tuple[Json, ...]:
    """The four menus, with what holds now chosen in them. Pure."""
    current = now or Subscription(channel)
    surfaces = [
        _option(one.label, one.id, chosen=one.id in current.surfaces)
        for one in catalog.surfaces()[:_MOST_OPTIONS]
    ]
    severities = [
        _option(words, severity.value, chosen=now is not None and severity is now.severity)
        for severity, words in _SEVERITIES.items()
    ]
    where = [
        _option("worse and resolved in the channel too", _CHANNEL, chosen=not current.thread_only),
        _option("everything in the thread only", _THREAD, chosen=bool(current.thread_only)),
    ]
    whom: Json = {"type": _MENTIONABLE, "placeholder": "Whom to call: nobody", "min_values": 0}
    if current.mention:
        kind = "role" if "&" in current.mention else "user"
        whom["default_values"] = [{"id": current.mention.strip("<@&!>"), "type": kind}]
    rows: list[tuple[str, Json]] = [
        (SURFACES, _select(surfaces, "Which parts: everything", most=len(surfaces), least=0)),
        (SEVERITY, _select(severities, "From which severity up", most=1)),
        (MENTION, whom),
        (WHERE, _select(where, "Where", most=1)),
    ]
    return tuple(
        {
            "type": 1,
            "components": [{**menu, "custom_id": custom_id(ACTION, f"{field}/{channel.id}")}],
        }
        for field, menu in rows
    )


def _select(options: list[Json], placeholder: str, *, most: int, least: int = 1) -> Json:
    return {
        "type": _SELECT,
        "placeholder": placeholder,
        "options": options,
        "min_values": least,
        "max_values": most,
    }


def _option(label: str, value: str, *, chosen: bool) -> Json:
    return {"label": label[:_LABEL], "value": value, "default": chosen}
