"""The whole program in Slack while everything goes wrong at once: nothing lost, nothing doubled.

Each round has a seed, which a failure names: faults of Slack (429, 5xx, answers lost after the
message was taken, slow answers, ambiguous errors, cut sockets) and SIGKILLs, at random moments of
one outage in six channels.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from tests.chaos.ledger import settled
from tests.end_to_end.slack_program import Program, program
from tests.servers.page import PageServer, page_server
from tests.servers.slack import Fault, Message, SlackServer, running_slack
from tests.servers.slack.blocks import texts
from tests.servers.statuspage import API, CODE

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "2"))
AT_ONCE = 2  # rounds at a time: each waits more than it works
CHANNELS = [f"C10{n}" for n in range(6)]
TEXTS = ["We look into it.", "Found the cause.", "It gets worse.", "A fix is out.", "It is over."]
SEND = "chat.*"


def said(message: Message) -> str:
    return unescape("\n".join([message.text, *(str(t["text"]) for t in texts(message.blocks))]))


def trouble(rng: random.Random) -> list[Fault]:
    """Faults that last for this round, each hitting now and then."""
    seed = rng.randrange(10**9)
    return [
        Fault("drop_after", SEND, times=None, chance=0.06, seed=seed),
        Fault("drop_before", SEND, times=None, chance=0.04, seed=seed + 1),
        Fault("taken_status", SEND, times=None, chance=0.05, seed=seed + 2, status=502),
        Fault("status", SEND, times=None, chance=0.04, seed=seed + 3, status=503),
        Fault("taken_error", SEND, times=None, chance=0.05, seed=seed + 4, error="fatal_error"),
        Fault("error", SEND, times=None, chance=0.03, seed=seed + 5, error="service_unavailable"),
        Fault("ratelimited", SEND, times=None, chance=0.04, seed=seed + 6, retry_after=1),
        Fault("slow_after", SEND, times=None, chance=0.1, seed=seed + 7, seconds=0.4),
        Fault("status", "conversations.*", times=None, chance=0.2, seed=seed + 8, status=500),
    ]


async def outage(rng: random.Random, page: PageServer, slack: SlackServer, bot: Program) -> None:
    """Tell the story on the page, with a kill or a cut socket between any two steps."""
    first = {API: "partial_outage"}
    incident = page.page.open("API in trouble", first, body=TEXTS[0])
    worse = {API: "major_outage", CODE: "degraded_performance"}
    steps: list[Callable[[], object]] = [
        lambda: page.page.update(incident, "identified", first, body=TEXTS[1]),
        lambda: page.page.update(incident, "identified", worse, body=TEXTS[2]),
        lambda: page.page.update(incident, "monitoring", first, body=TEXTS[3]),
        lambda: page.page.resolve(incident, body=TEXTS[4]),
    ]
    for step in steps:
        await asyncio.sleep(rng.uniform(0.3, 1.5))
        match rng.choice(["kill", "kill", "cut", "nothing"]):
            case "kill":
                await bot.kill()
                if rng.random() < 0.5:
                    step()
                    await bot.start()
                    continue
                await bot.start()
            case "cut":
                slack.sockets.cut()
        step()


def faults_of(slack: SlackServer, channel: str) -> list[str]:
    """What is wrong in a channel, once all should be told."""
    roots = [m for m in slack.roots(channel) if "API in trouble" in said(m)]
    if len(roots) != 1:
        return [f"{channel}: {len(roots)} roots"]
    replies = slack.thread(channel, roots[0].ts)
    told = [n for m in replies for n, text in enumerate(TEXTS) if f">{text}" in said(m)]
    wrong = [
        f"{channel}: {TEXTS[n]!r} {times} times" for n, times in Counter(told).items() if times > 1
    ]
    if told != sorted(told):
        wrong.append(f"{channel}: out of order {told}")
    if len(TEXTS) - 1 not in told:
        wrong.append(f"{channel}: its end is missing")
    if "is over" not in said(roots[0]).lower() and "resolved" not in said(roots[0]).lower():
        wrong.append(f"{channel}: the root does not show the end")
    return wrong


async def one_round(seed: int, folder: Path) -> None:
    rng = random.Random(seed)
    async with page_server() as page, running_slack() as slack:
        for channel in CHANNELS:
            slack.team.add_channel(channel)
        environment = {
            "SLACK_BOT_TOKEN": slack.team.token,
            "SLACK_APP_TOKEN": slack.world.app_token,
            "SLACK_API_URL": slack.api_url,
            "ISCLAUDEDOWN_PAGE_URL": page.url,
        }
        async with program(folder, environment) as bot:
            await bot.says("slack.connection_opened")
            for channel in CHANNELS:
                await (await slack.command("subscribe", channel=channel)).response(15)
            slack.faults.faults += trouble(rng)
            await outage(rng, page, slack, bot)
            await asyncio.sleep(2)
            slack.faults.faults.clear()
            wrong = await settled(lambda: [f for one in CHANNELS for f in faults_of(slack, one)])
    assert wrong == [], f"seed {seed}"


@pytest.mark.chaos
@pytest.mark.timeout(120 * ROUNDS)
async def test_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(seed: int) -> None:
        folder = tmp_path / str(seed)
        folder.mkdir()
        async with turn:
            await one_round(seed, folder)

    async with asyncio.TaskGroup() as rounds:
        for seed in range(1, 1 + ROUNDS):
            rounds.create_task(one(seed))
