"""What every command works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.commands.types import Threads
from bot.domain.evidence import Evidence, Verdict
from bot.domain.message import Line
from bot.domain.state import State
from bot.domain.subscription import Channel
from bot.evidence.suspicion import with_others
from bot.ports import Access, Clock, IncidentStore, Messenger, Subscriptions
from bot.status.view import ProviderStatus, provider_status

# What is seen besides the pages, as an answer in this channel may quote it.
Others = Callable[[Channel], Awaitable[Sequence[Evidence]]]
Judge = Callable[[State, datetime], Sequence[Verdict]]

# When to retry, and how long it may take, of the worst of these surfaces (none: of all).
Outlook = Callable[[Channel, Sequence[str]], Awaitable[Sequence[Line]]]


@dataclass(slots=True)
class Context:
    """`catalog` grows: a page watched by its URL has the surfaces that were seen on it."""

    catalog: Catalog
    incident_store: IncidentStore
    subscriptions: Subscriptions
    threads: Threads
    messengers: Mapping[str, Messenger]
    judge: Judge
    clock: Clock
    others: Others | None = None
    outlook: Outlook | None = None

    async def learn(self) -> None:
        """Take over the surfaces of pages that the catalog does not describe."""
        unknown = [p.id for p in self.catalog.providers.values() if not p.known]
        for provider in unknown:
            if state := (await self.incident_store.load(provider)).state:
                seen = {id_: component.name for id_, component in state.components.items()}
                self.catalog = self.catalog.seen(provider, seen)

    async def provider_statuses(self, channel: Channel) -> list[ProviderStatus]:
        """Every provider as it is known now, the main one first."""
        now = self.clock()
        others = await self.others(channel) if self.others else ()
        found = []
        for provider in self.catalog.providers:
            state = (await self.incident_store.load(provider)).state
            official = self.judge(state, now) if state else ()
            verdicts = tuple(with_others(verdict, others, now) for verdict in official)
            found.append(provider_status(provider, state, verdicts))
        return found

    async def access(self, channel: Channel) -> Access:
        """May we speak there? A platform that is not connected says so by itself."""
        messenger = self.messengers.get(channel.platform)
        if messenger is None:
            return Access(False, f"{channel.platform} is not connected", "Tell the operator.")
        return await messenger.access(channel)
