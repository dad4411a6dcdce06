"""Incidents as the courier needs them: read once, however many channels are behind with one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from bot.delivery.queue import PendingThread, version_of
from bot.domain.incident import Incident
from bot.ports import IncidentStore

KEPT = 64


class IncidentCache:
    def __init__(self, incident_store: IncidentStore) -> None:
        self._incident_store = incident_store
        self._kept: OrderedDict[str, Incident] = OrderedDict()
        self._reading = asyncio.Lock()

    def put(self, incident: Incident) -> None:
        """Keep what was just read anyway."""
        self._kept[incident.key] = incident
        self._kept.move_to_end(incident.key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def get(self, wanted: PendingThread) -> Incident | None:
        """Return the incident at least as new as wanted, if the journal has it as new as that.

        Raises:
            StoreError: the journal did not answer.
        """
        if kept := self._fresh(wanted):
            return kept
        async with self._reading:  # hundreds of channels ask for the same at the same time
            if kept := self._fresh(wanted):
                return kept
            incident = await self._incident_store.incident(wanted.incident)
            if incident is not None:
                self.put(incident)
            return incident

    def _fresh(self, wanted: PendingThread) -> Incident | None:
        kept = self._kept.get(wanted.incident)
        if kept is not None and (
            kept.revision > wanted.revision or version_of(kept) == wanted.version
        ):
            return kept
        return None
