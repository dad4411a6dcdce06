"""The terminal's row in the table of platforms: the prompt that the program was started from."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from adapters.chat.platform import OpenPlatform, Parts, Platform


def _open(parts: Parts) -> AbstractAsyncContextManager[OpenPlatform]:
    from adapters.terminal.platform import open_console

    return open_console(parts)


TERMINAL = Platform(
    name="terminal",
    label="The terminal",
    settings=None,
    is_wanted=lambda settings: settings.speaks_on_terminal,
    open=_open,
)
