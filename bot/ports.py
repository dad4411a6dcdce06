"""Ports to pages and stores, as small protocols. Errors are those of `bot.domain.errors` only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.domain.incident import Incident
from bot.domain.page import PageIncident, PageList, Snapshot
from bot.domain.state import State
from bot.domain.subscription import Channel, Subscription
from bot.domain.taker import Taker

Clock = Callable[[], datetime]


# Says which lists are needed once the page's summary is known (see `engine.needed_lists`).
NeededLists = Callable[[Snapshot], Collection[PageList]]


class PageSource(Protocol):
    """One provider's status page, whatever its format."""

    provider: str

    async def poll(self, needed: NeededLists) -> Snapshot:
        """Read the page once: its summary, then the lists that `needed` names for it.

        A format whose one document holds everything never calls `needed`, and fills `recent`
        itself. A list that cannot be read costs no summary: `recent` stays None, and
        `list_failure` says why.

        Raises:
            SourceError: no usable answer; `retry_after` if the page asked for it.
        """
        ...


@runtime_checkable
class PagedSource(Protocol):
    """A page whose list of incidents goes on behind the first fifty."""

    async def older(self, number: int) -> tuple[PageIncident, ...] | None:
        """Return one page of the list, from 2 up; empty behind its end, None: it has one page.

        Raises:
            SourceError: no usable answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class VersionedState:
    """The engine's state with the version that the next commit must name (0: none yet)."""

    state: State | None
    version: int


class IncidentReader(Protocol):
    """A reader of each provider's state, and of its incidents, whoever saw them."""

    async def load(self, provider: str) -> VersionedState: ...

    async def incident(self, key: str) -> Incident | None: ...

    async def history(self, provider: str, since: datetime) -> list[Incident]:
        """Incidents that were open at `since` or later, oldest first."""
        ...


class IncidentStore(IncidentReader, Protocol):
    """The store of the engine's truth: one state a provider, its incidents, the news in order."""

    async def acquire(self, provider: str, holder: str) -> int | None:
        """Take or renew the watcher's lease. Returns the fence, or None while another holds it.

        Raises:
            StoreError: Redis did not answer.
        """
        ...

    async def release(self, provider: str, holder: str) -> None: ...

    async def commit(
        self, provider: str, *, fence: int, version: int, state: State, changed: Sequence[Incident]
    ) -> None:
        """Write state, incidents and the news they gained, all or nothing.

        Raises:
            Superseded: fence or version is not the present one; nothing was written.
        """
        ...


class Subscriptions(Protocol):
    """The subscriptions of all channels."""

    async def get(self, channel: Channel) -> Subscription | None: ...

    async def put(self, subscription: Subscription, behind: Sequence[str] = ()) -> None:
        """Write it whole, and queue the channel for the incidents `behind` (keys).

        What no longer matters there is found out when planning, so naming too many is harmless.
        """
        ...

    async def remove(self, channel: Channel) -> bool:
        """Forget what the channel asked for and what is queued. Returns whether it was there.

        What stands in its threads is remembered until that expires by itself: who subscribes
        again during an incident gets no second root of it.
        """
        ...

    def of_tenant(self, platform: str, tenant: str) -> AsyncIterator[Subscription]: ...

    async def tenants(self, platform: str) -> set[str]:
        """Return those with a subscription; walks over all of them."""
        ...


class Takers(Protocol):
    """Who has said "I'm on it", by workspace. Every method may raise `StoreError`."""

    async def take(self, owner: str, incident: str, taker: Taker, *, over: bool = False) -> Taker:
        """Take an incident (key), unless somebody has (`over`: even then). Returns who has it."""
        ...

    async def of_incident(self, incident: str) -> Mapping[str, Taker]: ...

    async def end(self, incident: str) -> None:
        """Forget who had it."""
        ...
