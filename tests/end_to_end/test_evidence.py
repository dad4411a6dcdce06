"""The whole program with its HTTP API on: from a gateway's counts to a thread, and to a script."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from tests.end_to_end.slack_program import PATIENCE, ROOT, Program, program
from tests.servers.page import PageServer, page_server
from tests.servers.probe import ProbeServer
from tests.servers.statuspage import API

FAILING = {"counts": [{"surface": "api", "outcomes": {"529": 95, "2xx": 5}}]}
WELL = {"counts": [{"surface": "api", "outcomes": {"2xx": 4000}}]}


@asynccontextmanager
async def running(
    folder: Path, page: PageServer, more: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[tuple[Program, httpx.AsyncClient]]:
    """The program, speaking on the terminal, and a client of its API that may write."""
    settings = {
        "ISCLAUDEDOWN_PAGE_URL": page.url,
        "ISCLAUDEDOWN_HTTP_PORT": "0",
        "ISCLAUDEDOWN_HTTP_TOKEN": "t0ken",
        "ISCLAUDEDOWN_WEBHOOK_SECRET": "s3cret",
        "ISCLAUDEDOWN_TERMINAL": "on",
        **more,
    }
    async with program(folder, settings) as bot:
        await bot.says("http.listening")
        line = next(line for line in bot.log if "http.listening" in line)
        headers = {"Authorization": "Bearer t0ken"}
        url = f"http://127.0.0.1:{json.loads(line)['port']}"
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as http:
            yield bot, http


async def verdict(http: httpx.AsyncClient, surface: str = "api") -> dict[str, Any]:
    answer = await http.get(f"/v1/verdict/{surface}")
    found: dict[str, Any] = answer.json()["verdicts"][0]
    return found


async def until_ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(PATIENCE):
        # Another process, which has no event for us.
        while (await http.get("/ready")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.fixture
async def page() -> AsyncIterator[PageServer]:
    async with page_server() as server:
        yield server


async def test_failing_traffic_opens_a_suspicion_that_the_page_then_confirms(
    tmp_path: Path, page: PageServer
) -> None:
    async with running(tmp_path, page) as (bot, http):
        await until_ready(http)
        assert (await verdict(http))["severity"] == "up"

        assert (await http.post("/v1/signals", json=FAILING)).status_code == 202
        await bot.says('"kind": "opened"')
        now = await verdict(http)
        assert (now["severity"], now["suspected"]) == ("degraded", True)

        page.page.open("Elevated errors", {API: "partial_outage"})
        await http.post("/hooks/statuspage/s3cret", json={"page": {"id": "tymt9n04zgry"}})
        await bot.says('"kind": "confirmed"')
        now = await verdict(http)
        assert (now["severity"], now["suspected"]) == ("partial_outage", False)
        assert now["retry"]["do"] == "back_off"
        board = (await http.get("/v1/scoreboard")).json()
        assert board["counts"]["lead"] == 1
        metrics = (await http.get("/metrics")).text
        assert 'isclaudedown_incidents_open{provider="claude"} 1.0' in metrics
        assert 'isclaudedown_queue_pending{platform="terminal"}' in metrics
        assert 'isclaudedown_polls_total{outcome="good",provider="claude"}' in metrics
        assert await bot.stop() == 0


async def test_what_is_suspected_survives_a_kill_and_is_told_once(
    tmp_path: Path, page: PageServer
) -> None:
    async with running(tmp_path, page) as (bot, http):
        await until_ready(http)
        await http.post("/v1/signals", json=FAILING)
        await bot.says('"kind": "opened"')
        await bot.kill()
    async with running(tmp_path, page) as (bot, http):
        await until_ready(http)
        assert (await verdict(http))["suspected"]
        assert not any('"kind": "opened"' in line for line in bot.log)


async def ask(folder: Path, page: PageServer, *words: str) -> tuple[int, str]:
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("ISCLAUDEDOWN_")},
        "PYTHONPATH": str(ROOT),
        "ISCLAUDEDOWN_DATA_DIR": str(folder / "other"),
        "ISCLAUDEDOWN_PAGE_URL": page.url,
        "ISCLAUDEDOWN_POLL_SECONDS": "0.2",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "ask", *words),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_ask_wait_returns_at_once_when_all_is_up(tmp_path: Path, page: PageServer) -> None:
    code, out = await ask(tmp_path, page, "api", "--wait", "--json")

    assert code == 0
    assert json.loads(out)["verdicts"][0]["severity"] == "up"


async def test_ask_wait_returns_when_it_is_back(tmp_path: Path, page: PageServer) -> None:
    outage = page.page.open("down", {API: "major_outage"})

    async def mend() -> None:
        await page.asked(2)
        page.page.resolve(outage)

    mending = asyncio.create_task(mend())
    code, _ = await ask(tmp_path, page, "api", "--wait")

    await mending
    assert code == 0


async def test_ask_wait_gives_up_with_the_present_code(tmp_path: Path, page: PageServer) -> None:
    page.page.open("down", {API: "major_outage"})

    code, out = await ask(tmp_path, page, "api", "--wait", "--at-most", "1s", "--json")

    assert code == 20
    assert json.loads(out)["exit_code"] == 20


PROBES = """
[[claude.probe]]
name = "the API"
url = "{api}/v1/models"
kind = "api"
surfaces = ["api", "code"]

[[claude.probe]]
name = "a neutral site"
url = "{neutral}/"
kind = "control"
"""


@asynccontextmanager
async def probing(
    folder: Path, page: PageServer, api: ProbeServer, neutral: ProbeServer
) -> AsyncIterator[tuple[Program, httpx.AsyncClient]]:
    rows = folder / "probes.toml"
    rows.write_text(PROBES.format(api=api.url, neutral=neutral.url))
    settings = {
        "ISCLAUDEDOWN_PROBES": "true",
        "ISCLAUDEDOWN_PROBE_FILE": str(rows),
        "ISCLAUDEDOWN_PROBE_SECONDS": "0.1",
    }
    async with running(folder, page, settings) as (bot, http):
        await until_ready(http)
        yield bot, http


async def test_a_probe_alone_that_keeps_failing_fast_opens_a_suspicion(
    tmp_path: Path, page: PageServer
) -> None:
    async with (
        ProbeServer() as api,
        ProbeServer(mode="page") as neutral,
        probing(tmp_path, page, api, neutral) as (bot, http),
    ):
        for _ in range(400):  # what never answered would prove nothing
            if any(piece["source"] == "probe" for piece in (await verdict(http))["evidence"]):
                break
            await asyncio.sleep(0.05)
        api.mode = "overloaded"
        await bot.says('"kind": "opened"')

        found = await verdict(http, "code")
        assert found["suspected"]
        assert any("answers 529 overloaded_error" in e["says"] for e in found["evidence"])


async def test_a_cut_of_our_own_network_is_said_and_accuses_nobody(
    tmp_path: Path, page: PageServer
) -> None:
    async with (
        ProbeServer() as api,
        ProbeServer(mode="page") as neutral,
        probing(tmp_path, page, api, neutral) as (bot, http),
    ):
        await api.stop()
        await neutral.stop()
        await bot.says("probes.own_network_fails")
        await page.asked(10)

        assert not (await verdict(http))["suspected"]
        assert not any('"kind": "opened"' in line for line in bot.log)
