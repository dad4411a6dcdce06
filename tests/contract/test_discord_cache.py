"""What is cached of a guild: as little as can be, and enough to know what the bot may do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.discord_stage import another_messenger, connected
from tests.delivery_kit import until
from tests.servers.discord import DiscordServer, serve
from tests.servers.discord.permissions import mask
from tests.servers.discord.world import Overwrite, Role


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with serve() as running:
        yield running


async def test_only_our_own_roles_and_what_they_may_do_is_kept(server: DiscordServer) -> None:
    guild = await server.director.add_guild()
    number = await server.director.add_channel(guild)
    world = server.world
    home = world.guilds[guild]
    for n in range(20):
        role = Role(world.new_id(), f"role {n}", 0)
        home.roles[role.id] = role
        world.channels[number].overwrites[role.id] = Overwrite(role.id, is_member=False)
    async with another_messenger(server) as messenger, connected(server, messenger) as client:
        await until(lambda: messenger.channels.may_read_history(number) is True)
        (kept,) = client.guilds
        assert len(kept.roles) == 2
        assert kept.channels[0].overwrites == {}
        await server.director.deny(number, "read_message_history")
        await until(lambda: messenger.channels.may_read_history(number) is False)


async def test_what_a_new_role_may_do_is_learned(server: DiscordServer) -> None:
    guild = await server.director.add_guild()
    number = await server.director.add_channel(guild)
    role = server.world.new_id()
    denied = Overwrite(role, is_member=False, deny=mask("read_message_history"))
    server.world.channels[number].overwrites[role] = denied
    async with another_messenger(server) as messenger, connected(server, messenger):
        await until(lambda: messenger.channels.may_read_history(number) is True)
        await server.director.give_role(guild, role)
        await until(lambda: messenger.channels.may_read_history(number) is False)
