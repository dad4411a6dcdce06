"""A copy of the data folder, taken while it is in use, is a backup."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.end_to_end.slack_program import program
from tests.end_to_end.test_slack import said, settings
from tests.servers.page import page_server
from tests.servers.slack import Message, SlackServer, eventually, running_slack
from tests.servers.statuspage import API, CLAUDE_AI


def roots_about(slack: SlackServer, title: str) -> list[Message]:
    return [message for message in slack.roots("C1") if title in said(message)]


async def test_restoring_an_older_backup_announces_nothing_twice_and_loses_no_thread(
    tmp_path: Path,
) -> None:
    folder, backup = tmp_path / "data", tmp_path / "backup"
    folder.mkdir()
    async with page_server() as page, running_slack() as slack:
        given = settings(slack, page, "socket")
        async with program(folder, given) as bot:
            await eventually(lambda: len(slack.sockets.connections) == 2, 15)
            await (await slack.command("subscribe")).response(15)
            before = page.page.open("Before the backup", {CLAUDE_AI: "major_outage"})
            (root,) = await eventually(lambda: roots_about(slack, "Before the backup"), 15)

            shutil.copytree(folder / "appendonlydir", backup)

            page.page.open("After the backup", {API: "partial_outage"})
            await eventually(lambda: roots_about(slack, "After the backup"), 15)
            page.page.update(before, "identified", body="We found it.")
            await eventually(lambda: len(slack.thread("C1", root.ts)) == 1, 15)
            await bot.kill()

        shutil.rmtree(folder / "appendonlydir")
        shutil.copytree(backup, folder / "appendonlydir")
        async with program(folder, given):
            await eventually(lambda: len(slack.sockets.connections) == 2, 15)
            page.page.update(before, "monitoring", body="It gets better.")
            await eventually(
                lambda: any("gets better" in said(m) for m in slack.thread("C1", root.ts)), 15
            )
            page.page.resolve(before, body="It is over.")
            await eventually(
                lambda: any("It is over" in said(m) for m in slack.thread("C1", root.ts)), 15
            )

        replies = [said(message) for message in slack.thread("C1", root.ts)]
        assert len(roots_about(slack, "Before the backup")) == 1
        assert len(roots_about(slack, "After the backup")) == 1
        assert sum("We found it" in reply for reply in replies) == 1
        assert sum("gets better" in reply for reply in replies) == 1
