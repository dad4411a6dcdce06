"""The program as its command starts it, on a local Discord and a local status page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.discord import DiscordServer, Interaction, serve
from tests.servers.discord.interactions import visible_text
from tests.servers.discord.permissions import mask
from tests.servers.page import PageServer, page_server

PATIENCE = 60.0
MANAGER = mask("manage_guild", "view_channel", "send_messages")


ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Town:
    """A Discord, a page, a folder for the bot's data, and the bot when it runs."""

    discord: DiscordServer
    page: PageServer
    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    guild: int = 0

    async def start(self, *, connects: bool = True) -> None:
        """Start the program and return when it is connected and its commands are there.

        `connects`: it is to hold a shard; a replica may find none.
        """
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("ISCLAUDEDOWN_")},
            "PYTHONPATH": str(ROOT),
            "ISCLAUDEDOWN_DATA_DIR": str(self.folder / "data"),
            "ISCLAUDEDOWN_PAGE_URL": self.page.url,
            "ISCLAUDEDOWN_POLL_SECONDS": "0.2",
            "ISCLAUDEDOWN_PROBES": "false",
            "ISCLAUDEDOWN_HTTP_PORT": "0",
            "DISCORD_TOKEN": self.discord.token,
            "DISCORD_API_URL": self.discord.url,
            **self.extra,
        }
        before = self.discord.gateway.identifies
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
            )
        if connects:
            await self.until(lambda: self.discord.gateway.identifies > before)
        await self.until(lambda: bool(self.discord.world.commands))
        async with asyncio.timeout(PATIENCE):
            await self.page.asked(2)

    async def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            code = await self.process.wait()
        self.process = None
        return code

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()
        self.process = None

    async def until(self, true: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Return when it is true; fails with the log's end after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    assert self.process is None or self.process.returncode is None, self.log
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"it never came true; the log says:\n{self.log}") from None

    @property
    def log(self) -> str:
        """The end of all that it said."""
        return self.said[-4000:]

    @property
    def said(self) -> str:
        """Everything it said: its log, and the terminal's lines."""
        return (self.folder / "log").read_text()

    async def watch(self, channel: int, sub: str, /, **options: Any) -> Interaction:
        world = self.discord.world
        made = await self.discord.users.slash(
            "claudewatch",
            world.channels[channel],
            world.owner,
            sub=sub,
            permissions=MANAGER,
            **options,
        )
        return await made.answered(PATIENCE)

    def texts(self, channel: int) -> list[str]:
        """What stands in a channel or thread, as a reader sees it; the oldest first."""
        place = self.discord.world.channels.get(channel)
        found = place.messages.values() if place else ()
        return [visible_text(m.body) for m in sorted(found, key=lambda m: m.id)]


@contextlib.asynccontextmanager
async def town(folder: Path, **extra: str) -> AsyncIterator[Town]:
    async with serve() as discord, page_server() as page:
        here = Town(discord, page, folder, extra)
        here.guild = await discord.director.add_guild("acme")
        try:
            yield here
        finally:
            if here.process is not None and here.process.returncode is None:
                await here.kill()
