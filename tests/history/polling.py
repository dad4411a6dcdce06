"""Recorded history through the engine: at every moment, or as a bot that polls would see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from adapters.providers.recording import Observation, open_recording
from bot.catalog.catalog import Catalog
from bot.catalog.catalog_file import load_catalog
from bot.domain.errors import SourceError
from bot.domain.incident import EventKind, Incident, IncidentEvent, Origin
from bot.domain.page import PageIncident, Snapshot
from bot.domain.state import State
from bot.engine.step import on_failure, step
from tests.shared import shared_path

CATALOG: Catalog = load_catalog()
OPENINGS = {EventKind.OPENED, EventKind.OVER, EventKind.SCHEDULED}


@dataclass(slots=True)
class Story:
    """Everything that was told of a recording, and what its page showed."""

    told: list[tuple[Incident, IncidentEvent]] = field(default_factory=list)
    incidents: dict[str, Incident] = field(default_factory=dict)
    reports: dict[str, PageIncident] = field(default_factory=dict)
    state: State | None = None
    looks: int = 0

    def look(self, at: datetime, seen: Snapshot | SourceError) -> None:
        self.looks += 1
        if isinstance(seen, SourceError):
            self.state = on_failure(self.state, str(seen), at) if self.state else None
            return
        self.reports.update({r.id: r for r in (*(seen.recent or ()), *seen.incidents)})
        self.state, changed = step(self.state, seen, at, CATALOG)
        for incident in changed:
            known = self.incidents.get(incident.id)
            fresh = incident.events[len(known.events) if known else 0 :]
            self.told += [(incident, event) for event in fresh]
            self.incidents[incident.id] = incident

    def count(self) -> Counter[str]:
        return Counter(event.kind.value for _, event in self.told)

    def updates(self) -> list[str]:
        """Update ids as they were told, corrections apart."""
        kinds = (n for _, n in self.told if n.kind is not EventKind.CORRECTED)
        return [event.update_id for event in kinds if event.update_id]

    def provider_incidents(self) -> list[Incident]:
        return [i for i in self.incidents.values() if i.origin is Origin.PROVIDER]


def observations(path: Path) -> Iterator[Observation]:
    return open_recording(path, CATALOG).observations


def replayed(path: Path) -> Story:
    """Every moment of the recording, in order."""
    return taken_in(observations(path))


def taken_in(seen: Iterable[Observation]) -> Story:
    """Every observation, in order."""
    story = Story()
    for at, page in seen:
        story.look(at, page)
    return story


def polled(seen: Iterable[Observation], every: timedelta) -> Story:
    """As a bot would that looks now and then: the page as it stood at the last moment before.

    The history list is read when the page's time moved, as the page source does.
    """
    story = Story()
    last: tuple[datetime, Snapshot] | None = None
    due: datetime | None = None
    listed_for: datetime | None = None
    for at, snapshot in seen:
        assert isinstance(snapshot, Snapshot)
        if due is None:
            due = at
        while last is not None and due < at:
            page = last[1]
            if listed_for == page.updated_at:
                page = replace(page, recent=None)
                due = max(due, at - every)  # nothing changes until then
            listed_for = page.updated_at
            story.look(due, page)
            due += every
        last = (at, snapshot)
    assert last is not None
    assert due is not None
    story.look(max(due, last[0]) + every, last[1])
    return story


def summaries_of_april(folder: Path) -> Path:
    """Write a recording of one outage: quiet, the summary in its middle, the one after it."""
    middle = shared_path("data/claude/summary_2026-04-28_1751_major_outage.json").read_text()
    after = shared_path("data/claude/summary_2026-04-28_1915_all_operational.json").read_text()
    quiet = after.replace("19:15:52", "17:30:00")
    recording = folder / "polls.jsonl"
    recording.write_text(
        "".join(
            f'{{"observed_at": "2026-04-28T{time}Z", "body": {" ".join(body.split())}}}\n'
            for time, body in (("17:31:00", quiet), ("17:52:00", middle), ("19:16:00", after))
        )
    )
    return recording
