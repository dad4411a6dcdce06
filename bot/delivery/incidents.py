"""Incidents as the courier needs them: read once, however many channels are behind with one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from bot.delivery.queue import Wanted, mark
from bot.model import Incident
from bot.ports import Journal

KEPT = 64


class Incidents:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: OrderedDict[str, Incident] = OrderedDict()
        self._reading = asyncio.Lock()

    def put(self, incident: Incident) -> None:
        """Keep what was just read anyway."""
        self._kept[incident.key] = incident
        self._kept.move_to_end(incident.key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def get(self, wanted: Wanted) -> Incident | None:
        """Return the incident at least as new as wanted, if the journal has it as new as that.

        Raises:
            StoreError: the journal did not answer.
        """
        if kept := self._fresh(wanted):
            return kept
        async with self._reading:  # hundreds of channels ask for the same at the same time
            if kept := self._fresh(wanted):
                return kept
            incident = await self._journal.incident(wanted.incident)
            if incident is not None:
                self.put(incident)
            return incident

    def _fresh(self, wanted: Wanted) -> Incident | None:
        kept = self._kept.get(wanted.incident)
        if kept is not None and (kept.revision > wanted.revision or mark(kept) == wanted.mark):
            return kept
        return None
