"""Log lines are events in the past tense with fields: JSON, or text for a person at a terminal.

They go to standard error: standard output belongs to the terminal channel. Nothing that a user
wrote and no token is ever a field. Writing them never waits and never fails: a reader that is slow
or gone costs lines, which are counted, and nothing else. While a person types at a prompt the lines
are kept in `VIEW` instead, so that none stands in the middle of what is typed.
"""

from __future__ import annotations

import io
import logging
import os
import queue
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Stream = TextIO | io.TextIOBase
Listener = Callable[[EventDict], object]
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# Lines that wait for a slow reader of standard error (guess: some seconds of a busy program).
MOST_WAITING = 1000
_ESCAPED = "backslashreplace"  # what an encoding lacks, as Python does on standard error
# Lines that the prompt can show (guess: three screens).
MOST_KEPT = 120


class LogStream(io.TextIOBase):
    """Standard error, written by a thread of its own: what is not read in time is dropped.

    The thread is a daemon: a stuck reader cannot keep the program from ending.
    """

    def __init__(self, stream: TextIO) -> None:
        """`stream` is what it stands for, which nobody writes to any more."""
        self.dropped = 0  # lines since the start
        self._untold = 0  # of these, not yet said in the log
        self._fd = stream.fileno()
        self._encoding = stream.encoding or "utf-8"
        self._begun = ""  # a line without its end
        self._lines: queue.Queue[bytes] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute
        return self._encoding

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        return os.isatty(self._fd)

    def write(self, text: str) -> int:
        with self._lock:
            whole, end, self._begun = (self._begun + text).rpartition("\n")
            if end:
                self._put(whole + end)
        return len(text)

    def flush(self) -> None:
        """Hand on half a line too. Nothing is waited for."""
        with self._lock:
            if self._begun:
                self._put(self._begun)
                self._begun = ""

    def drain(self, seconds: float) -> None:
        """Wait until all is written, but no longer than so many seconds."""
        self.flush()
        deadline = time.monotonic() + seconds
        while self._lines.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.005)

    def _put(self, text: str) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, daemon=True, name="log")
            self._thread.start()
        try:
            self._lines.put_nowait(text.encode(self._encoding, _ESCAPED))
        except queue.Full:
            self.dropped += 1
            self._untold += 1

    def _write_all(self) -> None:
        while True:
            data = self._lines.get()
            try:
                view = memoryview(data)
                while view:
                    try:
                        view = view[os.write(self._fd, view) :]
                    except BlockingIOError:  # somebody made it non-blocking
                        select.select([], [self._fd], [])
            except OSError:  # nobody reads it any more, or its disk is full
                self.dropped += 1
            finally:
                self._lines.task_done()
            if self._untold and self._lines.empty():
                with self._lock:
                    lines, self._untold = self._untold, 0
                structlog.get_logger().warning("log.lines_dropped", lines=lines)


class LogView(io.TextIOBase):
    """The last lines, for whoever sits at the prompt; and their events, for what listens there."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=MOST_KEPT)
        self._listener: Listener | None = None
        self._unheard: deque[EventDict] = deque(maxlen=MOST_KEPT)

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        self.lines += text.splitlines()
        return len(text)

    def listen(self, listener: Listener | None) -> None:
        """Hand every event to the listener from now on, those first that came before it."""
        self._listener = listener
        while listener is not None and self._unheard:
            listener(self._unheard.popleft())

    def heard(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        """Hand on an event, as a processor of structlog."""
        if self._listener is not None:
            self._listener({**event})
        else:
            self._unheard.append({**event})
        return event


VIEW = LogView()


def set_up_logs(
    level: str, form: str, stream: Stream | None = None, *, listening: bool = False
) -> None:
    """`stream` is standard error if not given. `listening`: events go to what listens to `VIEW`.

    `form` is json, text, or auto: text on a terminal and in the view of the prompt. `level` auto is
    info, but warning on a terminal, where the lines stand between what the bot says there.
    """
    stream = stream or sys.stderr
    if level == "auto":
        level = "warning" if stream.isatty() else "info"
    as_text = form == "text" or (form == "auto" and (stream.isatty() or stream is VIEW))
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty() and not os.environ.get("NO_COLOR"))
        if as_text
        else structlog.processors.JSONRenderer()
    )
    heard: list[Processor] = [VIEW.heard] if listening else []
    structlog.configure(
        processors=[*shared, *heard, last],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(stream),  # type: ignore[arg-type]  # a TextIO in all that it uses
        cache_logger_on_first_use=False,
    )
    _adopt_library_logs(stream, [*shared, _without_detail, last])


def _adopt_library_logs(stream: Stream, processors: list[Processor]) -> None:
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
