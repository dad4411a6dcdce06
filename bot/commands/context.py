"""What every command works with."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from bot.catalog.catalog import Catalog
from bot.commands.types import Threads
from bot.domain.message import Line, Text
from bot.domain.subscription import Channel
from bot.messages.witnessed import advice_words, how_long_words
from bot.ports import Access, Clock, IncidentStore, Messenger, Subscriptions
from bot.status.advice import advice
from bot.status.service import StatusService
from bot.status.view import StatusView


@dataclass(slots=True)
class Context:
    status: StatusService
    subscriptions: Subscriptions
    threads: Threads
    messengers: Mapping[str, Messenger]
    rng: random.Random

    @property
    def catalog(self) -> Catalog:
        return self.status.catalog

    @property
    def incident_store(self) -> IncidentStore:
        return self.status.incident_store

    @property
    def clock(self) -> Clock:
        return self.status.clock

    async def access(self, channel: Channel) -> Access:
        """May we speak there? A platform that is not connected says so by itself."""
        messenger = self.messengers.get(channel.platform)
        if messenger is None:
            return Access(False, f"{channel.platform} is not connected", "Tell the operator.")
        return await messenger.access(channel)


async def outlook(
    status: StatusService, view: StatusView, surface: str, rng: random.Random
) -> list[Line]:
    """When to retry, and how long it may take; nothing where nothing is wrong."""
    verdict = view.verdict(surface)
    if verdict is None or not verdict.in_trouble:
        return []
    lines: list[Line] = []
    if advised := advice(view, surface, rng.random()):
        lines.append((Text(advice_words(advised, view.catalog)),))
    running = view.about(surface)
    if running and (said := await status.expected_duration(running[0])):
        lines.append((Text(how_long_words(said)),))
    return lines
