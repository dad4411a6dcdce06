"""Shows on each incident's root how many people of that channel report trouble.

The counts are kept in memory, read anew every few seconds while anybody reports, so that drawing
a root costs no look into the store. A root whose line changed is drawn again; that changes the
message, and notifies nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from bot.catalog.catalog import Catalog
from bot.commands.types import Threads
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.incident import Incident
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.evidence.reports import ReportCount
from bot.evidence.stores import ReportStore
from bot.messages.evidence import tally_words
from bot.ports import Clock, IncidentStore, Messenger

log = structlog.get_logger()

INTERVAL = 10.0  # seconds: a root is drawn again no more often than this

# Incident, line of reports, whether it was joined midway → the root.
DrawRoot = Callable[[Incident, str, bool], Message]


@dataclass(slots=True)
class Tallies:
    """`may_paint`: one replica draws the roots again, all of them know the counts."""

    reports: ReportStore
    threads: Threads
    incident_store: IncidentStore
    messengers: Mapping[str, Messenger]
    catalog: Catalog
    clock: Clock
    draw: DrawRoot
    may_paint: Callable[[], bool] = lambda: True
    interval: float = INTERVAL
    _known: dict[Channel, list[ReportCount]] = field(default_factory=dict)
    _painted: dict[tuple[Channel, str], str] = field(default_factory=dict)
    _touched: asyncio.Event = field(default_factory=asyncio.Event)

    def words(self, channel: Channel, incident: Incident) -> str:
        """The line for a root; empty if nobody there reports what it touches."""
        known = self._known.get(channel)
        return tally_words(known, list(incident.surfaces), self.catalog) if known else ""

    def touch(self, _channel: Channel) -> None:
        """Somebody reported: look sooner."""
        self._touched.set()

    async def run(self) -> None:
        while True:
            try:
                await self.refresh()
            except StoreError as error:
                log.info("tallies.not_read", reason=str(error))
            await asyncio.sleep(self.interval / 5)
            self._touched.clear()
            try:
                await asyncio.wait_for(self._touched.wait(), self.interval)
            except TimeoutError:
                continue

    async def refresh(self) -> None:
        """Read the counts, and draw the roots again whose line changed.

        Raises:
            StoreError: Redis did not answer.
        """
        known: dict[Channel, list[ReportCount]] = {}
        for report_count in await self.reports.everywhere(self.clock()):
            known.setdefault(Channel.parse(report_count.channel), []).append(report_count)
        self._known = known
        concerned = {*known, *(channel for channel, _ in self._painted)}
        if not concerned or not self.may_paint():
            return
        incidents = await self._open_incidents()
        keys = {incident.key for incident in incidents}
        self._painted = {name: line for name, line in self._painted.items() if name[1] in keys}
        for channel in concerned:
            for incident in incidents:
                await self._paint(channel, incident)

    async def _open_incidents(self) -> Sequence[Incident]:
        states = [(await self.incident_store.load(name)).state for name in self.catalog.providers]
        return [i for s in states if s for i in s.incidents.values() if i.is_open]

    async def _paint(self, channel: Channel, incident: Incident) -> None:
        line, name = self.words(channel, incident), (channel, incident.key)
        if line == self._painted.get(name, ""):
            return
        thread = await self.threads.thread(channel, incident.key)
        messenger = self.messengers.get(channel.platform)
        if messenger is None or thread is None or not thread.root:
            return
        card = self.draw(incident, line, thread.midway)
        try:
            key = f"{channel}/{incident.key}/root"
            await messenger.revise(channel, thread.root, thread.root, card, key)
        except DeliveryError as error:
            log.info("tally.not_shown", platform=channel.platform, reason=error.reason)
            return
        now = await self.incident_store.incident(incident.key)
        if now is not None and now.revision != incident.revision:
            return  # a courier may have drawn newer news meanwhile: draw once more at the next pass
        self._painted[name] = line
