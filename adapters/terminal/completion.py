"""Completion at the prompt: Tab offers only what fits where it is typed, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from bot.catalog.names import SEVERITIES
from bot.commands import Commands, table
from bot.commands.parser import tokenise
from bot.commands.table import command_of
from bot.commands.types import Choice, Command, Takes

# As the help names them; synonyms (minor, critical) are understood as well.
SEVERITY_WORDS = ("degraded", "partial", "major", "maintenance", "all")
LENGTHS = {
    "mute": ("30m", "2h", "8h", "1d"),
    "history": ("24h", "7d", "30d"),
    "uptime": ("7d", "30d", "90d"),
}
THREAD_WORDS = {
    "thread-only": "worse and resolved stay in the thread",
    "in-channel": "worse and resolved come here as well",
}
Offer = tuple[str, str]  # the word, and what it means


class PromptCompleter(Completer):
    """Verbs first, then what may follow them."""

    def __init__(self, commands: Commands, also: Sequence[str] = ()) -> None:
        """`also`: words that the prompt itself obeys."""
        self._commands = commands
        self._also = also
        self._incidents: Sequence[Choice] = ()

    async def learn(self) -> None:
        """Learn which incidents there are, since Tab cannot wait for an answer."""
        self._incidents = await self._commands.suggest_incidents("")

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        del complete_event
        *finished, word = document.text_before_cursor.split(" ")
        before = tokenise(" ".join(finished))
        command = command_of(before[0]) if before else None
        sign = word[:1] if word[:1] in {"+", "-"} and before else ""
        typed = word.removeprefix(sign).casefold()
        offered = [one for one in self._fixed(before, command) if one[0].startswith(typed)]
        if command is None or command.takes_surfaces:
            surfaces = [(c.value, c.label) for c in self._commands.suggest(typed)]
            begun = [one for one in surfaces if one[0].casefold().startswith(typed)]
            # What is called so only in part is offered where nothing else fits.
            offered += begun or ([] if offered else surfaces)
        used = {one.lstrip("+-").casefold() for one in before}
        for text, meaning in dict(offered).items():
            if text.casefold() not in used:
                yield Completion(sign + text, -len(word), display_meta=meaning)

    def _fixed(self, before: Sequence[str], command: Command | None) -> Iterator[Offer]:
        """Yield what fits there besides surfaces: verbs, and the words that a command takes."""
        if not before or (command is not None and command.verb == "help"):
            yield from ((one.verb, one.help) for one in table.COMMANDS if one.verb != "ask")
        if command is None:
            yield from ((word, "") for word in self._also if not before)
            return
        if command.takes(Takes.INCIDENT):
            yield from ((one.value, one.label) for one in self._incidents)
        if command.takes_surfaces and not command.takes(Takes.SURFACE):
            providers = self._commands.providers()
            # The only one is everything.
            yield from ((p.value, p.label) for p in providers if len(providers) > 1)
        if command.takes(Takes.SIGNED):
            yield "everything", "whatever happens"
        if command.takes(Takes.SEVERITY):
            yield from ((word, SEVERITIES[word].words) for word in SEVERITY_WORDS)
        if command.takes(Takes.LENGTH, Takes.MUTE):
            yield from ((length, "") for length in LENGTHS.get(command.verb, ()))
        if command.takes(Takes.TARGET):
            yield "slo", "a target in per cent: slo 99.9"
        if command.takes(Takes.THREAD_ONLY):
            yield from THREAD_WORDS.items()
