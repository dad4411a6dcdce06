"""Answers requests: words typed, a button pressed, a form sent.

Whatever is typed gets an answer; the platforms only draw it. The store failing is said plainly,
never as "not subscribed".
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlsplit

from bot.catalog.names import of_provider, suggest
from bot.commands import subscriptions
from bot.commands.buttons import BUTTONS
from bot.commands.parser import parse
from bot.commands.shared import not_allowed
from bot.commands.subscription_change import SubscriptionChange
from bot.commands.table import command_named, verb_words
from bot.commands.types import Answer, Choice, Request, Services
from bot.domain.errors import StoreError
from bot.domain.message import Message, Note, Text
from bot.messages.help import not_taken_message, passed_over, unknown_message
from bot.messages.history import incident_message
from bot.messages.text import notice

P = ParamSpec("P")

_NO_MEMORY = "I can't reach my own memory right now, so I can't answer that; nothing was changed"
# Seconds between two looks for a first poll.
LEARNING_PAUSE = 0.1
_THANKS = re.compile(r"(many )?(thanks|thank you|thx|ty|cheers)( a lot| so much)?\W*", re.I)
_SAYS_WHAT_WAITS = frozenset({"ask", "subscriptions", "why"})


def _says_when_the_store_fails(
    method: Callable[P, Coroutine[Any, Any, Answer]],
) -> Callable[P, Coroutine[Any, Any, Answer]]:
    @wraps(method)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
        try:
            return await method(*args, **kwargs)
        except StoreError:
            return Answer(notice(_NO_MEMORY, emoji="⚠️"))

    return guarded


class Commands:
    """The commands and buttons, the same for every platform."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @_says_when_the_store_fails
    async def answer(self, request: Request) -> Answer:
        """Read the words and do what they say."""
        catalog = await self._services.status.learn()
        words = parse(request.text, catalog)
        command = command_named(words.verb)
        if command.changes and await self._first_read(words.providers):
            catalog = self._services.catalog
            words = parse(request.text, catalog)
        if _THANKS.fullmatch(request.text.strip()):
            return Answer(notice("You're welcome", emoji="🙂"))
        if doubts := words.unsettled:
            verbs = list(dict.fromkeys(verb_words().values()))
            return Answer(unknown_message(doubts, catalog, verbs, changing=command.changes))
        if command.changes and (refusal := not_allowed(request)):
            return refusal
        unexpected = command.unexpected(words)
        if unexpected and not (command.verb == "ask" and words.is_sentence):
            options = [(option.name, option.help) for option in command.options]
            changing = command.changes
            return Answer(not_taken_message(command.verb, unexpected, options, changing=changing))
        answer = await command.handler(self._told_to(request), request, words)
        if words.doubts:
            answer = _with_notes(answer, passed_over([doubt.word for doubt in words.doubts]))
        if words.verb in _SAYS_WHAT_WAITS:
            # Which other platforms take no messages at the moment.
            lines = self._services.out_of_reach(request.channel.platform)
            answer = _with_notes(answer, *(Note((Text(f"{line}."),)) for line in lines))
        return answer

    async def _first_read(self, providers: Iterable[str]) -> bool:
        """Wait for the first poll of these pages, where their parts are known by it alone.

        Returns whether there is anything new to know.
        """
        status, patience = self._services.status, self._services.first_poll_within
        unread = [name for name in providers if not of_provider(status.catalog, name)]
        if not (unread and patience):
            return False
        for name in unread:
            self._services.poll_soon(name)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not all(of_provider(status.catalog, name) for name in unread):
                    await asyncio.sleep(LEARNING_PAUSE)  # the store tells, whoever polls
                    await status.learn()
        return any(of_provider(status.catalog, name) for name in unread)

    @_says_when_the_store_fails
    async def subscribe(self, request: Request, change: SubscriptionChange) -> Answer:
        """Change what the channel gets, as a form asks for; where it gets nothing, subscribe it."""
        return await subscriptions.subscribe(self._told_to(request), request, change)

    @_says_when_the_store_fails
    async def press(self, request: Request, action: str, value: str = "") -> Answer:
        """A button of a message, with the value that it carries."""
        if handler := BUTTONS.get(action):
            return await handler(self._told_to(request), request, value)
        return Answer(notice("I don't know that button; the message may be an old one", emoji="❓"))

    def _told_to(self, request: Request) -> Services:
        """The services of whoever asks: what others alone suspect is not among them."""
        status = self._services.status.told_to(request.channel.owner)
        return replace(self._services, status=status)

    def suggest(self, prefix: str) -> list[Choice]:
        """Surfaces for autocompletion, at most 25."""
        found = suggest(self._services.catalog, prefix)
        return [Choice(surface.id, surface.label) for surface in found]

    def providers(self) -> list[Choice]:
        """The providers that are watched, for autocompletion."""
        return [Choice(one.id, one.label) for one in self._services.catalog.providers.values()]

    async def linked_incident(self, url: str) -> Message | None:
        """The incident that a link leads to, by its id at the link's end; None: it is none of ours.

        Raises:
            StoreError: Redis did not answer.
        """
        status = self._services.status.told_to(None)
        found = await status.incident(urlsplit(url).path.rstrip("/").rpartition("/")[2])
        if found is None:
            return None
        return incident_message(found, status.clock(), self._services.catalog)

    async def suggest_incidents(self, typed: str) -> list[Choice]:
        """Recent incidents for autocompletion, by id or words of the title; the latest first."""
        try:
            view = await self._services.status.told_to(None).view()
        except StoreError:
            return []
        wanted = typed.casefold().strip()
        found = sorted(view.recent, key=lambda incident: incident.started_at, reverse=True)
        return [
            Choice(incident.id, incident.title)
            for incident in found
            if wanted in f"{incident.id} {incident.title}".casefold()
        ]


def _with_notes(answer: Answer, *notes: Note) -> Answer:
    message = replace(answer.message, blocks=(*answer.message.blocks, *notes))
    return replace(answer, message=message) if notes else answer
