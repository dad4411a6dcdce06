"""The whole program on Discord while everything goes wrong at once: nothing lost, nothing doubled.

Each round has a seed, which a failure names: faults of Discord (429 of every scope, 5xx, answers
lost after the message was taken, slow answers, gateway drops) and SIGKILLs, at random moments of
one outage in channels of every kind.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.ledger import settled
from tests.end_to_end.discord_program import Town, town
from tests.servers.discord import Channel, Fault, Kind, Message
from tests.servers.discord.interactions import visible_text
from tests.servers.statuspage import API, CODE

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "2"))
AT_ONCE = 2  # rounds at a time: each waits more than it works
KINDS = ["TEXT", "TEXT", "FORUM", "ANNOUNCEMENT", "VOICE", "TEXT"]
TEXTS = ["We look into it.", "Found the cause.", "It gets worse.", "A fix is out.", "It is over."]
TITLE = "API in trouble"
SENT = r"/channels/.*"


def trouble(rng: random.Random) -> list[Fault]:
    """Faults that last for this round, each hitting now and then."""
    seed = rng.randrange(10**9)
    each: dict[str, Any] = {"times": None, "method": "POST", "path": SENT}
    return [
        Fault("drop_after", chance=0.06, seed=seed, **each),
        Fault("drop_before", chance=0.04, seed=seed + 1, **each),
        Fault("error", chance=0.05, seed=seed + 2, status=502, after=True, **each),
        Fault("error", chance=0.04, seed=seed + 3, status=503, **each),
        Fault("ratelimit", chance=0.05, seed=seed + 4, retry_after=0.7, **each),
        Fault("ratelimit", chance=0.02, seed=seed + 5, retry_after=0.7, scope="global", **each),
        Fault("slow", chance=0.1, seed=seed + 6, seconds=0.4, after=True, **each),
        Fault("error", method="GET", path=SENT, times=None, chance=0.2, seed=seed + 7),
        Fault("drop_after", method="PATCH", path=SENT, times=None, chance=0.1, seed=seed + 8),
    ]


async def outage(rng: random.Random, here: Town) -> None:
    """Tell the story on the page, with a kill or a gateway drop between any two steps."""
    page = here.page.page
    first = {API: "partial_outage"}
    worse = {API: "major_outage", CODE: "degraded_performance"}
    incident = page.open(TITLE, first, body=TEXTS[0])
    steps: list[Callable[[], object]] = [
        lambda: page.update(incident, "identified", first, body=TEXTS[1]),
        lambda: page.update(incident, "identified", worse, body=TEXTS[2]),
        lambda: page.update(incident, "monitoring", first, body=TEXTS[3]),
        lambda: page.resolve(incident, body=TEXTS[4]),
    ]
    for step in steps:
        await asyncio.sleep(rng.uniform(0.3, 1.5))
        match rng.choice(["kill", "kill", "drop", "nothing"]):
            case "kill":
                await here.kill()
                if rng.random() < 0.5:
                    step()
                    await here.start()
                    continue
                await here.start()
            case "drop":
                await here.discord.director.gateway_drop()
        step()


def said(message: Message) -> str:
    return visible_text(message.body)


def is_line(message: Message) -> bool:
    return "more in <#" in said(message)


def faults_of(here: Town, channel: Channel) -> list[str]:
    """What is wrong in a channel, once all should be told."""
    world = here.discord.world
    threads = [t for t in world.guilds[here.guild].threads.values() if t.parent == channel.id]
    if channel.kind is Kind.FORUM:
        roots = [t.messages[t.id] for t in threads if TITLE in t.name and t.id in t.messages]
    else:
        own = channel.messages.values()
        roots = [m for m in own if m.reference is None and TITLE in said(m)]
    name = f"{channel.kind.name} {channel.name}"
    if len(roots) != 1:
        return [f"{name}: {len(roots)} roots"]
    places = [channel, *threads]
    replies = sorted(
        (m for p in places for m in p.messages.values() if m not in roots), key=lambda m: m.id
    )
    lines = Counter(said(m).splitlines()[0] for m in replies if is_line(m))
    wrong = [f"{name}: line {line!r} {n} times" for line, n in lines.items() if n > 1]
    texts = [said(m) for m in replies if not is_line(m)]
    told = [n for text in texts for n, known in enumerate(TEXTS) if f"> {known}" in text]
    wrong += [f"{name}: {TEXTS[n]!r} {c} times" for n, c in Counter(told).items() if c > 1]
    if told != sorted(told):
        wrong.append(f"{name}: out of order {told}")
    if len(TEXTS) - 1 not in told:
        wrong.append(f"{name}: its end is missing")
    if "resolved" not in said(roots[0]).lower():
        wrong.append(f"{name}: the root does not show the end")
    if not all(thread.archived for thread in threads):
        wrong.append(f"{name}: its thread is still open")
    return wrong


async def one_round(seed: int, folder: Path) -> None:
    rng = random.Random(seed)
    async with town(folder) as here:
        director = here.discord.director
        talk = await director.add_channel(here.guild, "talk")
        numbers = [
            await director.add_channel(here.guild, f"c{n}", kind) for n, kind in enumerate(KINDS)
        ]
        await here.start()
        for number in numbers:
            await here.watch(talk, "subscribe", channel=number)
        here.discord.faults.rules += trouble(rng)
        await outage(rng, here)
        await asyncio.sleep(2)
        here.discord.faults.clear()
        told = [here.discord.world.channels[number] for number in numbers]
        wrong = await settled(lambda: [f for channel in told for f in faults_of(here, channel)])
        assert wrong == [], f"seed {seed}: {wrong}\n{here.log}"


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
