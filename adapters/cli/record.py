"""`record` writes down what the page answers, for `replay`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TextIO

import structlog

from adapters.cli.output import write_line
from adapters.providers.opened import page_sources
from adapters.providers.recorder import record_page, recording
from bot.catalog.watched import watched_catalog
from bot.domain.errors import SettingsError
from bot.messages.durations import duration
from bot.ports import Clock
from bot.settings import Settings

log = structlog.get_logger()


async def record(
    settings: Settings,
    out: Path,
    length: timedelta | None,
    stop: asyncio.Event,
    clock: Clock,
    tell: TextIO,
) -> None:
    """Record the first page of the settings until `length` is over or `stop` is set.

    What it does is said to `tell`.

    Raises:
        SettingsError: the file cannot be written.
    """
    catalog = watched_catalog(settings)
    try:
        with recording(out, clock) as recorder:
            async with page_sources(catalog, clock, settings.poll_seconds) as pages:
                page = next(iter(pages.values()))
                recorder.watch = tuple(
                    name for name in settings.providers if name.partition("/")[0] == page.provider
                )
                pause = catalog.provider(page.provider).every
                work = record_page(page, catalog, recorder, pause)
                task = asyncio.create_task(work)
                log.info("record.started", page=page.base_url, file=str(out))
                until = f"for {duration(length)}" if length else "until Ctrl-C"
                every = f"every {pause:g} s"
                write_line(tell, f"Recording {page.base_url} {every} into {out}, {until}.")
                tell.flush()
                with suppress(TimeoutError):
                    async with asyncio.timeout(length.total_seconds() if length else None):
                        # The work ends by itself only if it fails (a full disk).
                        stopped = asyncio.create_task(stop.wait())
                        await asyncio.wait({stopped, task}, return_when=asyncio.FIRST_COMPLETED)
                stopped.cancel()
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}") from None
    log.info("record.done", lines=recorder.lines, file=str(out))
    looks = recorder.look - 1
    answers = f"{recorder.lines} answer{'s' * (recorder.lines != 1)}"
    write_line(
        tell, f"{answers} of {looks} look{'s' * (looks != 1)} written. Play it: replay {out}"
    )
