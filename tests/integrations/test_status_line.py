"""Claude Code's status line: the script that shows it, and the command that writes it."""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path

import pytest

from tests.end_to_end.harness import command, until
from tests.integrations.ci import Ran, instance, run
from tests.integrations.claude_code import PLUGIN
from tests.integrations.other_sides import tool
from tests.servers.page import page_server
from tests.servers.redis import free_ports
from tests.servers.statuspage import API
from tests.shared import shared_path

SCRIPT = PLUGIN / "statusline.sh"
# Stands for a refresh that hangs: it says that it began, and ends only when it may.
HANGING = '#!/bin/sh\necho "$*" >> began\nuntil [ -e may_end ]; do /bin/sleep 0.05; done\n'


async def show(where: Path, program: str | None = HANGING, **more: str) -> Ran:
    """Run the script as Claude Code does, with this program as isclaudedown."""
    ours = where / "ours"
    ours.mkdir(exist_ok=True)
    if program is not None:
        (ours / "isclaudedown").write_text(program)
        (ours / "isclaudedown").chmod(0o755)
    path = f"{ours}:/usr/bin:/bin"
    cache = {"XDG_CACHE_HOME": str(where / "cache"), "HOME": str(where)}
    return await run(tool("dash"), str(SCRIPT), cwd=where, **cache, **more | {"PATH": path})


def cached(where: Path, text: str, *, age: int = 0) -> None:
    folder = where / "cache" / "isclaudedown"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "statusline").write_text(f"{int(time.time()) - age}\n{text}\n")


async def began(where: Path) -> int:
    """How many refreshes began, once there is one."""

    file = where / "began"

    async def any_did() -> bool:
        return file.exists() and file.read_text().endswith("\n")  # it is made before it is written

    await until(any_did)
    return len(file.read_text().splitlines())


async def test_a_fresh_line_is_shown_and_nothing_is_asked(tmp_path: Path) -> None:
    cached(tmp_path, "Claude: API down")
    ran = await show(tmp_path)
    assert (ran.code, ran.out, ran.err) == (0, "Claude: API down\n", "")
    assert not (tmp_path / "began").exists()


async def test_all_well_is_empty(tmp_path: Path) -> None:
    cached(tmp_path, "")
    assert (await show(tmp_path)).out == ""


async def test_it_never_waits_for_a_refresh_and_starts_one_only(tmp_path: Path) -> None:
    cached(tmp_path, "Claude: API down", age=90)
    # It comes back although what it started hangs.
    for _ in range(5):
        assert (await show(tmp_path)).out == "Claude: API down\n"
    assert await began(tmp_path) == 1
    (tmp_path / "may_end").touch()


async def test_a_refresh_outlives_the_status_line(tmp_path: Path) -> None:
    cached(tmp_path, "", age=90)
    await show(tmp_path)
    await began(tmp_path)
    assert (tmp_path / "began").read_text() == "statusline --refresh\n"
    (tmp_path / "may_end").touch()


async def test_what_was_not_seen_for_long_is_not_called_up(tmp_path: Path) -> None:
    cached(tmp_path, "", age=730)
    assert (await show(tmp_path)).out == "Claude: not seen for 12 min\n"
    (tmp_path / "may_end").touch()


async def test_at_first_there_is_nothing_to_show(tmp_path: Path) -> None:
    ran = await show(tmp_path)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert await began(tmp_path) == 1
    (tmp_path / "may_end").touch()


async def test_a_missing_program_is_said(tmp_path: Path) -> None:
    assert (await show(tmp_path, None)).out == "isclaudedown is not on the PATH\n"


@pytest.mark.parametrize("content", ["", "x", "$(touch x)\n`touch x`\n", "9" * 30, "\0\n\0\n"])
async def test_a_damaged_file_harms_nothing(content: str, tmp_path: Path) -> None:
    cached(tmp_path, "")
    (tmp_path / "cache" / "isclaudedown" / "statusline").write_text(content)
    (tmp_path / "cache" / "isclaudedown" / "refreshing").write_text(content)
    assert (await show(tmp_path)).code == 0
    assert not (tmp_path / "x").exists()
    (tmp_path / "may_end").touch()


async def test_it_is_no_wider_than_the_terminal(tmp_path: Path) -> None:
    cached(tmp_path, "Claude: API partly down")
    assert (await show(tmp_path, COLUMNS="11")).out == "Claude: API\n"


@pytest.mark.parametrize("name", ["pro_opus", "api_sonnet", "vertex_opus"])
async def test_recorded_input_is_taken(name: str, tmp_path: Path) -> None:
    sample = shared_path(f"samples/claude-code/statusline_{name}.json")
    cached(tmp_path, "Claude: API down")
    shell = f'"{tool("dash")}" "{SCRIPT}" < "{sample}"'
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    assert (await run("sh", "-c", shell, cwd=tmp_path, **cache)).out == "Claude: API down\n"


async def test_the_command_writes_what_the_script_shows(tmp_path: Path) -> None:
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    async with page_server() as page:
        said = await command(tmp_path, page.url, "statusline", "--refresh", **cache)
        assert (said.code, said.out, said.err) == (0, "", "")
        assert (await show(tmp_path)).out == ""

        page.page.open("Errors", {API: "partial_outage"})
        await command(tmp_path, page.url, "statusline", "--refresh", **cache)
        shown = (await show(tmp_path)).out
        assert re.fullmatch(r"Claude: API partly down, retry in \d+ min \(page\)\n", shown), shown
        assert (await command(tmp_path, page.url, "statusline", **cache)).out == shown
        assert (await command(tmp_path, page.url, "statusline", "claude.ai")).out == ""
    left = await asyncio.to_thread(os.listdir, tmp_path / "cache" / "isclaudedown")
    assert left == ["statusline"], "nothing unfinished, and no refresh was needed"


async def test_a_running_instance_is_asked_where_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "bot").mkdir()
    async with instance(tmp_path / "bot") as running:
        running.page.page.open("Errors", {API: "major_outage"})
        await running.says("api", "major_outage")
        there = {"ISCLAUDEDOWN_URL": running.url}
        # The page itself is not asked: there is none at this address.
        said = await command(tmp_path, "http://127.0.0.1:9", "statusline", **there)
    assert said.out == "Claude: API down, retry in 15 min (page)\n"

    (port,) = free_ports(1)
    nobody = {"ISCLAUDEDOWN_URL": f"http://127.0.0.1:{port}"}
    said = await command(tmp_path, "http://127.0.0.1:9", "statusline", **nobody)
    assert said.out == "isclaudedown does not answer\n"


async def test_a_word_that_is_no_surface_is_told(tmp_path: Path) -> None:
    said = await command(tmp_path, "http://127.0.0.1:9", "statusline", "apiary")
    assert (said.code, said.out) == (2, "")
    assert "'apiary' is no surface" in said.err
