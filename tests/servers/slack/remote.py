"""The other end of `/control/`: a Slack that runs as its own process, steered from a test."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.servers.slack.world import Json


class RemoteSlack:
    """Reads and steers the server at `url`."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    async def read(self, what: str, **query: str) -> Any:
        """`messages`, `state`, `ephemerals`, `views`, `homes`, `responses` or `log`."""
        async with self._session.get(f"{self.url}/control/{what}", params=query) as answer:
            return await self._body(answer)

    async def do(self, what: str, **body: Any) -> Any:
        """`faults`, `limits`, `clear-faults`, `settings`, `channel`, `command`, `event` ..."""
        async with self._session.post(f"{self.url}/control/{what}", json=body) as answer:
            return await self._body(answer)

    async def messages(self, **query: str) -> list[Json]:
        found: list[Json] = await self.read("messages", **query)
        return sorted(found, key=lambda m: float(m["ts"]))

    @staticmethod
    async def _body(answer: aiohttp.ClientResponse) -> Any:
        if answer.status != 200:
            raise RuntimeError(await answer.text())
        return await answer.json()


@asynccontextmanager
async def slack_process(*options: str) -> AsyncIterator[RemoteSlack]:
    """`python -m tests.servers.slack` with these options, stopped at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.slack", "--port", "0", *options,
        stdout=asyncio.subprocess.PIPE, env=dict(os.environ),
    )  # fmt: skip
    try:
        if process.stdout is None:
            raise RuntimeError("no standard output")
        url = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
        async with aiohttp.ClientSession() as session:
            yield RemoteSlack(url, session)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
