"""What an operator reads when a command fails: one sentence, never a traceback."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator

from bot.domain.errors import BotError


def in_a_sentence(error: BaseException) -> str:
    """What went wrong, and where it is a fault of ours, where that is."""
    every = list(_leaves(error))
    on_purpose = [one for one in every if isinstance(one, BotError)]
    if on_purpose:
        return str(on_purpose[0])
    system = [one for one in every if isinstance(one, OSError) and one.strerror]
    if system:
        return _of_the_system(system[0])
    return _of_ours(every[0])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors that a group (of tasks that failed) is made of."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def _of_the_system(error: OSError) -> str:
    name = errno.errorcode.get(error.errno or 0, "error")
    file = f" ({error.filename})" if isinstance(error.filename, str) else ""
    return f"the system refused something: {error.strerror}{file} [{name}]"


def _of_ours(error: BaseException) -> str:
    return (
        f"a fault of ours ({where(error)}). Please report it; "
        "ISCLAUDEDOWN_LOG_LEVEL=debug shows the whole of it."
    )


def where(error: BaseException) -> str:
    """Its type and its place, without its text: that may hold a token, or what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
