"""One channel of one server, and a person in it who types and presses."""

from __future__ import annotations

from typing import Any

from bot.domain.subscription import Subscription
from tests.contract.discord_bot import DiscordBot
from tests.servers.discord import Interaction
from tests.servers.discord.permissions import mask

MANAGER = mask("manage_guild", "view_channel", "send_messages")
MEMBER = mask("view_channel", "send_messages")


class Room:
    """One channel of one guild, and a person in it."""

    def __init__(self, bot: DiscordBot, guild: int, number: int) -> None:
        self.bot = bot
        self.guild = guild
        self.number = number
        self.server = bot.server
        self.user = bot.server.world.new_user("alice")
        self.channel = bot.channel(guild, number)

    async def ask(self, **options: Any) -> Interaction:
        made = await self.server.users.slash(
            "isclaudedown", self.bot.place(self.number), self.user, permissions=MEMBER, **options
        )
        return await made.answered()

    async def look_up(self, sub: str, **options: Any) -> Interaction:
        made = await self.server.users.slash(
            "claudeinfo",
            self.bot.place(self.number),
            self.user,
            sub=sub,
            permissions=MEMBER,
            **options,
        )
        return await made.answered()

    async def watch(self, sub: str, **options: Any) -> Interaction:
        made = await self.server.users.slash(
            "claudewatch",
            self.bot.place(self.number),
            self.user,
            sub=sub,
            permissions=MANAGER,
            **options,
        )
        return await made.answered()

    async def subscription(self) -> Subscription:
        kept = await self.kept()
        assert kept is not None
        return kept

    async def kept(self) -> Subscription | None:
        return await self.bot.bot.store.subscriptions.get(self.channel)

    @property
    def public(self) -> list[str]:
        messages = self.bot.place(self.number).messages.values()
        return [m.body.get("content") or "" for m in messages if m.ephemeral_to is None]
