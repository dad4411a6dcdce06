"""People on Discord say that they have trouble, and wait for the end of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.end_to_end.discord_program import PATIENCE, Town, town
from tests.servers.discord.interactions import visible_text
from tests.servers.statuspage import CODE


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as made:
        yield made


async def test_presses_are_counted_on_the_root_and_who_waits_is_told_once(here: Town) -> None:
    status = await here.discord.director.add_channel(here.guild, "status")
    talk = await here.discord.director.add_channel(here.guild, "talk")
    await here.start()
    await here.watch(talk, "subscribe", channel=status)
    world = here.discord.world
    incident = here.page.page.open("Claude Code is down", {CODE: "major_outage"})
    messages = world.channels[status].messages
    await here.until(lambda: any("is down" in visible_text(m.body) for m in messages.values()))
    root = next(m for m in messages.values() if "is down" in visible_text(m.body))

    for label in ("I'm affected", "I'm affected", "Tell me when it's back"):
        made = await here.discord.users.press(root, label, world.owner)
        await made.answered(PATIENCE)
    await here.until(lambda: "1 here reports trouble: 1 Claude Code" in visible_text(root.body))

    here.page.page.resolve(incident)

    def told() -> list[str]:
        direct = [c.id for c in world.channels.values() if c.recipient == world.owner.id]
        return [text for channel in direct for text in here.texts(channel)]

    await here.until(lambda: any("is back" in text for text in told()))
    await here.page.asked(20)
    # The conversation is opened when it is asked for; in it, the end is told once.
    assert ["Claude Code is back" in text for text in told()] == [False, True]
    assert await here.stop() == 0


async def test_anybody_may_ask_whose_fault_an_error_is(here: Town) -> None:
    talk = await here.discord.director.add_channel(here.guild, "talk")
    await here.start()
    world = here.discord.world
    pasted = 'API Error: 529 {"type":"error","error":{"type":"overloaded_error"}} @everyone'

    made = await here.discord.users.slash(
        "isclaudedown", world.channels[talk], world.owner, explain=pasted
    )
    answer = await made.answered(PATIENCE)

    assert answer.original is not None
    shown = visible_text(answer.original.body)
    assert "It is theirs: 529" in shown
    assert "everyone" not in shown
