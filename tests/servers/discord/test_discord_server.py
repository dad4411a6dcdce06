"""The local Discord is believed by the real discord.py, and refuses what Discord refuses."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands

from tests.servers.discord import DiscordServer, Kind, serve
from tests.servers.discord.limits import FAITHFUL


@contextlib.asynccontextmanager
async def connected(
    server: DiscordServer, patch: pytest.MonkeyPatch, *, shards: int | None = None
) -> AsyncIterator[discord.Client]:
    """A real client, logged in and ready."""
    patch.setattr(discord.http.Route, "BASE", server.url)
    patch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    patch.setattr(discord.client, "DiscordWebSocket", discord.gateway.DiscordWebSocket)
    intents = discord.Intents(guilds=True)
    client: discord.Client
    if shards is None:
        client = discord.Client(intents=intents, guild_ready_timeout=0.1)
    else:
        client = discord.AutoShardedClient(intents=intents, guild_ready_timeout=0.1)
    # Its own waits five seconds between identifies, which is none of what is tested here.
    client.before_identify_hook = _at_once  # type: ignore[method-assign]  # its hook
    await client.login(server.token)
    running = asyncio.create_task(client.connect())
    try:
        await asyncio.wait_for(client.wait_until_ready(), 20)
        yield client
    finally:
        await client.close()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _at_once(shard_id: int | None, *, initial: bool = False) -> None:
    """Let a session begin whenever discord.py is ready for it."""


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with serve() as running:
        yield running


async def wait_until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the library under test offers no event to wait for
            await asyncio.sleep(0.01)


async def test_a_message_gets_a_thread_with_its_own_id_once(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = await server.director.add_guild()
    channel = await server.director.add_channel(guild)
    async with connected(server, monkeypatch) as client:
        home = client.get_channel(channel)
        assert isinstance(home, discord.TextChannel)
        message = await home.send("hello", nonce="n1", embed=discord.Embed(title="t"))
        again = await home.send("hello", nonce="n1")
        thread = await message.create_thread(name="incident")
        with pytest.raises(discord.HTTPException) as refused:
            await message.create_thread(name="incident")
        await thread.send("update")
        await thread.edit(archived=True)
        reply = await thread.send("one more brings it back")

    assert again.id == message.id == thread.id
    assert refused.value.code == 160004
    assert server.world.channels[thread.id].archived is False
    assert reply.id in server.world.channels[thread.id].messages
    assert len(server.world.channels[channel].messages) == 1


async def test_a_nonce_is_forgotten_after_its_window_and_a_deleted_message_is_told(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = await server.director.add_guild()
    channel = await server.director.add_channel(guild)
    async with connected(server, monkeypatch) as client:
        place = client.get_partial_messageable(channel)
        first = await place.send("a", nonce="x")
        await server.director.delete_message(channel, first.id)
        with pytest.raises(discord.NotFound) as gone:
            await place.send("a", nonce="x")
        server.world.nonce_window = timedelta(0)
        later = await place.send("a", nonce="x")

    assert gone.value.code == 10008
    assert later.id != first.id


async def test_permissions_are_refused_as_access_first_then_by_right(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = await server.director.add_guild()
    channel = await server.director.add_channel(guild)
    codes = []
    async with connected(server, monkeypatch) as client:
        place = client.get_partial_messageable(channel)
        for right in ("send_messages", "view_channel"):
            await server.director.deny(channel, right)
            with pytest.raises(discord.Forbidden) as refused:
                await place.send("a")
            codes.append(refused.value.code)
        await server.director.allow(channel, "send_messages", "view_channel")
        await place.send("a")
        await wait_until(
            lambda: (
                (known := client.get_channel(channel)) is not None
                and known.permissions_for(known.guild.me).send_messages  # type: ignore[union-attr]  # a text channel
            )
        )
    assert codes == [50013, 50001]


async def test_a_forum_takes_posts_with_tags_and_nothing_else(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = await server.director.add_guild()
    forum = await server.director.add_channel(guild, "status", "FORUM", ("down",), True)
    async with connected(server, monkeypatch) as client:
        home = client.get_channel(forum)
        assert isinstance(home, discord.ForumChannel)
        with pytest.raises(discord.HTTPException) as refused:
            await home.create_thread(name="incident", content="text")
        made = await home.create_thread(
            name="incident", content="text", applied_tags=[home.available_tags[0]]
        )
        active = await home.guild.active_threads()
    assert refused.value.code == 40067
    assert made.message.id == made.thread.id
    assert [t.id for t in active] == [made.thread.id]


async def test_sessions_resume_after_a_drop_and_identify_after_an_invalid_one(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.director.add_guild()
    async with connected(server, monkeypatch) as client:
        await server.director.gateway_drop()
        await wait_until(lambda: server.gateway.resumes == 1)
        await server.director.add_guild("second")
        await wait_until(lambda: len(client.guilds) == 2)
        identified = server.gateway.identifies
        await server.director.gateway_invalidate()
        await wait_until(lambda: server.gateway.identifies == identified + 1)


async def test_shards_see_their_own_guilds(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(compress=True) as server:
        server.gateway.shards = 2
        server.gateway.max_concurrency = 2
        for n in range(4):
            await server.director.add_guild(f"guild {n}")
        async with connected(server, monkeypatch, shards=2) as client:
            assert len(client.guilds) == 4
            assert server.gateway.connected == 2


async def test_commands_and_buttons_are_answered_within_their_time(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = await server.director.add_guild()
    channel = server.world.channels[await server.director.add_channel(guild)]
    async with connected(server, monkeypatch) as client:
        tree = app_commands.CommandTree(client)

        class Panel(discord.ui.View):
            @discord.ui.button(label="Again", custom_id="again")
            async def again(self, interaction: discord.Interaction, _: Any) -> None:
                await interaction.response.defer(ephemeral=True, thinking=True)
                await interaction.followup.send("pressed", ephemeral=True)

        @tree.command(name="ask", description="Asks")
        async def ask(interaction: discord.Interaction, what: str) -> None:
            await interaction.response.send_message(f"you said {what}", view=Panel(timeout=None))

        await tree.sync()
        asked = await server.users.slash("ask", channel, server.world.owner, what="this")
        await asked.answered()
        assert asked.original is not None
        pressed = await server.users.press(asked.original, "Again", server.world.owner)
        await pressed.answered()

    assert asked.text.startswith("you said this")
    assert pressed.text == "pressed"
    assert pressed.ephemeral
    assert not asked.ephemeral


async def test_an_answer_after_three_seconds_is_refused(server: DiscordServer) -> None:
    guild = await server.director.add_guild()
    channel = server.world.channels[await server.director.add_channel(guild)]
    server.world.commands = [
        {
            "name": "a",
            "id": "1",
            "options": [],
            "contexts": None,
            "default_member_permissions": None,
        }
    ]
    late = await server.users.slash("a", channel, server.world.owner)
    late.began -= 3.1
    url = f"{server.url}/interactions/{late.id}/{late.token}/callback"
    async with aiohttp.ClientSession() as http, http.post(url, json={"type": 5}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, 10062)


async def test_the_real_rate_limit_refuses_the_sixth_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serve(limits=FAITHFUL) as server:
        guild = await server.director.add_guild()
        channel = await server.director.add_channel(guild)
        headers = {"Authorization": f"Bot {server.token}"}
        url = f"{server.url}/channels/{channel}/messages"
        seen = []
        async with aiohttp.ClientSession(headers=headers) as http:
            for n in range(6):
                async with http.post(url, json={"content": str(n)}) as answer:
                    seen.append((answer.status, answer.headers.get("X-RateLimit-Remaining")))
                    via = answer.headers.get("Via")
        assert [status for status, _ in seen] == [200] * 5 + [429]
        assert seen[4][1] == "0"
        assert via == "1.1 google"


async def test_a_bad_body_is_refused_and_fails_the_test() -> None:
    server = DiscordServer()
    await server.start()
    channel = await server.director.add_channel(await server.director.add_guild())
    url = f"{server.url}/channels/{channel}/messages"
    headers = {"Authorization": f"Bot {server.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(url, json={"content": "x" * 2001}) as answer,
    ):
        assert answer.status == 400
    await server.stop()
    with pytest.raises(AssertionError, match="content is longer"):
        server.check()


async def test_a_connection_dropped_after_the_message_was_taken_leaves_it_standing(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = await server.director.add_guild()
    channel = await server.director.add_channel(guild)
    await server.director.fault(what="drop_after", method="POST", path=r"/channels/\d+/messages")
    async with connected(server, monkeypatch) as client:
        place = client.get_partial_messageable(channel)
        with pytest.raises(aiohttp.ClientError):
            await place.send("a", nonce="k")
        assert len(await server.director.messages(channel)) == 1
        await place.send("a", nonce="k")
    assert len(await server.director.messages(channel)) == 1


async def test_an_outage_of_a_guild_differs_from_being_removed(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = await server.director.add_guild()
    heard = []
    async with connected(server, monkeypatch) as client:

        @client.event
        async def on_guild_unavailable(_: discord.Guild) -> None:
            heard.append("unavailable")

        @client.event
        async def on_guild_remove(_: discord.Guild) -> None:
            heard.append("removed")

        await server.director.guild_unavailable(guild)
        await wait_until(lambda: heard == ["unavailable"])
        await server.director.guild_available(guild)
        await server.director.kick_bot(guild)
        await wait_until(lambda: heard == ["unavailable", "removed"])


def test_kinds_are_discords_numbers() -> None:
    assert {kind.name: int(kind) for kind in Kind}["FORUM"] == discord.ChannelType.forum.value
