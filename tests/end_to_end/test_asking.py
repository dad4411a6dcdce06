"""The one-shot commands that look: ask, health and doctor."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.end_to_end.harness import NOWHERE, command, environment, started
from tests.servers.page import page_server
from tests.servers.redis import standalone
from tests.servers.statuspage import API, CLAUDE_AI, CODE


@pytest.mark.parametrize(
    ("status", "code"),
    [("operational", 0), ("degraded_performance", 10), ("partial_outage", 20)],
)
async def test_ask_ends_with_the_code_of_the_worst_that_was_asked_for(
    tmp_path: Path, status: str, code: int
) -> None:
    async with page_server() as page:
        page.page.set(API, status)
        said = await command(tmp_path, page.url, "ask", "api", "--json")
        assert said.code == code
        answer = json.loads(said.out)
        (verdict,) = answer["verdicts"]
        assert answer["exit_code"] == code
        assert verdict["surface"] == "api"
        assert verdict["age"] is not None
        assert [one["source"] for one in verdict["evidence"]] == ["page"]


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["claude", "code"], ["code"]), (["opus", "4.6", "the", "api"], ["api", "opus"])],
)
async def test_ask_takes_names_of_several_words(
    tmp_path: Path, words: list[str], meant: list[str]
) -> None:
    said = await command(tmp_path, NOWHERE, "ask", *words, "--json")
    verdicts = json.loads(said.out)["verdicts"]
    assert [verdict["surface"] for verdict in verdicts] == meant
    assert all("cannot be read" in verdict["reason"] for verdict in verdicts)


async def test_ask_without_any_page_says_unknown_and_why(tmp_path: Path) -> None:
    text, scripted = await asyncio.gather(
        command(tmp_path, NOWHERE, "ask"), command(tmp_path, NOWHERE, "ask", "api", "--json")
    )
    assert (text.code, scripted.code) == (30, 30)
    assert "not been able to read the status page" in text.out
    assert f"{NOWHERE}/api/v2/summary.json cannot be read" in text.err
    (verdict,) = json.loads(scripted.out)["verdicts"]
    assert (verdict["surface"], verdict["severity"]) == ("api", "unknown")


async def test_ask_takes_the_answer_of_a_running_instance(tmp_path: Path) -> None:
    async with page_server() as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")
        outage = page.page.open("Login trouble", {CLAUDE_AI: "major_outage"}, body="We look.")
        await bot.shows("We look.")
        # It asks the instance, not the page: another address for the page makes no difference.
        said = await command(tmp_path, NOWHERE, "ask", "--json", ISCLAUDEDOWN_POLL_SECONDS="60")
        assert said.code == 20
        answer = json.loads(said.out)
        assert [one["id"] for one in answer["incidents"]] == [outage]
        down = [v["surface"] for v in answer["verdicts"] if v["severity"] == "major_outage"]
        assert down == ["claude.ai", "mobile"]  # which rests on it, and has no row of its own
        well = await command(tmp_path, NOWHERE, "health")
        assert (well.code, well.out.startswith("claude: read ")) == (0, True)


async def test_ask_looks_itself_where_redis_is_away(tmp_path: Path) -> None:
    async with page_server() as page:
        said = await command(tmp_path, page.url, "ask", REDIS_URL="redis://127.0.0.1:9/0")
        assert said.code == 0
        assert "Everything is up" in said.out


async def test_health_without_an_instance_is_bad(tmp_path: Path) -> None:
    said = await command(tmp_path, NOWHERE, "health")
    assert (said.code, said.out) == (1, "claude: nobody watches it\n")


async def test_the_doctor_finds_all_well(tmp_path: Path) -> None:
    async with page_server() as page:
        said = await command(tmp_path, page.url, "doctor")
    assert said.code == 0, said.out
    assert "✗" not in said.out
    for line in ("✓ page claude", "✓ clock", "✓ redis: embedded", "✓ redis durability"):
        assert line in said.out


async def test_names_from_outside_do_nothing_to_a_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;title\x07 \x9b31m \u202eevil"
    async with page_server() as page:
        page.page.set(API, evil)  # a state that nobody knows is told the operator
        page.page.open(evil, {CODE: "major_outage"})
        for words in (["doctor"], ["ask"], ["ask", "--json"], ["doctor", "--json"]):
            shown = await on_a_terminal(tmp_path, page.url, *words)
            assert "evil" in shown
            assert not {"\x07", "\x9b", "\u202e"} & set(shown)
            assert "\x1b]" not in shown


async def on_a_terminal(folder: Path, page: str, *words: str) -> str:
    """Run a command whose standard output is a terminal (a pty)."""
    leader, follower = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        cwd=folder,
        env=environment(folder, page, TERM="xterm"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=follower,
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(follower)
    shown = b""
    with contextlib.suppress(OSError):  # the other side is closed
        while data := await asyncio.to_thread(os.read, leader, 65536):
            shown += data
    os.close(leader)
    await process.wait()
    return shown.decode()


async def test_the_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    async with page_server() as page:
        page.clock_error = timedelta(minutes=5)
        with standalone("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru") as node:
            said = await command(tmp_path, page.url, "doctor", REDIS_URL=node.url)
        page.fail("html", path="*")
        broken = await command(tmp_path, page.url, "doctor", REDIS_URL="redis://127.0.0.1:9")
    assert said.code == 0  # it works, with warnings
    assert "! clock: 300 s behind the page's" in said.out.replace("299 s", "300 s")
    assert "! redis durability" in said.out
    assert "! redis eviction: may evict keys (allkeys-lru)" in said.out
    assert said.out.count("→") == 3
    assert broken.code == 1
    assert "✗ page claude" in broken.out
    nowhere = await command(tmp_path, "http://status.invalid", "doctor")
    assert "→ Its name does not resolve. Open the address in a browser" in nowhere.out
    assert "✗ redis" in broken.out
