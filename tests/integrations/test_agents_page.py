"""Every snippet of docs/agents.md, run in order beside the isclaudedown that the first starts."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from tests.end_to_end.harness import environment, until
from tests.integrations.ci import SCRIPT, Ran, action, run, use_action
from tests.integrations.litellm_proxy import CONFIG
from tests.integrations.other_sides import CLAUDE, ROOT, installed, tool
from tests.servers.page import page_server
from tests.servers.redis import free_ports

PAGE = ROOT / "docs" / "agents.md"
TOKEN = "t0ken"
BATCH = "the batch ran\n"
OVERLOADED = 'API Error: 529 {"type":"error","error":{"type":"overloaded_error"}}'


def snippets(page: Path = PAGE) -> list[tuple[str, str]]:
    """The fenced blocks of the page: language and text."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


@dataclass
class Reader:
    """Somebody who follows the page: a folder, a home, and the address of their isclaudedown."""

    folder: Path
    url: str = ""
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False))

    async def types(self, snippet: str) -> Ran:
        """Run a snippet in bash, with what the reader has by then."""
        return await run(
            *("bash", "-euo", "pipefail", "-c", snippet),
            cwd=self.folder,
            HOME=str(self.folder),
            ISCLAUDEDOWN_DATA_DIR=str(self.folder / "data"),
            ISCLAUDEDOWN_URL=self.url,
            ISCLAUDEDOWN_HTTP_TOKEN=TOKEN,
        )

    async def evidence(self) -> list[str]:
        answer = await self.http.get(f"{self.url}/v1/verdict/api")
        return [piece["source"] for piece in answer.json()["verdicts"][0]["evidence"]]


async def asked(reader: Reader, snippet: str) -> None:
    assert (await reader.types(snippet)).out == "up, retry_now\n"


async def asked_by_command(reader: Reader, snippet: str) -> None:
    ran = await reader.types(snippet)
    assert ran.code == 0, ran.err
    assert "API" in ran.out


async def waited(reader: Reader, snippet: str) -> None:
    ran = await reader.types(snippet)
    assert (ran.code, ran.out.endswith(BATCH)) == (0, True), ran


async def ran_on_github(reader: Reader, snippet: str) -> None:
    ask, work = YAML(typ="safe").load(snippet)["steps"]
    assert ask["uses"] == "OWNER/isclaudedown/integrations/github-action@TAG"
    assert set(ask["with"]) <= set(action()["inputs"])
    ran = await use_action(reader.folder, **(ask["with"] | {"url": reader.url}))
    if_it_goes = re.fullmatch(r"steps\.(\S+)\.outputs\.(\S+) == '(\w+)'", work["if"])
    assert if_it_goes is not None
    step, name, wanted = if_it_goes.groups()
    assert (step, ran.outputs[name]) == (ask["id"], wanted)


async def explained(reader: Reader, snippet: str) -> None:
    assert (await reader.types(snippet)).out.startswith("theirs: ")


async def installed_in_claude_code(reader: Reader, snippet: str) -> None:
    ran = await reader.types(snippet.replace("OWNER/isclaudedown", str(ROOT)))
    assert ran.code == 0, ran.out + ran.err


async def shown_in_the_status_line(reader: Reader, snippet: str) -> None:
    cache = reader.folder / ".cache" / "isclaudedown"
    cache.mkdir(parents=True)
    (cache / "statusline").write_text(f"{int(time.time())}\nClaude: API down\n")
    told = json.loads(snippet)["statusLine"]
    assert told["type"] == "command"
    assert (await reader.types(told["command"])).out == "Claude: API down\n"


async def sent_as_telemetry(reader: Reader, snippet: str) -> None:
    attributes = {"event.name": "api_error", "status_code": "529", "model": "claude-opus-4-6"}
    record = {
        "timeUnixNano": str(time.time_ns()),
        "body": {"stringValue": "claude_code.api_error"},
        "attributes": [
            {"key": key, "value": {"stringValue": value}} for key, value in attributes.items()
        ],
    }
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record] * 8}]}]}
    (reader.folder / "logs.json").write_text(json.dumps(logs))
    send = (
        'curl --fail --silent "$OTEL_EXPORTER_OTLP_LOGS_ENDPOINT" --data @logs.json '
        '-H "Content-Type: application/json" -H "${OTEL_EXPORTER_OTLP_HEADERS/=/: }"'
    )
    assert "traffic" not in await reader.evidence()
    ran = await reader.types(f"{snippet}\n{send}")
    assert ran.code == 0, ran.out + ran.err
    assert "traffic" in await reader.evidence()


