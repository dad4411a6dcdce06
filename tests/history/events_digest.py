"""Digests of every event that the engine emits over recorded history, and of what it ends with.

    python -m tests.history.events_digest --write

remakes `events_digest.json`. Remake it only when other events are meant to come out, and say in
the commit which and why: the file is what shows that a change of structure changed nothing. It
does not depend on names of ours. `of_event` and `of_incident` below say which values are digested,
in which order; when a field or a class is renamed, they follow, and the file stays as it is.

Every recording is taken in at each moment that it holds; archives also as a page that is polled
every three hours, as one whose list of incidents could not be read, and as one that has none (the
three largest in one way only, for time). Two runs need no `../shared`: a summer rebuilt from its
facts, and random pages, which hold what was never recorded: deleted, reopened and corrected
incidents, and components that go down without one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from adapters.providers.recording import Observation
from bot.domain.incident import Incident, IncidentEvent
from bot.domain.page import Snapshot
from tests.history.facts import claude_2026
from tests.history.polling import Story, observations, polled, summaries_of_april, taken_in
from tests.shared import shared_path
from tests.unit.engine.test_properties import ACTIONS, PAUSES, STATES, everything, run

STORED = Path(__file__).parent / "events_digest.json"
SHORT = 4  # hexadecimal digits kept of each event, to name the first that differs
SEEDS, ACTS = 200, 40  # random pages, and what happens on each

ARCHIVES = (
    "claude/incident_6ptd5skgmy3v_2026-06-06.json",
    "claude/incidents_2026-07-22_to_2026-08-13.json",
    "claude/incidents_trimmed_2026-06-02.json",
    "claude/scheduled_maintenances_2026-09-15.json",
    "github/incident_actions_critical.json",
    "github/incident_list_2026-07-01.json",
    "github/incidents_2026-05-28_to_2026-07-30.json.gz",
    "openai/incident_list_2026-07-01.json",
    "openai/incidents_2026-08-21_to_2026-09-11.json",
    "openai/incidents_2026-09-28_trimmed.json",
    "openai/summary_2026-09-29_two_open_incidents.json",
    "statuspage/kilo_summary_2026-09-25_open_incident_trimmed.json",
    "webhooks/datadog_2017-08-08_incident_investigating.json",
    "webhooks/statuspage_docs_incident.json",
)
LARGE_ARCHIVES = (
    "github/incidents_2010_to_2023.jsonl.gz",
    "github/incidents_from_atom_2022_to_2026.jsonl.gz",
)
MIXED = "multi/incidents_2026_normalised.jsonl.gz"  # many pages as one: slow, so polled seldom
POLLS = (
    "claude/incident_list_scrapes_2026-05-31_to_2026-06-27.jsonl.gz",
    "claude/polls_2026-06-19_to_2026-06-27.jsonl.gz",
    "openai/polls_2026-06-19_to_2026-07-02.jsonl.gz",
    "other/polls_aws_2026-06-19_to_2026-07-02.jsonl.gz",
)


# --- what is digested ------------------------------------------------------------------------


def of_event(incident: Incident, event: IncidentEvent) -> list[object]:
    """Return the values of one event, in the order in which they are digested."""
    return [
        incident.id,
        event.revision,
        event.kind.value,
        event.key,
        event.at.isoformat(),
        event.observed_at.isoformat(),
        event.severity.value,
        event.phase,
        event.text,
        [[c.surface, c.before.value, c.after.value, c.released] for c in event.changes],
        event.update_id,
        event.corrects,
        event.note,
    ]


def of_incident(incident: Incident) -> list[object]:
    """Return what is known of an incident at the end, its events apart."""
    return [
        incident.provider,
        incident.id,
        incident.title,
        incident.phase,
        incident.origin.value,
        incident.started_at.isoformat(),
        _time(incident.ended_at),
        incident.severity.value,
        incident.worst.value,
        incident.url,
        list(incident.aliases),
        [
            [surface, impact.now.value, impact.worst.value, impact.from_text]
            for surface, impact in sorted(incident.surfaces.items())
        ],
        [[at.isoformat(), severity.value] for at, severity in incident.timeline],
        incident.maintenance,
        _time(incident.scheduled_for),
        _time(incident.scheduled_until),
        incident.withdrawn,
        incident.quiet,
        incident.continues,
        _time(incident.suspected_at),
        _time(incident.official_at),
        list(incident.visibility),
        len(incident.events),
    ]


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


@dataclass(frozen=True, slots=True)
class Emitted:
    """What came out of one run: its events in order, and the incidents it ended with, by id."""

    events: list[list[object]]
    incidents: list[list[object]]

    @classmethod
    def of(
        cls, events: Iterable[tuple[Incident, IncidentEvent]], ended_with: Iterable[Incident]
    ) -> Emitted:
        return cls(
            [of_event(incident, event) for incident, event in events],
            sorted(map(of_incident, ended_with), key=lambda values: str(values[1])),
        )

    def digest(self) -> dict[str, object]:
        """Return what is stored of it."""
        return {
            "events": len(self.events),
            "sha256": _sha256(self.events),
            "each": "".join(_sha256(event)[:SHORT] for event in self.events),
            "incidents": len(self.incidents),
            "incidents_sha256": _sha256(self.incidents),
            "each_incident": "".join(_sha256(one)[:SHORT] for one in self.incidents),
        }


def _sha256(values: object) -> str:
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# --- how it is taken in ----------------------------------------------------------------------

Way = Callable[[Iterable[Observation]], Story]


def every_3_hours(seen: Iterable[Observation]) -> Story:
    return polled(seen, timedelta(hours=3))


def every_8_hours(seen: Iterable[Observation]) -> Story:
    return polled(seen, timedelta(hours=8))


def list_unread(seen: Iterable[Observation]) -> Story:
    """The page has a list of incidents, which could not be read."""
    return taken_in(_without_list(seen, has_history=True))


def no_list(seen: Iterable[Observation]) -> Story:
    """The page has no list: what left the summary has ended."""
    return taken_in(_without_list(seen, has_history=False))


def _without_list(seen: Iterable[Observation], *, has_history: bool) -> Iterable[Observation]:
    for at, page in seen:
        if isinstance(page, Snapshot):
            yield at, replace(page, recent=None, has_history=has_history)
        else:
            yield at, page


def recorded(name: str, way: Way) -> Emitted:
    return _of_story(way(observations(shared_path(f"data/{name}"))))


def from_facts(way: Way) -> Emitted:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "incidents.json"
        path.write_text(json.dumps(claude_2026()))
        return _of_story(way(observations(path)))


def april() -> Emitted:
    with tempfile.TemporaryDirectory() as folder:
        return _of_story(taken_in(observations(summaries_of_april(Path(folder)))))


def _of_story(story: Story) -> Emitted:
    open_ones = story.state.incidents if story.state else {}
    return Emitted.of(story.told, {**story.incidents, **open_ones}.values())


def random_pages() -> Emitted:
    """Pages at the mercy of their keepers, as in the engine's property tests."""
    events: list[tuple[Incident, IncidentEvent]] = []
    ended_with: list[Incident] = []
    for seed in range(SEEDS):
        rng = random.Random(seed)
        watch, _ = run(
            [
                (
                    rng.choice(ACTIONS),
                    rng.randrange(6),
                    rng.choice(STATES),
                    rng.choice(PAUSES),
                    rng.random() < 0.5,
                    rng.random() < 0.5,
                )
                for _ in range(ACTS)
            ]
        )
        for incident in sorted(everything(watch), key=lambda one: one.id):
            unlike = replace(incident, id=f"{seed}/{incident.id}")
            ended_with.append(unlike)
            events += [(unlike, event) for event in incident.events]
    return Emitted.of(events, ended_with)


