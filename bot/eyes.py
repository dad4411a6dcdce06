"""Everything that sees and tells besides the page, put together over its stores."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from bot.catalog.catalog import Catalog
from bot.commands.types import Threads
from bot.delivery.reminders import ReminderSender, ReminderStore
from bot.delivery.report_counts import Tallies
from bot.domain.incident import Incident
from bot.domain.message import Message
from bot.engine.backfill import BackfillStore
from bot.evidence.collector import Collector
from bot.evidence.stores import EvidenceStores
from bot.messages.evidence import back_message
from bot.messages.root import root_message
from bot.ports import Clock, IncidentStore, Messenger
from bot.status.service import StatusService


@dataclass(frozen=True, slots=True)
class AnswerStores:
    """Where it is all kept."""

    sources: EvidenceStores
    reminders: ReminderStore
    past: BackfillStore


@dataclass(frozen=True, slots=True)
class EvidenceParts:
    """`loops` run for as long as the bot does."""

    stores: AnswerStores
    collector: Collector
    status_service: StatusService
    reminder_sender: ReminderSender
    report_counts: Tallies

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        return [self.reminder_sender.run(), self.report_counts.run()]


def open_evidence(
    stores: AnswerStores,
    catalog: Catalog,
    incident_store: IncidentStore,
    threads: Threads,
    messengers: Mapping[str, Messenger],
    clock: Clock,
    *,
    may_paint: Callable[[], bool],
) -> EvidenceParts:
    """`may_paint`: whether this replica is the one that draws tallies (see `Tallies`)."""
    collector = Collector(stores.sources, catalog)
    status_service = StatusService(catalog, incident_store, collector, clock, stores.past)

    def draw(incident: Incident, line: str, midway: bool) -> Message:
        return root_message(
            incident, clock(), catalog, joined_midway=midway, report_count=line or None
        )

    report_counts = Tallies(
        stores.sources.reports, threads, incident_store, messengers, catalog, clock, draw, may_paint
    )
    reminder_sender = ReminderSender(
        stores.reminders,
        status_service.verdict,
        messengers,
        lambda reminder, now: back_message(reminder.surfaces, reminder.asked_at, now, catalog),
        clock,
    )
    return EvidenceParts(stores, collector, status_service, reminder_sender, report_counts)
