"""Options of slash commands: their types on Discord, and the words that their values stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, AppCommandThread, Choice

from bot.commands.types import Takes

Mention = discord.Role | discord.Member
PickedChannel = AppCommandChannel | AppCommandThread

SEVERITIES: Final = [
    Choice(name="degraded and worse", value="degraded"),
    Choice(name="partial outages and worse", value="partial"),
    Choice(name="major outages only", value="major"),
    Choice(name="maintenance as well", value="maintenance"),
    Choice(name="every notice", value="all"),
]


class _WritableChannel(app_commands.Transformer):
    """A channel that a bot can write in. As given: the cache need not know it."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        return [kinds.text, kinds.news, kinds.forum, kinds.voice, kinds.stage_voice]

    async def transform(
        self, _interaction: discord.Interaction, value: PickedChannel
    ) -> PickedChannel:
        return value


WritableChannel = app_commands.Transform[PickedChannel, _WritableChannel]
# What Discord asks for, by what an option takes; all others are text.
TYPES: Final[Mapping[Takes, Any]] = {
    Takes.SEVERITY: Choice[str] | None,
    Takes.MENTION: Mention | None,
    Takes.MENTION_FROM: Choice[str] | None,
    Takes.THREAD_ONLY: bool | None,
    Takes.SHARE: bool | None,
    Takes.REPORT: bool | None,
}


def words_of(takes: Takes, value: Any, guild: int | None) -> str:  # noqa: ANN401 - see TYPES
    """Return what would have been typed for this value of an option."""
    match takes:
        case Takes.SEVERITY | Takes.MENTION_FROM:
            return f"{'mention-from ' * (takes is Takes.MENTION_FROM)}{value.value}"
        case Takes.MENTION if value.id == guild:
            return "@everyone"  # the role of everybody is said as what it is
        case Takes.MENTION:
            return f"<@{'&' * isinstance(value, discord.Role)}{value.id}>"
        case Takes.THREAD_ONLY:
            return "thread-only" if value else "in-channel"
        case Takes.SHARE | Takes.REPORT:
            return takes.value if value else ""
        case _:
            return f"slo {value}" if takes is Takes.TARGET else str(value)


def mention_problem(mention: Mention | None, interaction: discord.Interaction) -> str:
    """Return what to do where a mention of this role would notify nobody; empty: nothing."""
    if not isinstance(mention, discord.Role) or mention.id == interaction.guild_id:
        return ""
    if mention.mentionable or interaction.app_permissions.mention_everyone:
        return ""
    return (
        f"A mention of {mention.name} notifies nobody yet: in the role's settings, switch on "
        "“Allow anyone to @mention this role”."
    )
