"""The line of a root about people: who is on it, and how many report trouble."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from bot.catalog.catalog import Catalog
from bot.delivery.cache import INCIDENTS_KEPT, TimedCache
from bot.domain.errors import StoreError
from bot.domain.incident import Incident
from bot.domain.subscription import Channel
from bot.domain.taker import Taker
from bot.evidence.reports import ReportCount
from bot.evidence.stores import ReportStore
from bot.messages.evidence import tally_words
from bot.messages.taking import taker_words
from bot.ports import Clock, Takers

REPORTS_FRESH = 10.0  # seconds: how old the counts on a root may be when it changes anyway


class ReportLines:
    """Lines that tell on a root how many people of its channel report trouble."""

    def __init__(
        self,
        reports: ReportStore,
        catalog: Catalog,
        clock: Clock,
        seconds: float = REPORTS_FRESH,
        takers: Takers | None = None,
    ) -> None:
        """`takers`: who has taken an incident stands in the same line."""
        self._takers = takers
        self._taken: dict[str, TimedCache[Mapping[str, Taker]]] = {}
        self._seconds = seconds
        self._reports = reports
        self.catalog = catalog
        self._clock = clock
        self._everywhere = TimedCache(self._read_everywhere, seconds)

    async def line(self, channel: Channel, incident: Incident, *, exact: bool) -> str:
        """Return the line, "" if nobody there reports what the incident touches.

        `exact`: as the store has it now. Otherwise it may be some seconds old, and costs nothing:
        an incident does not wait for it where the store fails.

        Raises:
            StoreError: the store did not answer, and the exact line was asked for.
        """
        counts: list[ReportCount] = []
        if exact:
            counts = await self._reports.of_channel(channel, self._clock())
        else:
            with suppress(StoreError):
                counts = (await self._everywhere.get()).get(str(channel), [])
        said = tally_words(counts, list(incident.surfaces), self.catalog) if counts else ""
        taker = await self._taker(channel.owner, incident.key, exact=exact)
        return " · ".join(filter(None, [taker_words(taker) if taker else "", said]))

    async def _taker(self, owner: str, incident: str, *, exact: bool) -> Taker | None:
        if self._takers is None:
            return None
        if exact:
            return (await self._takers.of_incident(incident)).get(owner)
        if len(self._taken) > INCIDENTS_KEPT:
            self._taken.clear()
        read = partial(self._takers.of_incident, incident)
        cached = self._taken.setdefault(incident, TimedCache(read, self._seconds))
        with suppress(StoreError):
            return (await cached.get()).get(owner)
        return None

    async def _read_everywhere(self) -> dict[str, list[ReportCount]]:
        found: dict[str, list[ReportCount]] = {}
        for count in await self._reports.everywhere(self._clock()):
            found.setdefault(count.channel, []).append(count)
        return found
