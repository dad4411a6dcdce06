"""Answers requests. One place where verbs meet what they do.

Whatever is typed gets an answer; the platforms only draw it. The store failing is said plainly,
never as "not subscribed".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from bot.commands import changes, looks
from bot.commands.context import Context, Judge
from bot.commands.grammar import VERBS, Words, parse
from bot.commands.types import KEEP, Answer, Choice, Handler, Keep, Request, Threads
from bot.errors import StoreError
from bot.model import NewsKind, Severity
from bot.ports import Journal, Messenger, Subscriptions
from bot.wording.help import help_card, later_card, unknown_card
from bot.wording.names import Names
from bot.wording.settings import notice

_NO_MEMORY = "I can't reach my own memory right now, so I can't answer that; nothing was changed"

_CHANGES = frozenset({"subscribe", "unsubscribe", "mute", "unmute"})


class Commands:
    """What people may ask of the bot, for every platform.

    `messengers` is read at each request, so that it may be filled after this was made. `judge`
    turns a stored state into verdicts. `extra` adds verbs, or replaces those that come later
    (report, back, explain); buttons reach them by the same names (see `press`).
    """

    def __init__(
        self,
        *,
        names: Names,
        journal: Journal,
        subscriptions: Subscriptions,
        threads: Threads,
        messengers: Mapping[str, Messenger],
        judge: Judge,
        clock: Callable[[], datetime],
        extra: Mapping[str, Handler] | None = None,
    ) -> None:
        self._context = Context(names, journal, subscriptions, threads, messengers, judge, clock)
        self._extra = dict(extra or {})

    async def answer(self, request: Request) -> Answer:
        """Read the words and do what they say."""
        words = parse(request.text, self._context.names)
        try:
            return await self._dispatch(request, words)
        except StoreError:
            return Answer(notice(_NO_MEMORY, emoji="⚠️"))

    async def _dispatch(self, request: Request, words: Words) -> Answer:
        if words.verb in self._extra:
            return await self._extra[words.verb](request, words.rest)
        context = self._context
        if words.doubts and words.verb not in {"help", "incident", "why"}:
            changing = words.verb in _CHANGES
            return Answer(unknown_card(words.doubts, context.names, changing=changing))
        match words.verb:
            case "ask":
                return await looks.ask(context, request, words)
            case "subscribe":
                return await changes.subscribe(context, request, changes.wish(words, context.names))
            case "unsubscribe":
                return await changes.unsubscribe(context, request, words)
            case "subscriptions":
                return await changes.subscriptions(context, request)
            case "mute":
                return await changes.mute(context, request, words.duration)
            case "unmute":
                return await changes.unmute(context, request)
            case "history":
                return await looks.history(context, request, words)
            case "incident":
                return await looks.incident(context, request, words.rest)
            case "test":
                return await changes.example(context, request)
            case "why":
                return await looks.why(context, request, words.rest)
            case "help":
                return Answer(help_card())
            case _:
                return Answer(later_card(words.verb))

    async def subscribe(
        self,
        request: Request,
        *,
        surfaces: Sequence[str] | None = None,
        severity: Severity | None = None,
        mention: str | Keep | None = KEEP,
        thread_only: frozenset[NewsKind] | Keep = KEEP,
    ) -> Answer:
        """From a form. `surfaces` are ids; empty means everything, None leaves them as they are.

        `severity` None leaves it as it is (degraded where there is no subscription yet).
        """
        wish = changes.Wish(
            surfaces=None if surfaces is None else frozenset(surfaces),
            severity=severity,
            mention=mention,
            thread_only=thread_only,
        )
        return await self._guarded(changes.subscribe(self._context, request, wish))

    async def press(self, request: Request, action: str, value: str = "") -> Answer:
        """A button: `affected`, `back`, `subscribe`, `details`, each with the card's value."""
        if action in self._extra:
            return await self._guarded(self._extra[action](request, value))
        match action:
            case "subscribe":
                known = value in {name.id for name in self._context.names.surfaces}
                return await self.subscribe(request, surfaces=[value] if known else [])
            case "details":
                return await self._guarded(looks.details(self._context, request, value))
            case _:
                return Answer(later_card(action))

    @staticmethod
    async def _guarded(answering: Awaitable[Answer]) -> Answer:
        try:
            return await answering
        except StoreError:
            return Answer(notice(_NO_MEMORY, emoji="⚠️"))

    def suggest(self, prefix: str) -> list[Choice]:
        """Surfaces for autocompletion, at most 25."""
        found = self._context.names.suggest(prefix)
        return [Choice(name.id, name.label) for name in found]

    @staticmethod
    def verbs() -> list[str]:
        return list(VERBS)
