"""`demo`: a recorded outage, played in the prompt in a minute by the program itself.

A server on the loopback answers like Claude's page on that day, only faster; the program watches
it as it would watch the real one, with a store of its own in a folder that is deleted afterwards.
Nothing of the operator's settings is read, and nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, TextIO

from adapters.chat.platform import Platform
from bot.ports import Clock
from bot.settings import Settings

Json = dict[str, Any]

QUIET = 0.1  # of the whole: nothing is wrong yet, so that there is something to compare with
AFTERWARDS = 5.0  # seconds to read the end
BEGIN = """\
  A recorded outage of Claude, 28 April 2026: 94 minutes in {seconds:.0f} seconds.
  Nothing leaves this machine. Meanwhile type what you like: api · why · history · help
  or open the page, whose address comes below.
"""
END = """
  That was it: one thread, told once, quiet otherwise. On the real page: isclaudedown run
"""


async def demo(
    run: Callable[[Settings, asyncio.Event], Awaitable[None]],
    platforms: Sequence[Platform],
    seconds: float,
    clock: Clock,
    out: TextIO,
    stop: asyncio.Event,
) -> None:
    """Play the outage in so many seconds, then set `stop`."""
    out.write(BEGIN.format(seconds=seconds))
    out.flush()
    with tempfile.TemporaryDirectory(prefix="isclaudedown-demo-") as folder:
        async with served(seconds, clock) as (address, polled):
            settings = Settings.apart(
                [row.settings for row in platforms if row.settings is not None],
                page_url=address,
                data_dir=Path(folder),
                poll_seconds=min(0.5, seconds / 60),
                probes=False,
                terminal="on",
                http_port=0,  # the page too, at any free port of this machine
            )

            async def end() -> None:
                await polled.wait()
                await asyncio.sleep(seconds + AFTERWARDS)
                stop.set()

            ending = asyncio.create_task(end())
            try:
                await run(settings, stop)
            finally:
                ending.cancel()
                with suppress(asyncio.CancelledError):
                    await ending
    out.write(END)
    out.flush()


@dataclass(frozen=True, slots=True)
class Recorded:
    """An outage that begins at `begins` and takes `length` seconds, whatever it took then."""

    story: Json
    begins: datetime
    length: float

    @classmethod
    def load(cls, begins: datetime, length: float) -> Recorded:
        text = files("adapters.cli").joinpath("demo.json").read_text(encoding="utf-8")
        return cls(json.loads(text), begins, length)

    def answer(self, path: str, now: datetime) -> Json | None:
        """Return what the page answers at this moment; None where it has no such document."""
        page = {"page": {**self.story["page"], "updated_at": _iso(now)}}
        incident = self._incident(now)
        match path:
            case "/api/v2/summary.json":
                running = [incident] if incident and incident["status"] != "resolved" else []
                states = self._components(now)
                return page | {
                    "components": states,
                    "incidents": running,
                    "scheduled_maintenances": [],
                    "status": {"indicator": "major" if running else "none", "description": ""},
                }
            case "/api/v2/incidents.json":
                return page | {"incidents": [incident] if incident else []}
            case "/api/v2/scheduled-maintenances.json":
                return page | {"scheduled_maintenances": []}
        return None

    def _posted(self, now: datetime) -> list[tuple[datetime, Json]]:
        """The updates until now, oldest first, with their time in the demonstration."""
        updates = self.story["updates"]
        times = [datetime.fromisoformat(update["at"]) for update in updates]
        whole = times[-1] - times[0]
        moments = [
            self.begins + (at - times[0]) / whole * timedelta(seconds=self.length) for at in times
        ]
        return [(at, one) for at, one in zip(moments, updates, strict=True) if at <= now]

    def _components(self, now: datetime) -> list[Json]:
        states = {row["id"]: ("operational", self.begins) for row in self.story["components"]}
        for at, update in self._posted(now):
            states |= {component: (state, at) for component, state in update["to"].items()}
        return [
            {
                **row,
                "status": states[row["id"]][0],
                "updated_at": _iso(states[row["id"]][1]),
                "created_at": _iso(self.begins),
                "position": position,
                "group": False,
                "group_id": None,
                "only_show_if_degraded": False,
            }
            for position, row in enumerate(self.story["components"], 1)
        ]

    def _incident(self, now: datetime) -> Json | None:
        posted = self._posted(now)
        if not posted:
            return None
        begun, (ended, newest) = posted[0][0], posted[-1]
        states = {row["id"]: "operational" for row in self.story["components"]}
        names = {row["id"]: row["name"] for row in self.story["components"]}
        updates = []
        for at, update in posted:
            changes = [
                {"code": code, "name": names[code], "old_status": states[code], "new_status": state}
                for code, state in update["to"].items()
            ]
            states |= update["to"]
            moment = dict.fromkeys(("created_at", "updated_at", "display_at"), _iso(at))
            told = {key: update[key] for key in ("id", "status", "body")}
            updates.append(told | moment | {"affected_components": changes})
        affected = {code for _, update in posted for code in update["to"]}
        return {
            **self.story["incident"],
            "status": newest["status"],
            "created_at": _iso(begun),
            "started_at": _iso(begun),
            "updated_at": _iso(ended),
            "resolved_at": _iso(ended) if newest["status"] == "resolved" else None,
            "components": [row for row in self._components(now) if row["id"] in affected],
            "incident_updates": updates[::-1],
        }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@asynccontextmanager
async def served(seconds: float, clock: Clock) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Serve the page on the loopback; yields its address, and what is set when it is polled.

    The play begins with the first request, however long the program took to start.
    """
    polled = asyncio.Event()
    playing: list[Recorded] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not playing:
            begins = clock() + timedelta(seconds=QUIET * seconds)
            playing.append(Recorded.load(begins, (1 - QUIET) * seconds))
            polled.set()
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            request = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)
            document = playing[0].answer(request[1].decode("ascii", "replace"), clock())
            body = json.dumps(document).encode()
            status = "404 Not Found" if document is None else "200 OK"
            head = (
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", polled
