"""Answers requests. One place where verbs meet what they do.

Whatever is typed gets an answer; the platforms only draw it. The store failing is said plainly,
never as "not subscribed".
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from bot.catalog.names import Ambiguous, suggest
from bot.commands import muting, queries, subscriptions
from bot.commands.context import Context
from bot.commands.parser import ParsedCommand, parse
from bot.commands.table import VERBS
from bot.commands.types import KEEP, Answer, Choice, Handler, Keep, Request, Threads
from bot.delivery.platform_health import outage_words
from bot.domain.errors import StoreError
from bot.domain.incident import EventKind
from bot.domain.message import Note, Text
from bot.domain.page import Severity
from bot.messages.help import help_message, later_message, unknown_message
from bot.messages.settings import notice
from bot.ports import Messenger, Subscriptions
from bot.status.service import StatusService

_NO_MEMORY = "I can't reach my own memory right now, so I can't answer that; nothing was changed"


_VERBS: Mapping[str, Callable[[Context, Request, ParsedCommand], Awaitable[Answer]]] = {
    "ask": queries.ask,
    "subscribe": subscriptions.typed,
    "unsubscribe": subscriptions.unsubscribe,
    "subscriptions": muting.subscriptions,
    "mute": muting.mute,
    "unmute": muting.unmute,
    "history": queries.history,
    "incident": queries.incident,
    "test": muting.example,
    "why": queries.why,
}
# An id or a question may be anything: no word of it is a doubt.
_READS_ANYTHING = frozenset({"help", "incident", "why", "test"})
_LOOKS = frozenset({"ask", "subscriptions", "why"})
_CHANGES = frozenset({"subscribe", "unsubscribe", "mute", "unmute"})


def _serious(words: ParsedCommand) -> list[Ambiguous]:
    """Doubts that must be settled first. A question may hold words that we need not know."""
    if words.verb in _READS_ANYTHING:
        return []
    if words.verb == "ask" and words.surfaces:
        return [doubt for doubt in words.doubts if doubt.meanings or doubt.close]
    return words.doubts


class Commands:
    """What people may ask of the bot, for every platform.

    `messengers` is read at each request, so that it may be filled after this was made. `extra`
    adds verbs, or replaces those that come later (report, back, explain); buttons reach them by
    the same names (see `press`). `platform_health` names the platforms that take nothing at the
    moment.
    """

    def __init__(
        self,
        *,
        status: StatusService,
        subscriptions: Subscriptions,
        threads: Threads,
        messengers: Mapping[str, Messenger],
        rng: random.Random,
        extra: Mapping[str, Handler] | None = None,
        platform_health: Callable[[], Sequence[str]] | None = None,
    ) -> None:
        self._context = Context(status, subscriptions, threads, messengers, rng)
        self._extra = dict(extra or {})
        self._troubles = platform_health

    async def answer(self, request: Request) -> Answer:
        """Read the words and do what they say."""
        return await self._guarded(self._answer(request))

    async def _answer(self, request: Request) -> Answer:
        context = self._context
        words = parse(request.text, await context.status.learn())
        if words.verb in self._extra:
            return await self._extra[words.verb](request, words.rest)
        if words.verb == "help":
            return Answer(help_message(self._extra))
        if doubts := _serious(words):
            changing = words.verb in _CHANGES
            return Answer(unknown_message(doubts, context.catalog, changing=changing))
        if handler := _VERBS.get(words.verb):
            answer = await handler(context, request, words)
            return self._with_troubles(request, answer) if words.verb in _LOOKS else answer
        return Answer(later_message(words.verb))

    def _with_troubles(self, request: Request, answer: Answer) -> Answer:
        """Say which other platforms take nothing at the moment."""
        here = request.channel.platform
        lines = [outage_words(one) for one in (self._troubles or list)() if one != here]
        if not lines:
            return answer
        notes = tuple(Note((Text(f"{line}."),)) for line in lines)
        return replace(answer, card=replace(answer.card, blocks=(*answer.card.blocks, *notes)))

    async def subscribe(
        self,
        request: Request,
        *,
        surfaces: Sequence[str] | None = None,
        severity: Severity | None = None,
        mention: str | Keep | None = KEEP,
        thread_only: frozenset[EventKind] | Keep = KEEP,
    ) -> Answer:
        """From a form. `surfaces` are ids; empty means everything, None leaves them as they are.

        `severity` None leaves it as it is (degraded where there is no subscription yet).
        """
        reminder = subscriptions.SubscriptionChange(
            surfaces=None if surfaces is None else frozenset(surfaces),
            severity=severity,
            mention=mention,
            thread_only=thread_only,
        )
        return await self._guarded(subscriptions.subscribe(self._context, request, reminder))

    async def press(self, request: Request, action: str, value: str = "") -> Answer:
        """A button: `affected`, `back`, `subscribe`, `details`, each with the card's value."""
        if action in self._extra:
            return await self._guarded(self._extra[action](request, value))
        match action:
            case "subscribe":
                return await self._guarded(subscriptions.press(self._context, request, value))
            case "details":
                return await self._guarded(queries.details(self._context, request, value))
            case _:
                return Answer(later_message(action))

    @staticmethod
    async def _guarded(answering: Awaitable[Answer]) -> Answer:
        try:
            return await answering
        except StoreError:
            return Answer(notice(_NO_MEMORY, emoji="⚠️"))

    def suggest(self, prefix: str) -> list[Choice]:
        """Surfaces for autocompletion, at most 25."""
        found = suggest(self._context.catalog, prefix)
        return [Choice(surface.id, surface.label) for surface in found]

    @staticmethod
    def verbs() -> list[str]:
        return list(VERBS)
