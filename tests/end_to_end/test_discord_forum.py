"""A forum post that somebody locks: told on in another one, whatever restarts meanwhile."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.discord_program import town
from tests.servers.statuspage import CLAUDE_AI

PARTLY, DOWN = {CLAUDE_AI: "partial_outage"}, {CLAUDE_AI: "major_outage"}


async def test_a_locked_post_goes_on_in_one_other_and_why_says_so_after_a_kill(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as here:
        forum = await here.discord.director.add_channel(here.guild, "status", "FORUM")
        talk = await here.discord.director.add_channel(here.guild, "talk")
        await here.start()
        await here.watch(talk, "subscribe", channel=forum)
        posts = here.discord.world.guilds[here.guild].threads
        incident = here.page.page.open("Claude.ai unavailable", PARTLY)
        await here.until(lambda: len(posts) == 1)
        (first,) = posts
        await here.discord.director.archive_thread(first, True)
        here.page.page.update(incident, "investigating", DOWN, body="It got worse.")
        await here.until(lambda: len(posts) == 2)
        second = next(number for number in posts if number != first)
        await here.kill()
        here.page.page.update(incident, "identified", DOWN, body="We found it.")
        await here.start()
        await here.until(lambda: any("We found it." in text for text in here.texts(second)))
        here.page.page.resolve(incident)
        await here.until(lambda: posts[second].archived)
        assert len(posts) == 2
        said = (await here.watch(forum, "why")).text
        assert f"goes on in <#{second}>" in said
        assert await here.stop() == 0