async def connected_by_mcp(reader: Reader, snippet: str) -> None:
    ran = await reader.types(f"{snippet}\nclaude mcp list")
    assert f"isclaudedown: {reader.url}/mcp (HTTP) - ✔ Connected" in ran.out.replace("✓", "✔"), ran


async def set_in_litellm(_: Reader, snippet: str) -> None:
    proved = YAML(typ="safe").load(CONFIG.format(claude="", other=""))
    assert YAML(typ="safe").load(snippet) == {"litellm_settings": proved["litellm_settings"]}


async def counted(reader: Reader, snippet: str) -> None:
    assert json.loads((await reader.types(snippet)).out) == {"counted": True}


async def scraped(reader: Reader, snippet: str) -> None:
    shutil.copy(ROOT / "integrations" / "prometheus" / "alerts.yml", reader.folder)
    (reader.folder / "prometheus.yml").write_text(snippet.replace("HOST", "127.0.0.1"))
    ran = await run(tool("promtool"), "check", "config", "prometheus.yml", cwd=reader.folder)
    assert ran.code == 0, ran.out + ran.err


# What a snippet contains → what is done with it.
DONE: dict[str, Callable[[Reader, str], Awaitable[None]]] = {
    '"\\(.severity), \\(.retry.do)"': asked,
    "isclaudedown ask api": asked_by_command,
    "until curl": waited,
    "./isclaudedown.sh wait": waited,
    "integrations/github-action@TAG": ran_on_github,
    "/v1/explain": explained,
    "claude plugin install": installed_in_claude_code,
    '"statusLine"': shown_in_the_status_line,
    "CLAUDE_CODE_ENABLE_TELEMETRY": sent_as_telemetry,
    "claude mcp add": connected_by_mcp,
    "litellm_settings": set_in_litellm,
    "/v1/signals": counted,
    "scrape_configs": scraped,
}


@asynccontextmanager
async def following(folder: Path, first: str) -> AsyncIterator[Reader]:
    """Do what the first snippet says, and have what the others need."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "isclaudedown").write_text(
        f'#!/bin/sh\ncd "{ROOT}" && exec "{sys.executable}" -m bot "$@"\n'
    )
    (folder / "nightly-batch.sh").write_text("#!/bin/sh\necho the batch ran\n")
    for program in (tools / "isclaudedown", folder / "nightly-batch.sh"):
        program.chmod(0o755)
    for name in ("curl", "jq"):
        (tools / name).symlink_to(tool(name))
    (tools / "claude").symlink_to(installed(CLAUDE))
    (folder / "isclaudedown.sh").symlink_to(SCRIPT)
    (folder / "build.log").write_text(f"{OVERLOADED}\nmake: *** [all] Error 1\n")
    (port,) = free_ports(1)
    reader = Reader(folder, f"http://127.0.0.1:{port}")
    async with page_server() as page, reader.http:
        typed = first.replace("8080", str(port)).replace("...", TOKEN)
        surroundings = environment(folder, page.url)
        surroundings["PATH"] = f"{tools}:{surroundings['PATH']}"
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", typed.replace("isclaudedown run", "exec isclaudedown run")),
            env=surroundings,
            stdin=asyncio.subprocess.DEVNULL,
        )
        yield reader
        process.terminate()
        await process.wait()


@pytest.mark.timeout(240)
async def test_every_snippet_does_what_the_page_says(tmp_path: Path) -> None:
    (language, first), *others = snippets()
    assert language == "sh"
    assert "isclaudedown run" in first
    async with following(tmp_path, first) as reader:
        await until(lambda: _up(reader))
        for _, snippet in others:
            (do,) = (do for part, do in DONE.items() if part in snippet)
            await do(reader, snippet)
    done = {part for part in DONE for _, snippet in others if part in snippet}
    assert done == DONE.keys()


async def _up(reader: Reader) -> bool:
    try:
        answer = await reader.http.get(f"{reader.url}/v1/verdict/api")
    except httpx.TransportError:
        return False
    told: dict[str, Any] = answer.json()
    return bool(told["exit_code"] == 0)


def test_the_readmes_give_the_same_lines() -> None:
    on_the_page = {text for _, text in snippets()}
    for name in ("claude-code", "prometheus"):
        in_the_readme = snippets(ROOT / "integrations" / name / "README.md")
        assert in_the_readme
        assert {text for _, text in in_the_readme} <= on_the_page, name
    ((_, steps),) = snippets(ROOT / "integrations" / "github-action" / "README.md")
    used = [step["with"] for step in YAML(typ="safe").load(steps)["steps"] if "uses" in step]
    assert used
    for given in used:
        assert given.keys() <= action()["inputs"].keys()
