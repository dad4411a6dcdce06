"""Interactions on Discord of any shape: none ends the listening."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.discord_bot import DiscordBot, running_discord
from tests.damage import mutated
from tests.fuzz.inputs import READABLE, bounded
from tests.servers.discord import Interaction, serve
from tests.servers.discord.permissions import mask
from tests.servers.redis import standalone

MEMBER = mask("view_channel", "send_messages", "manage_guild")


@dataclass(slots=True)
class Stage:
    """A bot in one channel, and what people really did there, to be sent again with damage."""

    bot: DiscordBot
    guild: int
    number: int
    done: list[dict[str, Any]] = field(default_factory=list)

    async def ask(self) -> Interaction:
        made = await self.bot.server.users.slash(
            "isclaudedown", self.bot.place(self.number), self.user, permissions=MEMBER
        )
        return await made.answered()

    @property
    def user(self) -> Any:
        return self.bot.server.world.new_user("ada")

    async def act(self) -> None:
        """One interaction of each kind."""
        users, place = self.bot.server.users, self.bot.place(self.number)
        asked = await users.slash("isclaudedown", place, self.user, permissions=MEMBER, share=True)
        await asked.answered()
        made = [asked]
        made.append(
            await users.slash("claudewatch", place, self.user, sub="subscribe", permissions=MEMBER)
        )
        assert asked.original is not None
        button = "Subscribe this channel"
        made.append(await users.press(asked.original, button, self.user, permissions=MEMBER))
        for one in made:
            await one.answered()
        self.done = [copy.deepcopy(one.payload) for one in made]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    with standalone() as node:
        async with serve() as server:
            guild = await server.director.add_guild()
            number = await server.director.add_channel(guild, "ops")
            async with running_discord(server, node.url) as bot:
                made = Stage(bot, guild, number)
                await made.act()
                yield made


@bounded(3)
@given(data=st.data())
async def test_an_interaction_of_any_shape_leaves_the_bot_answering(
    stage: Stage, data: st.DataObject
) -> None:
    gateway, world = stage.bot.server.gateway, stage.bot.server.world
    for _ in range(4):
        payload: Any = {
            **data.draw(st.sampled_from(stage.done)),
            "id": str(world.new_id()),
            "token": "unknown",
        }
        for _ in range(data.draw(st.integers(1, 3))):
            payload = mutated(payload, data, READABLE)
        await gateway.dispatch("INTERACTION_CREATE", payload, guild=stage.guild)
    assert (await stage.ask()).complete
