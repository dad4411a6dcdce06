"""The same page again and again, killed again and again: nothing twice, nothing missing."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from pathlib import Path

from tests.end_to_end.harness import Program, started
from tests.servers.page import PageServer, page_server
from tests.servers.statuspage import API, CLAUDE, CLAUDE_AI

DEATHS = 8
CHAPTERS = 24


def sentence(number: int) -> str:
    return f"Sentence number {number:03} ends here."


async def write_history(page: PageServer, chance: random.Random) -> list[str]:
    """Change the page again and again: incident after incident, each update a sentence."""
    texts: list[str] = []
    incident = ""
    for number in range(CHAPTERS):
        text = sentence(number)
        component = list(CLAUDE)[number // 4 % len(CLAUDE)]  # of its own: none continues another
        match number % 4:
            case 0:
                incident = page.page.open(
                    f"Trouble {number}", {component: "partial_outage"}, body=text
                )
            case 3:
                page.page.resolve(incident, body=text)
            case _:
                page.page.update(incident, "identified", {component: "major_outage"}, body=text)
        texts.append(text)
        await page.asked(chance.randint(1, 3))
    return texts


async def kill_now_and_then(folder: Path, page: PageServer, chance: random.Random) -> list[Program]:
    """Run it again and again; each life ends some looks, or none, after it began to look."""
    lives = []
    for _ in range(DEATHS):
        async with started(folder, page.url) as bot:
            lives.append(bot)
            await page.asked(chance.randint(1, 4))
            # And then at any point of what follows a look.
            for _ in range(chance.randint(0, 300)):
                await asyncio.sleep(0)
            await bot.kill()
    return lives


async def test_a_hundred_looks_at_the_same_page_are_one_message(tmp_path: Path) -> None:
    async with page_server() as page:
        async with started(tmp_path, page.url, ISCLAUDEDOWN_POLL_SECONDS="0.1") as bot:
            await bot.shows("Everything is up")
            page.page.open("Login trouble", {CLAUDE_AI: "major_outage"}, body="We look.")
            await bot.shows("We look.")
            shown = bot.out
            await page.asked(100)
            page.page.set(API, "major_outage")  # proof that it still looks, and tells
            await bot.shows("API", times=shown.count("API") + 1)
        assert bot.out.startswith(shown)
        assert bot.out.count("We look.") == 1
        assert bot.out.count("Login trouble · ") == 1


async def test_killed_again_and_again_nothing_is_lost_and_nothing_is_doubled(
    tmp_path: Path,
) -> None:
    chance = random.Random(20260428)
    async with page_server() as page:
        async with started(tmp_path, page.url) as bot:
            await bot.shows("Everything is up")
            lives = [bot]
            await bot.kill()
        history = asyncio.create_task(write_history(page, chance))
        lives += await kill_now_and_then(tmp_path, page, chance)
        async with started(tmp_path, page.url) as last:
            lives.append(last)
            texts = await history
            await last.shows(texts[-1])
            assert await last.stop() == 0
    shown = "".join(life.out for life in lives)
    # A root quotes what is known when it is opened; what follows stands in messages of their own.
    said = Counter(re.findall(r"┃ \d\d:\d\d · (Sentence number \d+ ends here\.)", shown))
    doubled = {text: count for text, count in said.items() if count > 1}
    # What began and ended while nobody lived stands in its root alone.
    ends = texts[3::4]
    lost = [text for text in ends if text not in shown]
    roots = Counter(re.findall(r"^\d\d:\d\d \S+ (Trouble \d+) · ", shown, re.MULTILINE))
    assert (doubled, lost) == ({}, [])
    assert roots == {f"Trouble {number}": 1 for number in range(0, CHAPTERS, 4)}


async def test_a_restart_after_a_kill_does_not_wait_for_what_the_dead_one_held(
    tmp_path: Path,
) -> None:
    async with page_server() as page:
        async with started(tmp_path, page.url) as bot:
            await bot.shows("Everything is up")
            await bot.kill()
        asked = page.requests.total()
        async with started(tmp_path, page.url) as bot:
            await bot.shows("Everything is up")
            # It looked before it spoke: else it would speak of what the dead one saw.
            assert page.requests.total() > asked


async def test_two_incidents_at_a_time_survive_a_kill_in_the_middle(tmp_path: Path) -> None:
    async with page_server() as page:
        async with started(tmp_path, page.url) as bot:
            await bot.shows("Everything is up")
            page.page.open("Login trouble", {CLAUDE_AI: "major_outage"}, body="We look.")
            page.page.open("Slow answers", {API: "partial_outage"}, body="It is slow.")
            await bot.logs("incident.event")
            await bot.kill()  # committed, and told or not
        async with started(tmp_path, page.url) as again:
            for text in ("We look.", "It is slow."):
                if text not in bot.out:
                    await again.shows(text)
            await page.asked(3)
            assert await again.stop() == 0
        both = bot.out + again.out
        assert [both.count(text) for text in ("We look.", "It is slow.")] == [1, 1]
