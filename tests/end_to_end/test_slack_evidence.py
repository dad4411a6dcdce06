"""People in Slack say that they have trouble, and wait for the end of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.end_to_end.slack_program import Program, program
from tests.end_to_end.test_slack import said, settings
from tests.servers.page import PageServer, page_server
from tests.servers.slack import Message, SlackServer, eventually, running_slack
from tests.servers.statuspage import CODE


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with running_slack() as server:
        yield server


@pytest.fixture
async def page() -> AsyncIterator[PageServer]:
    async with page_server() as server:
        yield server


@pytest.fixture
async def bot(slack: SlackServer, page: PageServer, tmp_path: Path) -> AsyncIterator[Program]:
    async with program(tmp_path, settings(slack, page, "socket")) as running:
        await eventually(lambda: len(slack.sockets.connections) == 2, 15)
        yield running


async def opened(slack: SlackServer, page: PageServer) -> tuple[str, Message]:
    await (await slack.command("subscribe")).response(15)
    (line,) = await eventually(lambda: slack.messages("C1"))
    incident = page.page.open("Claude Code is down", {CODE: "major_outage"})
    root = await eventually(lambda: next((m for m in slack.roots("C1") if m != line), None), 15)
    return incident, root


def told(slack: SlackServer) -> list[Message]:
    """What the bot wrote to U1 alone."""
    return slack.direct_messages("U1")


async def test_a_press_on_the_root_is_counted_there(
    bot: Program, slack: SlackServer, page: PageServer
) -> None:
    _, root = await opened(slack, page)
    for user in ("U1", "U2", "U1"):
        await (await slack.click(root, "icd.affected", user=user)).response(15)

    await eventually(lambda: "2 here report trouble: 2 Claude Code" in said(root), 20)

    assert len(slack.roots("C1")) == 2, "the root was changed, and nothing new was said"


async def test_who_is_on_it_stands_on_the_root_until_the_end(
    bot: Program, slack: SlackServer, page: PageServer
) -> None:
    incident, root = await opened(slack, page)
    for user in ("U1", "U2"):
        await (await slack.click(root, "icd.onit", user=user)).response(15)
    await eventually(lambda: said(root).count("On it: ") == 1, 20)

    page.page.resolve(incident)
    await eventually(lambda: "On it: " not in said(root), 20)


async def test_who_asked_is_told_once_when_it_is_back(
    bot: Program, slack: SlackServer, page: PageServer
) -> None:
    incident, root = await opened(slack, page)
    for _ in range(2):
        await (await slack.click(root, "icd.back", user="U1")).response(15)
    page.page.resolve(incident)

    await eventually(lambda: told(slack), 20)
    assert ["Claude Code is back" in said(message) for message in told(slack)] == [True]

    await bot.kill()
    await bot.start()
    await page.asked(20)
    assert len(told(slack)) == 1


async def test_an_early_thread_for_one_workspace_becomes_official(
    bot: Program, slack: SlackServer, page: PageServer
) -> None:
    await (await slack.command("subscribe")).response(15)
    (line,) = await eventually(lambda: slack.messages("C1"))
    for number in range(12):  # a channel of two needs two voices; alone, three times as many
        user = f"U9{number}"
        slack.team.users[user] = slack.team.users["U1"]
        await (await slack.command("report code it hangs", user=user)).response(15)

    root = await eventually(lambda: next((m for m in slack.roots("C1") if m != line), None), 20)
    assert "Suspected" in said(root)
    page.page.open("Claude Code is down", {CODE: "major_outage"})

    await eventually(lambda: "Claude Code is down" in said(root), 20)
    assert slack.roots("C1") == [line, root]
