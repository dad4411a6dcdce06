"""Log lines are events in the past tense with fields: JSON, or text for a person at a terminal.

They go to standard error: standard output belongs to the terminal channel. Nothing that a user
wrote and no token is ever a field.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def set_up_logs(level: str, form: str, stream: TextIO | None = None) -> None:
    """`stream` is standard error if not given.

    `form` is json, text, or auto: text on a terminal. `level` auto is info, but warning on a
    terminal, where the lines stand between what the bot says there.
    """
    stream = stream or sys.stderr
    if level == "auto":
        level = "warning" if stream.isatty() else "info"
    as_text = form == "text" or (form == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty())
        if as_text
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _adopt_library_logs(stream, [*shared, _without_detail, last])


def _adopt_library_logs(stream: TextIO, processors: list[Processor]) -> None:
    """Libraries log by `logging`: their warnings become lines of the same form."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors[:-1],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, processors[-1]],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _without_detail(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A library's traceback may hold addresses with tokens: its type and message are enough."""
    if "exception" in event:
        event["exception"] = str(event["exception"]).strip().splitlines()[-1][:200]
    return event
