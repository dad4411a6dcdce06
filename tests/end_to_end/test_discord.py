"""The program on Discord: subscribed, an outage from its beginning to its end, whatever breaks."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.discord_program import Town, town
from tests.servers.redis import standalone
from tests.servers.statuspage import CLAUDE_AI

DOWN = {CLAUDE_AI: "major_outage"}
TAKEOVER = 60.0  # patience in seconds: a lease has to end before
HOSTILE = "@everyone <@&1> **bold** [click](https://evil.example) ||spoiler|| \u202e<#1> `x`"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as made:
        yield made


async def outage(here: Town) -> str:
    """Open an incident on the page; returns its id."""
    return here.page.page.open("Claude.ai unavailable", DOWN)


async def test_in_every_kind_of_channel_an_outage_is_told_from_its_beginning_to_its_end(
    here: Town,
) -> None:
    director, world = here.discord.director, here.discord.world
    channels = {
        kind: await director.add_channel(here.guild, f"in {kind.lower()}", kind, ("Resolved",))
        for kind in ("TEXT", "FORUM", "ANNOUNCEMENT", "VOICE")
    }
    talk = await director.add_channel(here.guild, "talk")
    await here.start()
    for channel in channels.values():
        await here.watch(talk, "subscribe", channel=channel)
    home, voice = world.guilds[here.guild], channels["VOICE"]

    incident = await outage(here)
    await here.until(lambda: len(world.channels[voice].messages) >= 2)
    await here.until(lambda: len(home.threads) == 3)
    threads = {thread.parent: number for number, thread in home.threads.items()}
    assert threads.keys() == set(channels.values()) - {voice}

    def told(word: str) -> bool:
        everywhere = [voice, *threads.values()]
        return all(any(word in text for text in here.texts(place)) for place in everywhere)

    here.page.page.update(incident, "identified", DOWN, body=HOSTILE)
    await here.until(lambda: told("evil.example"))
    here.page.page.resolve(incident)
    await here.until(lambda: told("Resolved"))
    await here.until(lambda: all(world.channels[one].archived for one in threads.values()))
    assert all(world.channels[one].name.startswith("🟢") for one in threads.values())
    forum = world.channels[channels["FORUM"]]
    assert world.channels[threads[forum.id]].applied_tags == [forum.tags[0].id]
    announced = world.channels[channels["ANNOUNCEMENT"]].messages
    await here.until(lambda: any(message.published for message in announced.values()))
    assert all(not message.pinged for message in world.all_messages())
    assert await here.stop() == 0


async def test_killed_in_the_middle_it_goes_on_in_the_same_thread(here: Town) -> None:
    channel = await here.discord.director.add_channel(here.guild, "status")
    await here.start()
    await here.watch(channel, "subscribe")
    home = here.discord.world.guilds[here.guild]
    incident = await outage(here)
    await here.until(lambda: len(home.threads) == 1)
    await here.kill()
    here.page.page.update(incident, "identified", DOWN, body="We found it.")
    await here.start()
    thread = next(iter(home.threads))
    await here.until(lambda: any("We found it." in text for text in here.texts(thread)))
    here.page.page.resolve(incident)
    await here.until(lambda: here.discord.world.channels[thread].archived)

    assert len(home.threads) == 1
    texts = here.texts(thread)
    assert len([text for text in texts if "We found it." in text]) == 1
    assert here.discord.world.command_writes == 1


async def test_a_permission_taken_pauses_and_given_back_goes_on(here: Town) -> None:
    channel = await here.discord.director.add_channel(here.guild, "status")
    talk = await here.discord.director.add_channel(here.guild, "talk")
    await here.start()
    await here.watch(talk, "subscribe", channel=channel)
    await here.discord.director.deny(channel, "send_messages")
    incident = await outage(here)

    text = ""
    while "Send Messages" not in text:
        text = (await here.watch(channel, "list")).text
    assert "Paused" in text
    await here.discord.director.allow(channel, "send_messages")
    world = here.discord.world
    await here.until(lambda: len(world.guilds[here.guild].threads) == 1)
    here.page.page.resolve(incident)
    await here.until(lambda: all(t.archived for t in world.guilds[here.guild].threads.values()))


async def test_an_unavailable_guild_keeps_its_subscriptions_and_a_left_one_loses_them(
    here: Town,
) -> None:
    channel = await here.discord.director.add_channel(here.guild, "status")
    await here.start()
    await here.watch(channel, "subscribe")
    await here.discord.director.guild_unavailable(here.guild)
    await here.discord.director.guild_available(here.guild)
    home = here.discord.world.guilds[here.guild]
    incident = await outage(here)
    await here.until(lambda: len(home.threads) == 1)
    here.page.page.resolve(incident)
    await here.until(lambda: all(thread.archived for thread in home.threads.values()))

    await here.discord.director.kick_bot(here.guild)
    await here.discord.director.invite_bot(here.guild)
    text = ""
    while "not subscribed" not in text:
        text = (await here.watch(channel, "list")).text


async def test_a_new_guild_is_greeted_once_where_it_may_be(here: Town) -> None:
    await here.start()
    world = here.discord.world
    guild = world.new_guild("new")
    guild.bot_is_in = False
    closed = world.new_channel(guild, "closed")
    guild.system_channel = closed.id
    await here.discord.director.deny(closed.id, "send_messages")
    opened = world.new_channel(guild, "open")
    await here.discord.director.invite_bot(guild.id)
    await here.until(lambda: len(opened.messages) == 1)
    text = here.texts(opened.id)[0]
    assert "/isclaudedown" in text
    assert "/claudewatch subscribe" in text
    assert not closed.messages


async def test_the_gateway_may_drop_and_sessions_may_end(here: Town) -> None:
    channel = await here.discord.director.add_channel(here.guild, "status")
    await here.start()
    await here.discord.director.gateway_drop()
    await here.until(lambda: here.discord.gateway.resumes >= 1)
    before = here.discord.gateway.identifies
    await here.discord.director.gateway_invalidate()
    await here.until(lambda: here.discord.gateway.identifies > before)
    asked = await here.watch(channel, "subscribe")
    assert asked.ephemeral


async def test_a_refused_token_ends_the_start_with_one_sentence(here: Town) -> None:
    here.extra["DISCORD_TOKEN"] = "wrong"
    with pytest.raises(AssertionError, match="DISCORD_TOKEN is not accepted"):
        await here.start()


async def test_two_shards_serve_their_guilds(here: Town) -> None:
    here.discord.gateway.shards = 2
    channels = [await here.discord.director.add_channel(here.guild, "status")]
    guilds = [here.guild]
    while len({(guild >> 22) % 2 for guild in guilds}) < 2:
        guilds.append(await here.discord.director.add_guild("other"))
    channels.append(await here.discord.director.add_channel(guilds[-1], "status"))
    await here.start()
    await here.until(lambda: here.discord.gateway.connected == 2)
    for channel in channels:
        await here.watch(channel, "subscribe")
    await outage(here)
    world = here.discord.world
    await here.until(lambda: all(len(world.guilds[g].threads) for g in (guilds[0], guilds[-1])))
    await here.discord.director.gateway_drop()
    await here.until(lambda: here.discord.gateway.resumes >= 2)


async def test_an_outage_of_discord_at_the_start_is_waited_out(here: Town) -> None:
    channel = await here.discord.director.add_channel(here.guild, "status")
    await here.discord.director.fault(what="error", path="/gateway/bot", status=503, times=2)
    await here.start()
    asked = await here.watch(channel, "subscribe")
    assert asked.ephemeral


async def test_another_gateway_than_the_one_discord_names_can_be_given(here: Town) -> None:
    here.extra["DISCORD_GATEWAY_URL"] = here.discord.gateway_url
    here.discord.gateway.url = "ws://127.0.0.1:9/nowhere"
    await here.start()
    await here.discord.director.gateway_drop()
    await here.until(lambda: here.discord.gateway.resumes >= 1)


async def test_of_two_replicas_one_answers_and_tells_and_the_other_takes_over(
    here: Town, tmp_path: Path
) -> None:
    channel = await here.discord.director.add_channel(here.guild, "status")
    with twin_of(here, tmp_path) as twin:
        await here.start()
        await twin.start(connects=False)
        await here.watch(channel, "subscribe")
        incident = await outage(here)
        world, gateway = here.discord.world, here.discord.gateway
        home = world.guilds[here.guild]
        await here.until(lambda: len(home.threads) == 1)
        assert gateway.live_shards() == [0]
        await here.kill()
        here.page.page.resolve(incident)
        await twin.until(lambda: all(t.archived for t in home.threads.values()), TAKEOVER)
        await twin.until(lambda: gateway.live_shards() == [0], TAKEOVER)
        assert (await twin.watch(channel, "list")).ephemeral
        lines = [text for text in here.texts(channel) if "subscribed this channel" in text]
        roots = [m for m in world.channels[channel].messages.values() if m.id in home.threads]
        assert (len(lines), len(roots)) == (1, 1)
        assert (world.command_writes, gateway.doubled, gateway.hasty) == (1, 0, 0)
        await twin.kill()


async def test_two_replicas_share_the_shards_and_one_takes_them_all(
    here: Town, tmp_path: Path
) -> None:
    gateway = here.discord.gateway
    gateway.shards = gateway.max_concurrency = 4
    guilds: dict[int, int] = {}
    channels: dict[int, int] = {}
    while len(guilds) < 4:  # one in each shard
        guild = await here.discord.director.add_guild("other")
        guilds.setdefault((guild >> 22) % 4, guild)
    for shard, guild in guilds.items():
        channels[shard] = await here.discord.director.add_channel(guild, "status")
    with twin_of(here, tmp_path) as twin:
        await here.start()
        await here.until(lambda: gateway.live_shards() == [0, 1, 2, 3])
        await twin.start()
        await here.until(lambda: gateway.identifies == 6)
        await here.until(lambda: gateway.live_shards() == [0, 1, 2, 3])
        await here.kill()
        await twin.until(lambda: gateway.live_shards() == [0, 1, 2, 3], TAKEOVER)
        for channel in channels.values():
            assert (await twin.watch(channel, "subscribe")).ephemeral
        assert (gateway.identifies, gateway.doubled, gateway.hasty) == (8, 0, 0)
        await twin.kill()


@contextlib.contextmanager
def twin_of(here: Town, folder: Path) -> Iterator[Town]:
    """A second replica of the program, on one Redis with the first."""
    (folder / "twin").mkdir()
    with standalone() as redis:
        here.extra["REDIS_URL"] = redis.url
        yield Town(here.discord, here.page, folder / "twin", here.extra, guild=here.guild)


async def test_what_is_being_sent_at_the_end_is_finished(here: Town) -> None:
    channel = await here.discord.director.add_channel(here.guild, "status")
    await here.start()
    await here.watch(channel, "subscribe")
    path = rf"/channels/{channel}/messages"
    await here.discord.director.fault(
        what="slow", method="POST", path=path, seconds=1.5, after=True
    )
    await outage(here)
    place = here.discord.world.channels[channel]
    await here.until(lambda: len(place.messages) == 2)  # taken, not answered yet
    assert await here.stop() == 0
    assert re.search(r'"unfinished": [1-9]', here.said) is None
    assert len(here.discord.world.guilds[here.guild].threads) == 1
    await here.start()
    assert len(place.messages) == 2
