"""Slack, Discord and the terminal at once: each fails in turn, the others notice nothing."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.discord_program import town
from tests.servers.slack import running_slack
from tests.servers.statuspage import API


async def test_each_fails_in_turn_and_the_others_are_told_all_the_same(tmp_path: Path) -> None:
    async with running_slack() as slack, town(tmp_path) as here:
        slack.team.add_channel("C1")
        here.extra |= {
            "SLACK_BOT_TOKEN": slack.team.token,
            "SLACK_APP_TOKEN": slack.world.app_token,
            "SLACK_API_URL": slack.api_url,
            "ISCLAUDEDOWN_TERMINAL": "on",
        }
        channel = await here.discord.director.add_channel(here.guild, "status")
        await here.start()
        await here.watch(channel, "subscribe")
        await here.until(lambda: "slack.connection_opened" in here.said)
        await (await slack.command("subscribe", channel="C1")).response(15)

        def told(word: str) -> tuple[bool, bool, bool]:
            discord = any(word in text for text in here.texts(channel))
            return discord, any(word in str(m) for m in slack.messages("C1")), word in here.said

        # Discord away: Slack and the terminal are told.
        await here.discord.director.fault(
            what="error", method="POST", path="/channels/.*", status=503, times=None
        )
        here.page.page.open("First", {API: "major_outage"})
        await here.until(lambda: told("First")[1:] == (True, True))
        assert not told("First")[0]
        await here.discord.director.heal()
        await here.until(lambda: told("First")[0])

        # Slack away: Discord and the terminal are told.
        slack.fail("status", "chat.*", status=503, times=None)
        here.page.page.open("Second", {API: "major_outage"})
        await here.until(lambda: (told("Second")[0], told("Second")[2]) == (True, True))
        assert not told("Second")[1]
        slack.faults.faults.clear()
        await here.until(lambda: told("Second")[1])
        assert await here.stop() == 0
