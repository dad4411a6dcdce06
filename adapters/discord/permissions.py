"""Permissions of the bot, computed from what Discord tells of guild, member and channel. Pure.

https://docs.discord.com/developers/topics/permissions#permission-hierarchy
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

ADMINISTRATOR: Final = 1 << 3
EVERYTHING: Final = (1 << 64) - 1
_VIEW_CHANNEL: Final = 1 << 10
_SEND_MESSAGES: Final = 1 << 11
# Sending aloud, embeds, files, and mentions of everybody: nothing without Send Messages.
_OF_MESSAGES: Final = 1 << 12 | 1 << 14 | 1 << 15 | 1 << 17

Json = Mapping[str, Any]


def in_guild(roles: Sequence[Json], own: Collection[str], *, owns_it: bool = False) -> int:
    """Return what the roles of these ids allow together; the guild's own id is everybody's role."""
    held = EVERYTHING if owns_it else 0
    for role in roles:
        if str(role["id"]) in own:
            held |= int(role["permissions"])
    return EVERYTHING if held & ADMINISTRATOR else held


def in_channel(
    held: int, overwrites: Sequence[Json], guild: str, roles: Collection[str], me: str
) -> int:
    """Return what is left of `held` in a channel, after its overwrites for `roles` and `me`."""
    if held == EVERYTHING:
        return held
    for targets in ({guild}, {*roles} - {guild}, {me}):
        deny = allow = 0
        for one in overwrites:
            if str(one["id"]) in targets:
                deny |= int(one["deny"])
                allow |= int(one["allow"])
        held = held & ~deny | allow
    return held


def usable(held: int) -> int:
    """Return what is left without the permissions that are worth nothing without another one.

    https://docs.discord.com/developers/topics/permissions#implicit-permissions
    """
    if not held & _VIEW_CHANNEL:
        return 0
    return held if held & _SEND_MESSAGES else held & ~_OF_MESSAGES
