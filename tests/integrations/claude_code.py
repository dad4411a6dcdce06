"""Claude Code's own command line in a home of its own, with no account and no way out."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.integrations.ci import Ran
from tests.integrations.other_sides import CLAUDE, ROOT, installed
from tests.servers.models import OVERLOADED

PLUGIN = ROOT / "integrations" / "claude-code"


@dataclass
class Outside:
    """All that Claude Code can reach: an overloaded API, and what is sent to isclaudedown."""

    url: str = ""
    asked: int = 0  # times for an answer of a model
    signals: list[tuple[str, object]] = field(default_factory=list)  # token, body
    signalled: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/v1/signals":
            self.signals.append((request.headers["Authorization"], await request.json()))
            self.signalled.set()
            return web.json_response({"counted": True}, status=202)
        self.asked += request.path == "/v1/messages"
        return web.json_response(OVERLOADED, status=529)


@contextlib.asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    world = Outside()
    app = web.Application(client_max_size=10_000_000)
    app.router.add_route("*", "/{any:.*}", world.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        world.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield world
    finally:
        await runner.cleanup()


def surroundings(home: Path, url: str) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "sk-ant-nobody",
        "CLAUDE_CODE_MAX_RETRIES": "0",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "ISCLAUDEDOWN_URL": url,
    }


async def claude(home: Path, *words: str, url: str = "http://127.0.0.1:9") -> Ran:
    """Run a command of it to its end."""
    process = await asyncio.create_subprocess_exec(
        *(str(installed(CLAUDE)), *words),
        env=surroundings(home, url),
        cwd=home,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode(), {})


@contextlib.asynccontextmanager
async def failed_turn(home: Path, world: Outside, **environment: str) -> AsyncIterator[None]:
    """A session with our plugin in which one turn has failed; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        *(str(installed(CLAUDE)), "-p", "--plugin-dir", str(PLUGIN), "--verbose"),
        *("--input-format", "stream-json", "--output-format", "stream-json"),
        env=surroundings(home, world.url) | environment,
        cwd=home,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1_000_000,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    said = {"type": "user", "message": {"role": "user", "content": "s3cret question"}}
    process.stdin.write(json.dumps(said).encode() + b"\n")
    await process.stdin.drain()
    try:
        async for line in process.stdout:
            if (told := json.loads(line))["type"] == "result":
                assert told["api_error_status"] == 529, told
                break
        yield
    finally:
        process.stdin.close()
        await process.communicate()
