"""How it ends, and how it refuses to begin."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.harness import NOWHERE, command, environment, launch, started, until
from tests.servers.page import page_server
from tests.servers.statuspage import API


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_it_cleanly_and_nothing_of_it_is_left(
    tmp_path: Path, number: signal.Signals
) -> None:
    # Whoever runs the tests by `nohup` has SIGHUP ignored, which a program inherits and respects.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    async with page_server() as page, started(tmp_path, page.url) as bot:
        signal.signal(signal.SIGHUP, before)
        await bot.shows("Everything is up")
        servers = bot.children()
        assert [server.name() for server in servers] == ["valkey-server"]
        assert await bot.stop(number) == 0
        assert psutil.wait_procs(servers, timeout=10)[1] == []
        assert "Traceback" not in bot.err


async def test_killed_its_server_ends_as_well(tmp_path: Path) -> None:
    async with page_server() as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")
        servers = bot.children()
        await bot.kill()
        assert psutil.wait_procs(servers, timeout=10)[1] == []


async def test_nobody_reading_any_more_ends_it_cleanly(tmp_path: Path) -> None:
    """As in `isclaudedown run | head -1`."""
    async with page_server() as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")
        assert bot.process.stdout is not None
        bot.close_stdout()
        page.page.open("Login trouble", {API: "major_outage"})
        assert await bot.ends() == 0
        assert "terminal.left" in bot.err
        assert "Traceback" not in bot.err + bot.out


async def test_a_second_process_on_the_same_folder_says_so(tmp_path: Path) -> None:
    async with page_server() as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")
        second = await command(tmp_path, page.url, "run")
        assert second.code == 1
        (sentence,) = second.err.splitlines()
        assert f"in use by another isclaudedown (process {bot.process.pid})" in sentence
        assert "ISCLAUDEDOWN_DATA_DIR" in sentence


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("ISCLAUDEDOWN_POLL_SECONDS", "soon"),
        ("ISCLAUDEDOWN_PAGE_URL", "not an address"),
        ("ISCLAUDEDOWN_PROVIDERS", "nobody"),
        ("ISCLAUDEDOWN_POL_SECONDS", "30"),
        ("REDIS_URL", "mysql://localhost"),
        ("ISCLAUDEDOWN_CONFIG", "/does/not/exist.toml"),
    ],
)
async def test_a_bad_setting_names_itself_and_stops_the_start(
    tmp_path: Path, setting: str, value: str
) -> None:
    said = await command(tmp_path, NOWHERE, "run", **{setting: value})
    assert said.code == 1
    (sentence,) = said.err.splitlines()
    assert setting in sentence
    assert said.out == ""


async def test_a_redis_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    said = await command(tmp_path, NOWHERE, "run", REDIS_URL="redis://127.0.0.1:9/0")
    assert said.code == 1
    (sentence,) = said.err.splitlines()
    assert "Redis" in sentence


async def test_a_page_that_cannot_be_read_is_said_plainly_and_not_hammered(
    tmp_path: Path,
) -> None:
    async with page_server() as page:
        page.fail("method_not_allowed")
        async with started(tmp_path, page.url) as bot:
            await bot.shows("not been able to read")
            while len(page.moments) < 5:
                await page.asked()
            # Pauses that double: 0.2 + 0.4 + 0.8 + 1.6 s. Half of that is far from any hot loop,
            # and a slow machine only makes it longer.
            assert page.moments[4] - page.moments[0] > 1.5
            assert bot.err.count("page.failed") == 1


async def test_garbage_of_every_kind_is_no_news_and_the_answer_shows_its_age(
    tmp_path: Path,
) -> None:
    async with page_server() as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")
        for fault in ("html", "empty", "nonsense", "half_json", "drop", "method_not_allowed"):
            page.fail(fault, times=1)
            await page.asked(2)
        page.fail("html_as_json")
        await page.asked(2)
        said = await command(tmp_path, page.url, "ask")
        assert re.search(r"checked \d+ s ago \(the last look failed\)", said.out)
        page.healthy()
        page.page.open("Login trouble", {API: "major_outage"}, body="We look.")
        await bot.shows("We look.")
        assert bot.out.count("Login trouble · ") == 1
        assert "resolved" not in bot.out.casefold()


async def test_its_server_dying_under_it_is_survived(tmp_path: Path) -> None:
    async with page_server() as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")
        (server,) = bot.children()
        server.kill()
        page.page.open("Login trouble", {API: "major_outage"}, body="We look.")
        await bot.shows("We look.")

        async def replaced() -> bool:
            return any(child.pid != server.pid for child in bot.children())

        await until(replaced)
        assert await bot.stop() == 0
        assert bot.out.count("We look.") == 1


def imports(pid: int, library: str) -> bool:
    return library in Path(f"/proc/{pid}/maps").read_text()


async def test_ctrl_c_while_it_starts_shows_no_traceback(tmp_path: Path) -> None:
    bot = await launch(environment(tmp_path, NOWHERE), "run")

    async def loading() -> bool:
        return imports(bot.process.pid, "pydantic_core")

    await until(loading)
    bot.process.send_signal(signal.SIGINT)
    await bot.ends()
    assert "Traceback" not in bot.err
