"""Errors as the operator reads them when a command fails: one sentence, never a traceback."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator

from bot.domain.errors import BotError, StoreError


def in_a_sentence(error: BaseException) -> str:
    """Return what went wrong, and where in the code it did if that is a fault of ours."""
    every = list(_leaves(error))
    for one in every:
        if isinstance(one, StoreError) and one.advice:
            return f"{one}. {one.advice}"
        if isinstance(one, BotError):
            return str(one)
    for one in every:
        if isinstance(one, OSError) and one.strerror:
            name = errno.errorcode.get(one.errno or 0, "error")
            file = f" ({one.filename})" if isinstance(one.filename, str) else ""
            return f"the system refused something: {one.strerror}{file} [{name}]"
    return (
        f"a fault of ours ({where(every[0])}). Please report it; "
        "ISCLAUDEDOWN_LOG_LEVEL=debug shows the whole of it."
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that a group (of tasks that failed) is made of."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def where(error: BaseException) -> str:
    """Return its type and place, without its text: that may hold a token, or a person's words."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
