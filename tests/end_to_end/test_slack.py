"""A team's day in Slack, with the program as started by its command."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from tests.end_to_end.slack_program import Program, program
from tests.servers.page import PageServer, page_server
from tests.servers.slack import Message, SlackServer, eventually, running_slack
from tests.servers.slack.blocks import texts
from tests.servers.statuspage import API, CLAUDE_AI, CODE

HOSTILE = "<!channel> <@U1> *x* & 1 < 2 \u202e🔴 שלום " + "long " * 1200


@pytest.fixture
async def page() -> AsyncIterator[PageServer]:
    async with page_server() as server:
        yield server


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with running_slack() as server:
        yield server


def settings(slack: SlackServer, page: PageServer, mode: str) -> dict[str, str]:
    known = {
        "SLACK_BOT_TOKEN": slack.team.token,
        "SLACK_API_URL": slack.api_url,
        "ISCLAUDEDOWN_PAGE_URL": page.url,
    }
    if mode == "socket":
        return known | {"SLACK_APP_TOKEN": slack.world.app_token}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    slack.outbound.request_url = f"http://127.0.0.1:{port}/slack/events"
    return known | {
        "SLACK_SIGNING_SECRET": slack.world.signing_secret,
        "ISCLAUDEDOWN_HTTP_PORT": str(port),
    }


@pytest.fixture(params=["socket", "http"])
async def bot(
    request: pytest.FixtureRequest, slack: SlackServer, page: PageServer, tmp_path: Path
) -> AsyncIterator[Program]:
    async with program(tmp_path, settings(slack, page, request.param)) as running:
        if request.param == "socket":
            await eventually(lambda: len(slack.sockets.connections) == 2, 15)
        yield running


def said(message: Message) -> str:
    return unescape("\n".join([message.text, *(str(t["text"]) for t in texts(message.blocks))]))


def reply_with(slack: SlackServer, root: Message, words: str) -> Message | None:
    replies = slack.thread(root.channel, root.ts)
    return next((m for m in replies if words in said(m)), None)


async def test_an_outage_from_its_opening_to_its_end(
    bot: Program, slack: SlackServer, page: PageServer
) -> None:
    await (await slack.command("subscribe")).response(15)
    (line,) = await eventually(lambda: slack.messages("C1"))
    incident = page.page.open("claude.ai is down", {CLAUDE_AI: "major_outage"})
    root = await eventually(lambda: next((m for m in slack.roots("C1") if m != line), None), 15)
    assert "claude.ai is down" in said(root)

    found = "We found it: " + HOSTILE
    page.page.update(incident, "identified", {CODE: "partial_outage"}, body=found)
    replies = await eventually(lambda: slack.thread("C1", root.ts), 15)
    assert "We found it" in said(replies[0])

    page.page.resolve(incident, body="All is well again.")
    last = await eventually(lambda: reply_with(slack, root, "well again"), 15)
    await eventually(lambda: "🟢" in said(root) or "✅" in said(root), 15)

    assert last.broadcast
    assert root.versions >= 2
    assert len(slack.roots("C1")) == 2  # who subscribed, and the incident
    keys = [m.metadata["event_payload"]["k"] for m in slack.messages("C1") if m.metadata]
    assert len(keys) == len(set(keys))
    assert await bot.stop() == 0


async def test_killed_in_the_middle_it_goes_on_and_says_nothing_twice(
    bot: Program, slack: SlackServer, page: PageServer
) -> None:
    await (await slack.command("subscribe api")).response(15)
    await eventually(lambda: slack.messages("C1"))
    slack.fail("slow_after", "chat.postMessage", seconds=1.0, match="API is down")
    incident = page.page.open("API is down", {API: "major_outage"})
    await eventually(lambda: len(slack.roots("C1")) == 2, 15)
    await bot.kill()  # the message stands there, and its answer never came
    page.page.update(incident, "identified", body="Still looking.")
    await bot.start()
    root = slack.roots("C1")[1]
    await eventually(lambda: slack.thread("C1", root.ts), 30)
    page.page.resolve(incident, body="Over.")
    await eventually(lambda: any(m.broadcast for m in slack.thread("C1", root.ts)), 15)

    assert len(slack.roots("C1")) == 2
    told = [said(m) for m in slack.thread("C1", root.ts)]
    assert sum("Still looking." in text for text in told) == 1
    assert sum("Over." in text for text in told) == 1


async def test_subscribed_in_the_middle_it_gets_what_runs_already(
    bot: Program, slack: SlackServer, page: PageServer
) -> None:
    page.page.open("API is down", {API: "major_outage"})
    await page.asked(3)
    await (await slack.command("subscribe api")).response(15)
    root = await eventually(
        lambda: next((m for m in slack.roots("C1") if "API is down" in said(m)), None), 15
    )
    assert "midway" in said(root)


async def paused(slack: SlackServer) -> None:
    """Until `subscriptions` shows that the channel is paused, and why."""
    for _ in range(100):
        response = await (await slack.command("subscriptions")).response(15)
        if "Paused" in str(response):
            return
        await asyncio.sleep(0.1)
    pytest.fail("it never said that it is paused")


async def test_an_archived_channel_is_paused_and_the_others_go_on(
    bot: Program, slack: SlackServer, page: PageServer
) -> None:
    for channel in ("C1", "G1"):
        await (await slack.command("subscribe", channel=channel)).response(15)
        await eventually(lambda channel=channel: slack.messages(channel))  # type: ignore[misc]  # bound now
    slack.channel("C1").archived = True
    page.page.open("API is down", {API: "major_outage"})
    await eventually(lambda: len(slack.roots("G1")) == 2, 15)
    await paused(slack)
    slack.channel("C1").archived = False
    await slack.event({"type": "channel_unarchive", "channel": "C1"})
    await eventually(lambda: len(slack.roots("C1")) == 2, 15)


async def test_a_revoked_token_ends_nothing_else_and_is_not_in_the_log(
    bot: Program, slack: SlackServer, page: PageServer
) -> None:
    await (await slack.command("subscribe")).response(15)
    slack.revoke()
    page.page.open("API is down", {API: "major_outage"})
    await bot.says("token_revoked")

    assert slack.team.token not in "\n".join(bot.log)
    assert slack.world.app_token not in "\n".join(bot.log)
    assert await bot.stop() == 0


async def test_a_token_that_is_not_good_is_said_in_a_sentence(
    slack: SlackServer, page: PageServer, tmp_path: Path
) -> None:
    wrong = settings(slack, page, "socket") | {"SLACK_BOT_TOKEN": "xoxb-wrong"}
    running = Program(tmp_path, wrong)
    with pytest.raises(AssertionError, match="SLACK_BOT_TOKEN is not accepted"):
        await running.start()
    assert await running.ended() == 1
    assert "Traceback" not in "\n".join(running.log)


async def test_a_token_that_is_not_good_leaves_the_other_platforms_to_go_on(
    slack: SlackServer, page: PageServer, tmp_path: Path
) -> None:
    wrong = settings(slack, page, "socket") | {"SLACK_BOT_TOKEN": "xoxb-wrong"}
    running = Program(tmp_path, wrong | {"ISCLAUDEDOWN_TERMINAL": "on"})
    await running.start()
    try:
        said = next(line for line in running.log if "platform.refused" in line)
        assert "SLACK_BOT_TOKEN is not accepted" in said
        assert "xoxb-wrong" not in "\n".join(running.log)
    finally:
        await running.kill()
