"""An interaction as the commands get it: who did what in which channel, and what answers it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import discord

from bot.commands import Request
from bot.domain.subscription import Channel

NO_GUILD: Final = "@me"


@dataclass(frozen=True, slots=True)
class DiscordInteraction:
    """Somebody typed, chose or pressed something."""

    id: int
    token: str  # what answers it, for a quarter of an hour
    application: int
    channel: Channel  # in a thread, the channel around it
    user: str
    user_name: str
    may_manage: bool
    guild: int | None
    is_in_guild: bool  # the bot is in that guild, or it is a conversation with it
    picked: Channel | None = None  # `channel`, where that was picked in a menu or an option

    @classmethod
    def of(cls, interaction: discord.Interaction) -> DiscordInteraction:
        guild = interaction.guild_id
        place = interaction.channel
        number = interaction.channel_id or 0
        if isinstance(place, discord.Thread):
            number = place.parent_id or number
        return cls(
            id=interaction.id,
            token=interaction.token,
            application=interaction.application_id,
            channel=Channel("discord", str(guild) if guild else NO_GUILD, str(number)),
            user=str(interaction.user.id),
            user_name=interaction.user.display_name,
            may_manage=guild is None or interaction.permissions.manage_guild,
            guild=guild,
            is_in_guild=guild is None or interaction.is_guild_integration(),
        )

    def request(self, text: str = "") -> Request:
        return Request(self.channel, self.user, self.user_name, text, may_manage=self.may_manage)

    def to(self, channel: Channel | None) -> DiscordInteraction:
        """Return the same about a channel that was picked; None: about the one it happened in."""
        if channel is None:
            return self
        # In a conversation with the bot there is nothing to pick, and no name of it.
        return replace(self, channel=channel, picked=channel if self.guild else None)
