"""Standard streams that nobody reads, or not in time, or that were closed from the start."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.harness import environment, started
from tests.servers.page import page_server
from tests.servers.statuspage import API


async def test_a_reader_of_the_log_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    async with page_server() as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")
        bot.close_stderr()
        page.page.open("Login trouble", {API: "major_outage"}, body="We look.")
        await bot.shows("We look.")
        page.page.open("More trouble", {API: "major_outage"}, body="We look again.")
        await bot.shows("We look again.")
        assert await bot.stop() == 0


async def test_a_reader_of_the_log_that_does_not_read_stops_nothing(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    async with page_server() as page:
        # What the pipe holds is full from the start.
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while os.write(writer, b"x" * 4096):
                pass
        os.set_blocking(writer, True)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=tmp_path,
            env=environment(tmp_path, page.url),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=writer,
        )
        os.close(writer)
        try:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                await process.stdout.readuntil(b"Everything is up")
                page.page.open("Login trouble", {API: "major_outage"}, body="We look.")
                await process.stdout.readuntil(b"We look.")
                process.send_signal(signal.SIGTERM)
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            os.close(reader)


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
async def test_a_closed_stream_changes_no_answer(tmp_path: Path, closed: str) -> None:
    async with page_server() as page:
        code, out, _ = await in_a_shell(tmp_path, page.url, f"ask {closed}")
    assert code == 0
    assert "Everything is up" in out


async def test_an_answer_that_goes_nowhere_is_said_so(tmp_path: Path) -> None:
    async with page_server() as page:
        code, _, err = await in_a_shell(tmp_path, page.url, "ask >&-")
        nothing_said = await in_a_shell(tmp_path, page.url, "ask >/dev/null")
    assert code == 1
    assert err == "isclaudedown: standard output is closed, so the answer has nowhere to go\n"
    assert nothing_said == (0, "", "")


async def test_a_doctor_that_is_cut_off_closes_what_it_opened(tmp_path: Path) -> None:
    async with page_server() as page:
        _, out, err = await in_a_shell(tmp_path, page.url, "doctor | head -n 5")
    assert out.splitlines()[4].startswith("✓ redis")  # which is open then
    assert err == ""


async def in_a_shell(folder: Path, page: str, words: str) -> tuple[int, str, str]:
    ran = await asyncio.to_thread(
        subprocess.run,
        ["/bin/sh", "-c", f"exec '{sys.executable}' -m bot {words}"],
        cwd=folder,
        env=environment(folder, page),
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr
