"""A board on Discord and on Slack, in the program as its command starts it."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.discord_program import PATIENCE, Town, town
from tests.end_to_end.slack_program import program
from tests.servers.discord import Message
from tests.servers.discord.interactions import visible_text
from tests.servers.page import page_server
from tests.servers.slack import eventually, running_slack
from tests.servers.statuspage import CLAUDE_AI

DOWN = {CLAUDE_AI: "major_outage"}


def pinned(here: Town, channel: int) -> list[Message]:
    return [m for m in here.discord.world.channels[channel].messages.values() if m.pinned]


def shown(here: Town, channel: int) -> str:
    """What the pinned board says; empty while there is none."""
    return " ".join(visible_text(m.body) for m in pinned(here, channel))


async def test_a_board_shows_the_present_through_an_outage_and_a_kill(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        channel = await here.discord.director.add_channel(here.guild, "status")
        await here.start()
        assert "not subscribed" in (await here.watch(channel, "board")).text
        await here.watch(channel, "subscribe")
        assert "It will be pinned." in (await here.watch(channel, "board")).text
        await here.until(lambda: "Everything is up" in shown(here, channel))
        incident = here.page.page.open("Claude.ai unavailable", DOWN)
        await here.until(lambda: "claude.ai is down" in shown(here, channel))
        await here.until(lambda: "thread in <#" in shown(here, channel))
        await here.kill()
        here.page.page.resolve(incident)
        await here.start()
        await here.until(lambda: "Everything is up" in shown(here, channel))
        assert len(pinned(here, channel)) == 1
        assert "The board is kept" in (await here.watch(channel, "list")).text
        (board,) = pinned(here, channel)
        await here.watch(channel, "board", words="off")
        await here.until(lambda: board.pinned is None)
        await here.until(lambda: "not kept any more" in visible_text(board.body))
        assert await here.stop() == 0


async def test_a_board_that_somebody_deletes_is_off_and_its_channel_says_so(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as here:
        channel = await here.discord.director.add_channel(here.guild, "status")
        await here.discord.director.deny(channel, "pin_messages")
        await here.start()
        await here.watch(channel, "subscribe")
        said = (await here.watch(channel, "board")).text
        assert "I lack the permission Pin Messages" in said
        world = here.discord.world
        await here.until(lambda: any("As of" in text for text in here.texts(channel)))
        (board,) = [m for m in world.channels[channel].messages.values() if "As of" in str(m.body)]
        assert board.pinned is None
        await here.discord.director.delete_message(channel, board.id)
        here.page.page.open("Claude.ai unavailable", DOWN)
        text = ""
        while "deleted, so it is off" not in text:
            text = (await here.watch(channel, "list")).text
        await here.discord.director.allow(channel, "pin_messages")
        await here.watch(channel, "board")
        await here.until(lambda: "claude.ai is down" in shown(here, channel))
        assert await here.stop() == 0


async def test_on_slack_the_same_words_keep_a_board_that_anybody_can_pin(tmp_path: Path) -> None:
    async with running_slack() as slack, page_server() as page:
        known = {
            "SLACK_BOT_TOKEN": slack.team.token,
            "SLACK_APP_TOKEN": slack.world.app_token,
            "SLACK_API_URL": slack.api_url,
            "ISCLAUDEDOWN_PAGE_URL": page.url,
            "ISCLAUDEDOWN_POLL_SECONDS": "0.2",
            "ISCLAUDEDOWN_PROBES": "false",
        }
        async with program(tmp_path, known):
            await eventually(lambda: len(slack.sockets.connections) >= 2, PATIENCE)
            await (await slack.command("subscribe")).response(PATIENCE)
            answer = await (await slack.command("board")).response(PATIENCE)
            assert "I don't pin it" in str(answer)

            def said(words: str) -> bool:
                return any(words in str(m.blocks) for m in slack.messages("C1"))

            await eventually(lambda: said("Everything is up"), PATIENCE)
            page.page.open("Claude.ai unavailable", DOWN)
            await eventually(lambda: said("claude.ai is down;"), PATIENCE)
            assert not said("Everything is up"), "it is one message"
            await (await slack.command("board off")).response(PATIENCE)
            await eventually(lambda: said("This board is not kept any more"), PATIENCE)
