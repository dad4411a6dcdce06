"""The prompt: the commands of Slack and Discord, typed at a terminal.

Only where somebody sits: standard input and output are both terminals. Log lines do not come here:
`logs` shows them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app_or_none, run_in_terminal
from prompt_toolkit.history import FileHistory
from prompt_toolkit.shortcuts import CompleteStyle

from adapters.terminal.buttons import pressed
from adapters.terminal.completion import PromptCompleter
from adapters.terminal.look import is_dumb
from adapters.terminal.messenger import CONSOLE, Terminal
from bot.commands import Commands, Request
from bot.domain.message import Message, Text
from bot.logs import VIEW
from bot.messages.text import notice

HISTORY = "prompt_history"
PROMPT = "isclaudedown> "
LEAVE = frozenset({"exit", "quit", "q", ":q"})
LOGS = "logs"
LINES_SHOWN = 20


async def converse(commands: Commands, terminal: Terminal, folder: Path) -> None:
    """Take commands until Ctrl-D, Ctrl-C on an empty line, or `exit`. News go above meanwhile."""
    words = PromptCompleter(commands, also=(LOGS, "exit"))
    session: PromptSession[str] = PromptSession(
        history=_PrivateHistory(folder / HISTORY),
        completer=None if is_dumb() else words,
        # Like a shell's: a menu would keep lines empty below the prompt.
        complete_style=CompleteStyle.READLINE_LIKE,
        placeholder=[("fg:ansibrightblack", "Enter asks, help says more")],
    )
    terminal.screen.above = partial(_below_the_line, session) if is_dumb() else run_in_terminal
    try:
        while True:
            await words.learn()
            try:
                # Signals belong to the program; here Ctrl-C is only a key.
                line = await session.prompt_async(PROMPT, handle_sigint=False)
            except EOFError:
                return
            except KeyboardInterrupt:
                if not session.default_buffer.text:
                    return
                continue  # as in a shell: the half line is dropped
            if line.strip().casefold() in LEAVE:
                return
            await terminal.tell(await _answer(line, commands))
    finally:
        terminal.screen.above = None


class _PrivateHistory(FileHistory):
    """The lines that somebody typed, in a file that is theirs alone."""

    def __init__(self, file: Path) -> None:
        descriptor = os.open(file, os.O_CREAT | os.O_WRONLY, 0o600)
        os.fchmod(descriptor, 0o600)  # it may be there, for everybody
        os.close(descriptor)
        super().__init__(file)


async def _below_the_line(session: PromptSession[str], work: Callable[[], None]) -> None:
    """On a terminal that erases nothing: show it below what is being typed, and that once more."""
    app = get_app_or_none()
    is_typing = app is not None and app.is_running
    if is_typing:
        session.output.write("\r\n")
        session.output.flush()
    work()
    if is_typing:
        session.output.write(PROMPT + session.default_buffer.text)
        session.output.flush()


async def _answer(line: str, commands: Commands) -> Message:
    person = os.environ.get("USER") or "you"
    if line.strip().casefold() == LOGS:
        lines = tuple((Text(one),) for one in [*VIEW.lines][-LINES_SHOWN:])
        nothing = "Nothing is logged here (perhaps standard error goes elsewhere)"
        return notice("The last lines of the log", *lines) if lines else notice(nothing)
    request = Request(CONSOLE, "local", person, line)
    if button := pressed(line):
        return (await commands.press(request, *button)).message
    # One person sits here: the public line would only repeat the answer.
    return (await commands.answer(request)).message
