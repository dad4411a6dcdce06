"""Frames of Discord's gateway of any shape: the session holds, and later events are served."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from adapters.discord.frames import FrameUnreadable, read_frame
from tests.contract.discord_bot import DiscordBot, running_discord
from tests.damage import mutated
from tests.delivery_kit import until
from tests.fuzz.inputs import ANYTHING, HOSTILE, READABLE, bounded
from tests.servers.discord import serve
from tests.servers.discord.permissions import mask
from tests.servers.redis import standalone

MEMBER = mask("view_channel", "send_messages", "manage_guild")
SECRET = "somebody-wrote-this"
# Discord asks for another connection by these, or for another session.
MEANT = (7, 9)
ODD: dict[str, str | bytes] = {
    "nothing": "",
    "no JSON": f"<html>{SECRET}",
    "a list": f'["{SECRET}"]',
    "a number": "7",
    "null": "null",
    "no opcode": f'{{"d": "{SECRET}"}}',
    "an opcode of another type": f'{{"op": "0", "d": "{SECRET}"}}',
    "an event without a name": f'{{"op": 0, "t": null, "s": 9, "d": "{SECRET}"}}',
    "a name that is none": f'{{"op": 0, "t": ["{SECRET}"], "s": 9, "d": {{}}}}',
    "an event of another type": f'{{"op": 0, "t": "GUILD_CREATE", "s": 9, "d": "{SECRET}"}}',
    "half an event": f'{{"op": 0, "t": "CHANNEL_UPDATE", "s": 9, "d": {{"id": "{SECRET}"}}}}',
    "a second greeting": '{"op": 10, "d": {"heartbeat_interval": 1}}',
}
# By name: one of each kind that a session really sent, to be sent again with damage.
EVENTS: dict[str, Any] = {}
UNKNOWN: dict[str, str | bytes] = {
    "an event": f'{{"op": 0, "t": "NEW_THING", "s": 9, "d": {{"name": "{SECRET}"}}}}',
    "an opcode": f'{{"op": 99, "d": "{SECRET}"}}',
    "a sequence number": '{"op": 11, "s": "many"}',
    "a huge event": json.dumps({"op": 0, "t": "TYPING_START", "s": 9, "d": {"x": "x" * 3_000_000}}),
    "a resumption without content": '{"op": 0, "t": "RESUMED", "s": 9, "d": null}',
    "bytes that are not compressed": b"x",
}


@pytest.fixture
async def bot() -> AsyncIterator[DiscordBot]:
    """A bot that was told of every kind of guild event."""
    with standalone() as node:
        async with serve() as server:
            director = server.director
            guild = await director.add_guild()
            await director.add_channel(guild, "ops")
            async with running_discord(server, node.url) as bot:
                second = await director.add_channel(guild, "other", "FORUM", ("tag",))
                await director.update_channel(second)
                await director.deny(second, "embed_links")
                await director.give_role(guild, server.world.new_id())
                await director.delete_channel(second)
                await director.guild_unavailable(guild)
                await director.guild_available(guild)
                (session,) = server.gateway.sessions.values()
                EVENTS.update({event["t"]: event for event in session.events})
                yield bot


async def serves(bot: DiscordBot) -> bool:
    """Whether a command is answered."""
    world = bot.server.world
    place = next(iter(world.channels.values()))
    asked = await bot.server.users.slash(
        "isclaudedown", place, world.new_user("ada"), permissions=MEMBER
    )
    return (await asked.answered()).complete


@pytest.mark.parametrize(("frame", "lines"), [
    *(pytest.param(frame, 1, id=what) for what, frame in ODD.items()),
    *(pytest.param(frame, 0, id=f"unknown: {what}") for what, frame in UNKNOWN.items()),
])  # fmt: skip
async def test_an_odd_frame_costs_one_line_in_the_log_and_no_session(
    bot: DiscordBot, frame: str | bytes, lines: int
) -> None:
    with capture_logs() as said:
        await bot.server.gateway.send_raw(frame)
        assert await serves(bot)
    assert sum("unreadable" in str(one) or "unexpected" in str(one) for one in said) == lines
    assert SECRET not in str(said)
    assert (bot.server.gateway.identifies, bot.server.gateway.resumes) == (1, 0)


@bounded(8)
@given(data=st.data())
async def test_a_damaged_event_costs_no_session(bot: DiscordBot, data: st.DataObject) -> None:
    gateway = bot.server.gateway
    for _ in range(20):
        event = EVENTS[data.draw(st.sampled_from(sorted(EVENTS)))]
        frame: Any = {"op": 0, **event}
        for _ in range(data.draw(st.integers(1, 3))):
            frame = mutated(frame, data, READABLE)
        if isinstance(frame, dict) and frame.get("op") not in MEANT:
            await gateway.send_raw(json.dumps(frame))
    assert await serves(bot)
    assert (gateway.identifies, gateway.connected) == (1, 1)


async def test_a_compressed_stream_that_broke_is_resumed(bot: DiscordBot) -> None:
    gateway = bot.server.gateway
    await gateway.send_raw(b"broken\x00\x00\xff\xff")
    await until(lambda: gateway.resumes == 1)
    assert await serves(bot)
    assert gateway.identifies == 1


@bounded(200)
@given(st.one_of(HOSTILE, ANYTHING.map(json.dumps)), st.sampled_from(["READY", "RESUMED", "X"]))
def test_any_text_is_a_frame_or_none(text: str, name: str) -> None:
    for frame in (text, f'{{"op": 0, "t": "{name}", "d": {text or "null"}}}'):
        try:
            read = read_frame(frame)
        except FrameUnreadable:
            assert name == "READY"
        else:
            assert read is None or isinstance(read["op"], int)
