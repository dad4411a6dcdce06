"""Writes what a page answers, look by look, as `replay` reads it.

One JSON object a line: `{"observed_at", "look", "url", "status", "headers", "body"}`, the body as
JSON where it is JSON and as text where it is not. `watch` names the provider
as the settings do. `look` numbers the looks of this recording: the
answers of one look belong together. Status 304 stands for the same body as before, and
has none. A look that failed has one more line, with status 0 and the reason under `"error"`. A
`.gz` name compresses. Lines are flushed as they come: a recording that is cut short is a shorter
recording.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from adapters.providers.documents import decoded
from adapters.providers.http import HttpAnswer, StatusPage
from bot.catalog.catalog import Catalog
from bot.domain.errors import BotError, SourceError
from bot.engine.endings import needed_lists
from bot.engine.step import step
from bot.ports import Clock

# The headers that tell something of the page; the others are noise, or name our own network.
KEPT_HEADERS = ("date", "etag", "content-type", "retry-after", "cache-control", "age", "location")


@dataclass(slots=True)
class Recorder:
    """Appends lines to an open file."""

    file: IO[str]
    clock: Clock
    lines: int = 0
    look: int = 1
    watch: tuple[str, ...] = ()  # as the settings name what is watched

    def heard(self, answer: HttpAnswer) -> None:
        headers = {k: v for k, v in answer.headers.items() if k.lower() in KEPT_HEADERS}
        body: object = decoded(answer.body)
        with suppress(ValueError):  # no JSON: kept as text
            body = json.loads(str(body))
        self._write(url=answer.url, status=answer.status, headers=headers, body=body)

    def failed(self, url: str, error: SourceError) -> None:
        self._write(url=url, status=0, headers={}, body="", error=str(error))

    def _write(self, **fields: Any) -> None:  # noqa: ANN401 (JSON of any kind)
        at = self.clock().isoformat().replace("+00:00", "Z")
        line = {"observed_at": at, "look": self.look, "watch": self.watch, **fields}
        self.file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.file.flush()
        self.lines += 1


@contextmanager
def recording(path: Path, clock: Clock) -> Iterator[Recorder]:
    """Open `path` for adding to it; a `.gz` is a member of its own each time, as gzip allows.

    Raises:
        OSError: the file cannot be written.
        BotError: what was written to it before was cut off.
    """
    _mend(path)
    opened: IO[str]
    if path.suffix == ".gz":
        opened = gzip.open(path, "at", encoding="utf-8")  # noqa: SIM115 (closed below)
    else:
        opened = path.open("a", encoding="utf-8")
    with opened as file:
        yield Recorder(file, clock)


def _mend(path: Path) -> None:
    """Take away the half line that a recorder which was killed left at the end."""
    if not path.is_file():
        return
    if path.suffix == ".gz":
        try:
            with gzip.open(path) as file:
                while file.read(1 << 20):
                    pass
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise BotError(f"{path} was cut off: write to another file") from None
        return
    with path.open("rb+") as file:
        written = file.read()
        whole = written.rfind(b"\n") + 1
        if written[whole:].startswith(b'{"observed_at"'):
            file.truncate(whole)


async def record_page(
    page: StatusPage, catalog: Catalog, recorder: Recorder, poll_seconds: float
) -> None:
    """Look again and again, as the watcher would, until cancelled."""
    page.heard = recorder.heard
    state = None
    while True:
        try:
            snapshot = await page.poll(partial(needed_lists, state, now=page.clock()))
            state, _ = step(state, snapshot, page.clock(), catalog)
            wait = poll_seconds
        except SourceError as error:
            recorder.failed(page.base_url, error)
            wait = max(poll_seconds, error.retry_after or 0)
        recorder.look += 1
        await asyncio.sleep(wait)
