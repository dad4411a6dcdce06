"""Uptime over all recorded histories, beside a second, straightforward way to reckon it."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapters.providers.statuspage import parse_history
from bot.catalog.catalog_file import load_catalog
from bot.domain.page import Component, Severity
from bot.history.calendar import calendar_days, calendar_uptime
from bot.history.figures import Record, SurfaceUptime, uptime_report
from bot.history.looks import EVER
from bot.history.past import past_incidents, past_of
from bot.history.spans import READ, Observer, Span
from tests.shared import shared_path

CATALOG = load_catalog()
LISTS = {
    "claude": ["data/claude/incidents_2026-07-22_to_2026-08-13.json"],
    "github": [
        "data/github/incidents_2026-05-28_to_2026-07-30.json.gz",
        "data/github/incidents_2010_to_2023.jsonl.gz",
    ],
}
WEIGHTS = {"major_outage": 1.0, "partial_outage": 0.3}
RANKS = ["operational", "under_maintenance", "degraded_performance", *reversed(WEIGHTS)]


def rows_of(name: str) -> list[dict[str, Any]]:
    path = shared_path(name)
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    if ".jsonl" in name:
        return [json.loads(line) for line in text.splitlines()]
    found: list[dict[str, Any]] = json.loads(text)["incidents"]
    return found


def stretches(rows: list[dict[str, Any]]) -> dict[str, list[tuple[datetime, datetime, str]]]:
    """Component → when an incident had it at which status, read from the raw list alone."""
    found = defaultdict(list)
    for row in rows:
        if not row.get("resolved_at"):
            continue
        end = datetime.fromisoformat(row["resolved_at"])
        said = defaultdict(list)
        updates = sorted(row["incident_updates"], key=lambda u: (u["display_at"], u["created_at"]))
        for update in updates:
            for affected in update.get("affected_components") or []:
                if "code" in affected:
                    at = datetime.fromisoformat(update["display_at"])
                    said[affected["code"]].append((at, affected["new_status"]))
        for component, points in said.items():
            for (at, status), (until, _) in pairwise([*points, (end, "")]):
                if at < min(until, end):
                    found[component].append((at, min(until, end), status))
    return found


def weighted_seconds(held: list[tuple[datetime, datetime, str]], start: datetime) -> float:
    """Down time of one day: the worst status of each stretch between two changes, weighted."""
    end = start + timedelta(days=1)
    here = [(max(a, start), min(b, end), status) for a, b, status in held if a < end and b > start]
    marks = sorted({at for a, b, _ in here for at in (a, b)})
    total = 0.0
    for a, b in pairwise(marks):
        worst = max((s for x, y, s in here if x <= a and y >= b), key=RANKS.index, default="")
        total += (b - a).total_seconds() * WEIGHTS.get(worst, 0.0)
    return total


def figures(provider: str, name: str, start: datetime, end: datetime) -> Iterator[SurfaceUptime]:
    rows = rows_of(name)
    pages = [
        page
        for at in range(0, len(rows), 50)
        for page in past_of(parse_history(json.dumps({"incidents": rows[at : at + 50]})))
    ]
    known = CATALOG.provider(provider)
    components = [Component(id_, names[0], Severity.UP, "") for id_, names in known.rows.items()]
    past = past_incidents(pages, components, provider, end, CATALOG)
    ids = [surface.id for surface in known.surfaces]
    whole = Span(Observer.LIST, READ, Severity.UP, EVER, end)
    yield from uptime_report(ids, known.surfaces, Record(past, [whole], end), start, end)


@pytest.mark.parametrize(
    ("provider", "name"), [(provider, name) for provider, names in LISTS.items() for name in names]
)
def test_every_day_of_every_surface_is_what_a_second_way_of_reckoning_finds(
    provider: str, name: str
) -> None:
    raw = stretches(rows_of(name))
    every = [at for held in raw.values() for a, b, _ in held for at in (a, b)]
    start = datetime.combine(min(every).date(), datetime.min.time(), UTC)
    end = datetime.combine(max(every).date(), datetime.min.time(), UTC) + timedelta(days=1)
    compared = 0
    for found in figures(provider, name, start, end):
        surface = next(s for s in CATALOG.provider(provider).surfaces if s.id == found.surface)
        if len(surface.components) != 1:
            continue
        held = raw.get(surface.components[0], [])
        for day in found.days:
            expected = 100 * (1 - weighted_seconds(held, day.start) / 86400)
            assert day.weighted is not None
            assert day.unknown == timedelta(0)
            assert 100 * day.weighted == pytest.approx(expected, abs=0.01), (found.surface, day)
            compared += bool(held)
    assert compared > 90


@pytest.mark.parametrize(
    ("last", "component", "major", "partial", "weighted", "unweighted"),
    [
        (None, "claude.ai", 111, 2906, 99.8367, 99.4988),
        (None, "api.anthropic.com", 0, 1675, 99.9165, 99.7217),
        (None, "console.anthropic.com", 75, 1957, 99.8900, 99.6624),
        (90, "claude.ai", 111, 1229, 99.6299, 98.9660),
        (90, "api.anthropic.com", 0, 1102, 99.7449, 99.1497),
        (90, "console.anthropic.com", 75, 454, 99.8370, 99.5918),
    ],
)
def test_the_pages_own_calendar_gives_its_own_figures(
    last: int | None, component: str, major: int, partial: int, weighted: float, unweighted: float
) -> None:
    path: Path = shared_path("data/claude/uptime_calendar_2024-08-31.jsonl")
    with path.open() as lines:
        found = calendar_uptime(calendar_days(lines), last)[component]
    assert found.looks == (last or 418)
    assert found.lengths[Severity.MAJOR] == timedelta(minutes=major)
    assert found.lengths[Severity.PARTIAL] == timedelta(minutes=partial)
    assert found.weighted is not None
    assert found.unweighted is not None
    assert 100 * found.weighted == pytest.approx(weighted, abs=0.0001)
    assert 100 * found.unweighted == pytest.approx(unweighted, abs=0.0001)
