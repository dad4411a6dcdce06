"""Permission bits and how Discord computes them.

https://discord.com/developers/docs/topics/permissions
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.servers.discord.world import Channel, Guild

BITS: Final[dict[str, int]] = {
    "administrator": 1 << 3,
    "manage_channels": 1 << 4,
    "manage_guild": 1 << 5,
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "manage_messages": 1 << 13,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
    "mention_everyone": 1 << 17,
    "connect": 1 << 20,
    "use_application_commands": 1 << 31,
    "manage_threads": 1 << 34,
    "create_public_threads": 1 << 35,
    "send_messages_in_threads": 1 << 38,
    "pin_messages": 1 << 51,
}
EVERYTHING: Final = sum(BITS.values())

# What the invitation asks for, and nothing else.
USUAL: Final[tuple[str, ...]] = (
    "view_channel",
    "send_messages",
    "embed_links",
    "read_message_history",
    "create_public_threads",
    "send_messages_in_threads",
    "pin_messages",
)


def mask(*names: str) -> int:
    """Return the bits of these permission names."""
    return sum(BITS[name] for name in dict.fromkeys(names))


def effective(guild: "Guild", channel: "Channel", user: int) -> int:
    """Return what `user` may do in `channel` (a thread inherits its parent's)."""
    if guild.owner == user:
        return EVERYTHING
    roles = [guild.id, *guild.members.get(user, ())]
    base = 0
    for role in roles:
        base |= guild.roles[role].permissions
    if base & BITS["administrator"]:
        return EVERYTHING
    if everyone := channel.overwrites.get(guild.id):
        base = base & ~everyone.deny | everyone.allow
    ours = [channel.overwrites[role] for role in roles[1:] if role in channel.overwrites]
    for overwrite in ours:
        base &= ~overwrite.deny
    for overwrite in ours:
        base |= overwrite.allow
    if own := channel.overwrites.get(user):
        base = base & ~own.deny | own.allow
    return base if base & BITS["view_channel"] else 0
