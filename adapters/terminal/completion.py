"""What Tab offers at the prompt: only what fits where it is typed, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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


class Words(Completer):
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
        *before, word = document.text_before_cursor.split(" ")
        given = tokenise(" ".join(before))
        sign = word[:1] if word[:1] in {"+", "-"} and given else ""
        typed = word.removeprefix(sign).casefold()
        used = {one.lstrip("+-").casefold() for one in given}
        for text, meaning in dict(self._offers(given, typed)).items():
            if text.casefold() not in used:
                yield Completion(sign + text, -len(word), display_meta=meaning)

    def _offers(self, before: Sequence[str], typed: str) -> Iterator[Offer]:
        command = command_of(before[0]) if before else None
        fixed: list[Offer] = []
        if not before or (command is not None and command.verb == "help"):
            fixed += [(one.verb, one.help) for one in table.COMMANDS if one.verb != "ask"]
            fixed += [(word, "") for word in self._also if not before]
        if command is not None:
            fixed += self._options(command)
        fixed = [offer for offer in fixed if offer[0].startswith(typed)]
        yield from fixed
        if command is None or command.takes_surfaces:
            surfaces = [(c.value, c.label) for c in self._commands.suggest(typed)]
            begun = [offer for offer in surfaces if offer[0].casefold().startswith(typed)]
            # What is called so only in part is offered where nothing else fits.
            yield from begun or ([] if fixed else surfaces)

    def _options(self, command: Command) -> Iterable[Offer]:
        """The words, besides surfaces, that a command takes."""
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
        if command.takes(Takes.LENGTH):
            yield from ((length, "") for length in LENGTHS.get(command.verb, ()))
        if command.takes(Takes.TARGET):
            yield "slo", "a target in per cent: slo 99.9"
        if command.takes(Takes.THREAD_ONLY):
            yield from THREAD_WORDS.items()
