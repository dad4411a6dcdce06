"""The prompt: the commands of Slack and Discord, typed at a terminal.

Only where somebody sits: standard input and output are both terminals.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.shortcuts import CompleteStyle

from adapters.terminal.messenger import CONSOLE, Terminal
from bot.catalog.names import SEVERITIES
from bot.commands import Commands, Request, table
from bot.commands.table import command_of
from bot.commands.types import Takes

HISTORY = "prompt_history"
_LEAVE = frozenset({"exit", "quit", "q", ":q"})


async def converse(commands: Commands, terminal: Terminal, folder: Path) -> None:
    """Take commands until Ctrl-D, Ctrl-C or `exit`. What is shown meanwhile goes above."""
    session: PromptSession[str] = PromptSession(
        history=_PrivateHistory(str(folder / HISTORY)),
        completer=Words(commands),
        # Like a shell's: a menu would keep lines empty below the prompt.
        complete_style=CompleteStyle.READLINE_LIKE,
        placeholder=[("fg:ansibrightblack", "Enter asks, help says more")],
    )
    terminal.screen.above = _above
    try:
        # Stray lines (logs) go above the prompt as well.
        with patch_stdout(raw=True):
            while (line := await _ask(session)) is not None:
                await _obey(line, commands, terminal)
    finally:
        terminal.screen.above = None


class _PrivateHistory(FileHistory):
    """What somebody typed is for nobody else: the file is theirs alone."""

    def store_string(self, string: str) -> None:
        descriptor = os.open(self.filename, os.O_CREAT | os.O_WRONLY, 0o600)
        os.close(descriptor)
        super().store_string(string)


async def _above(work: Callable[[], None]) -> None:
    await run_in_terminal(work)


async def _ask(session: PromptSession[str]) -> str | None:
    """One line; None: they want to leave."""
    try:
        # Signals belong to the program; here Ctrl-C is only a key.
        line = await session.prompt_async("isclaudedown> ", handle_sigint=False)
    except (EOFError, KeyboardInterrupt):
        return None
    return None if line.strip().casefold() in _LEAVE else line


async def _obey(line: str, commands: Commands, terminal: Terminal) -> None:
    person = os.environ.get("USER") or "you"
    answer = await commands.answer(Request(CONSOLE, "local", person, line))
    # One person sits here: the public line would only repeat the answer.
    await terminal.tell(answer.message)


class Words(Completer):
    """Verbs first, then what may follow them."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        del complete_event
        before, word = _split(document.text_before_cursor)
        sign = word[:1] if word[:1] in {"+", "-"} and before else ""
        for text, meaning in self._offers(before, word.removeprefix(sign)):
            yield Completion(sign + text, -len(word), display_meta=meaning)

    def _offers(self, before: list[str], word: str) -> Iterable[tuple[str, str]]:
        typed = word.casefold()
        command = command_of(before[0]) if before else None
        if not before:
            found = (c for c in table.COMMANDS if c.verb != "ask" and c.verb.startswith(typed))
            yield from ((c.verb, c.help) for c in found)
        if command is None or command.takes_surfaces:
            yield from ((c.value, c.label) for c in self._commands.suggest(word))
        if command is not None and command.takes(Takes.SEVERITY):
            yield from ((s, "severity") for s in SEVERITIES if s.startswith(typed))


def _split(text: str) -> tuple[list[str], str]:
    """The finished words and the one being typed; the command's own name does not count."""
    words = text.split(" ")
    before = [word for word in words[:-1] if word]
    if before and before[0].lstrip("/").casefold() == "isclaudedown":
        del before[0]
    return before, words[-1]
