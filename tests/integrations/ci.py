"""Runs the scripts of our CI integrations as a CI system would, beside a real isclaudedown."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from ruamel.yaml import YAML

from tests.end_to_end.harness import Program, started, until
from tests.integrations.other_sides import ROOT, tool
from tests.servers.page import PageServer, page_server

ACTION = ROOT / "integrations" / "github-action"
SCRIPT = ROOT / "integrations" / "shell" / "isclaudedown.sh"


@dataclass(frozen=True)
class Ran:
    """How a script ended, and what it said."""

    code: int
    out: str
    err: str
    outputs: Mapping[str, str]


@dataclass
class Instance:
    """A running isclaudedown and the page that it watches."""

    page: PageServer
    bot: Program
    http: httpx.AsyncClient

    @property
    def url(self) -> str:
        return str(self.http.base_url)

    async def says(self, surface: str, severity: str) -> None:
        """Wait until its API says so."""

        async def so() -> bool:
            answer = await self.http.get(f"/v1/verdict/{surface}")
            return bool(answer.json()["verdicts"][0]["severity"] == severity)

        await until(so)


@contextlib.asynccontextmanager
async def instance(folder: Path, **more: str) -> AsyncIterator[Instance]:
    """Start it; its page says that all is well."""
    async with (
        page_server() as page,
        started(folder, page.url, ISCLAUDEDOWN_HTTP_PORT="0", **more) as bot,
    ):
        await bot.logs("http.listening")
        line = next(line for line in bot.err.splitlines() if "http.listening" in line)
        url = f"http://127.0.0.1:{json.loads(line)['port']}"
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            running = Instance(page, bot, http)
            await running.says("api", "up")
            yield running


async def run(*command: str, cwd: Path, **environment: str) -> Ran:
    """Run a command with nothing but the given environment; waiting is made short."""
    tools = cwd / "tools"
    if not tools.exists():
        tools.mkdir()
        for name in ("curl", "jq"):
            (tools / name).symlink_to(tool(name))
        # `sleep 30` of the scripts, as long as a test may wait.
        (tools / "sleep").write_text("#!/bin/sh\nexec /bin/sleep 0.2\n")
        (tools / "sleep").chmod(0o755)
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={"PATH": f"{tools}:{os.environ['PATH']}", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    lines = [line.partition("=") for line in out.decode().splitlines()]
    outputs = {name: value for name, equals, value in lines if equals}
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode(), outputs)


async def script(where: Path, url: str, *words: str) -> Ran:
    """Run the shell script, by a shell that knows nothing but POSIX."""
    return await run(tool("dash"), str(SCRIPT), *words, cwd=where, ISCLAUDEDOWN_URL=url)


def action() -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load(ACTION / "action.yml")
    return read


async def use_action(where: Path, **inputs: str) -> Ran:
    """Run the steps of the action as GitHub does: inputs by `env`, outputs by a file."""
    described = action()
    given = {name: str(row.get("default", "")) for name, row in described["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    (step,) = described["runs"]["steps"]
    environment = {
        name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda m: given[m[1]], text)
        for name, text in step["env"].items()
    }
    (where / "step.sh").write_text(step["run"])
    output = where / "output"
    output.write_text("")
    assert step["shell"] == "bash"
    ran = await run(
        *("bash", "--noprofile", "--norc", "-eo", "pipefail", "step.sh"),
        cwd=where,
        GITHUB_ACTIONS="true",
        GITHUB_ACTION_PATH=str(ACTION),
        GITHUB_OUTPUT=str(output),
        **environment,
    )
    written = dict(line.split("=", 1) for line in output.read_text().splitlines())
    outputs = {
        name: written.get(re.findall(r"outputs\.([a-z-]+)", row["value"])[0], "")
        for name, row in described["outputs"].items()
    }
    return Ran(ran.code, ran.out, ran.err, outputs)