WAYS: dict[str, Way] = {
    "each moment": taken_in,
    "every 3 hours": every_3_hours,
    "list unread": list_unread,
    "no list": no_list,
}
RUNS: dict[str, Callable[[], Emitted]] = {
    "random pages": random_pages,
    "claude, summaries of April": april,
    **{f"facts of 2026, {label}": partial(from_facts, way) for label, way in WAYS.items()},
    **{
        f"{name}, {label}": partial(recorded, name, way)
        for name in ARCHIVES
        for label, way in WAYS.items()
    },
    **{
        f"{name}, {label}": partial(recorded, name, WAYS[label])
        for name in POLLS
        for label in ("each moment", "list unread")
    },
    **{f"{name}, each moment": partial(recorded, name, taken_in) for name in LARGE_ARCHIVES},
    f"{MIXED}, every 8 hours": partial(recorded, MIXED, every_8_hours),
}


# --- compared with what is stored ------------------------------------------------------------


def stored() -> dict[str, dict[str, Any]]:
    digests: dict[str, dict[str, Any]] = json.loads(STORED.read_text())
    return digests


def difference(emitted: Emitted, before: Mapping[str, Any]) -> str | None:
    """Return where a run differs from what is stored of it, or None."""
    if emitted.digest() == before:
        return None
    for what, each, values in (
        ("event", before["each"], emitted.events),
        ("incident", before["each_incident"], emitted.incidents),
    ):
        known = [each[i : i + SHORT] for i in range(0, len(each), SHORT)]
        for index, (short, one) in enumerate(zip_longest(known, values)):
            if one is None:
                return f"{what} {index} and what follows are missing: {len(known) - index} of them"
            if short is None:
                return f"{what} {index} is one too many: {one}"
            if short != _sha256(one)[:SHORT]:
                return f"{what} {index} differs: {one}"
    return f"something differs that {SHORT} digits do not show"


def write() -> None:
    digests = {name: emitted().digest() for name, emitted in RUNS.items()}
    STORED.write_text(json.dumps(digests, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Digests of the events of recorded history.")
    parser.add_argument("--write", action="store_true", required=True, help="remake the file")
    parser.parse_args()
    try:
        write()
    except pytest.skip.Exception as missing:
        sys.exit(f"nothing is written: {missing}; all of the recordings are needed")
