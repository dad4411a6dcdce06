"""Synthetic witnesses of real outages, minute by minute, from a printed seed.

What is real: when each of 109 outages of Claude's page was opened and resolved, how bad it was
and what it touched (`outages.csv`), and when people noticed relative to the page in the three
outages of which that was published: 59 minutes before, 12 minutes before, 43 minutes after.
What is made up: how many people report, which share of looks and requests fails, and the noise of
hours in which nothing is wrong. Every workspace, probe and gateway draws its own chance.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.catalog.targets import Target, TargetKind
from bot.domain.page import Severity
from bot.evidence import probes, reports, traffic
from bot.evidence.collector import local_suspicions
from bot.evidence.probes import ProbeHistory, ProbeOutcome, ProbeResult, remember
from bot.evidence.reports import ReportCount
from bot.evidence.suspicion import Signals
from bot.evidence.traffic import TrafficCounts

MINUTE = timedelta(minutes=1)
# How much earlier (or later) than the page the trouble is felt; the first three are published.
OFFSETS = (-59, -12, 43, -5, 0, 5, -25)
MEMBERS = 200
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)  # when the channels subscribed
# By severity: the share of looks and of requests that fail, and reports a minute in a channel.
FELT = {
    Severity.DEGRADED: (0.05, 0.06, 0.10),
    Severity.PARTIAL: (0.50, 0.30, 0.40),
    Severity.MAJOR: (0.95, 0.80, 1.50),
}
# On a quiet day: a look in three hundred fails, one request in a hundred, and somebody whose
# own network is down reports once in five hours.
QUIET = (0.003, 0.01, 1 / 300)
# A rough one: a bad link of our own, a clumsy deployment, five times the complaints.
ROUGH = (0.015, 0.04, 1 / 60)
REQUESTS = 60  # a minute, through the gateway


@dataclass(frozen=True)
class Outage:
    opened: datetime
    resolved: datetime
    worst: Severity
    surfaces: tuple[str, ...]

    def felt(self, number: int) -> tuple[datetime, datetime]:
        """When it was really there, as far as this test is concerned."""
        begin = self.opened + OFFSETS[number % len(OFFSETS)] * MINUTE
        return begin, max(self.resolved, begin + 20 * MINUTE)


def outages() -> list[Outage]:
    with (Path(__file__).parent / "outages.csv").open() as file:
        return [
            Outage(
                datetime.fromisoformat(row["opened"]),
                datetime.fromisoformat(row["resolved"]),
                Severity(row["worst"]),
                tuple(row["surfaces"].split()),
            )
            for row in csv.DictReader(file)
        ]


@dataclass
class World:
    """One probe, one gateway and some workspaces that all watch one surface."""

    seed: int
    surface: str = "api"
    workspaces: int = 1
    quiet: tuple[float, float, float] = QUIET
    _rng: random.Random = field(init=False)
    _record: ProbeHistory | None = None
    _counts: list[tuple[datetime, int, int]] = field(default_factory=list)
    _voices: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    def minute(self, now: datetime, severity: Severity) -> Signals:
        """Let a minute pass in which it is that bad, and gather what was witnessed."""
        looks, requests, people = FELT.get(severity, self.quiet)
        target = Target("the API", "https://api.example.com", TargetKind.API, (self.surface,))
        fails = self._rng.random() < looks
        look = ProbeResult(
            ProbeOutcome.BAD if fails else ProbeOutcome.GOOD, "answers 529" if fails else "answers"
        )
        self._record = remember(self._record, target, look, now)
        bad = sum(self._rng.random() < requests for _ in range(REQUESTS))
        self._counts.append((now, REQUESTS - bad, bad))
        self._counts = [c for c in self._counts if now - c[0] < traffic.WINDOW]
        for number in range(self.workspaces):
            voices = self._voices[f"slack/T{number}"]
            if self._rng.random() < people:
                voices.append(now)
            voices[:] = [at for at in voices if now - at < reports.WINDOW]
        return self._gather(now)

    def _gather(self, now: datetime) -> Signals:
        report_counts = [
            ReportCount(owner, "C", self.surface, len(at), at[0], at[-1], MEMBERS, LONG_AGO)
            for owner, at in self._voices.items()
            if at
        ]
        counts = TrafficCounts(
            self.surface,
            sum(c[1] for c in self._counts),
            sum(c[2] for c in self._counts),
            self._counts[0][0],
            self._counts[-1][0],
        )
        assert self._record is not None
        evidence = [
            *probes.evidence([self._record]),
            *traffic.evidence([counts]),
            *reports.evidence(report_counts, now),
        ]
        return Signals(tuple(evidence), local_suspicions(evidence, report_counts, now))


def minutes(begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin < end:
        yield begin
        begin += MINUTE


def quiet_stretches(all_: Sequence[Outage], least: timedelta) -> list[tuple[datetime, datetime]]:
    """The longest times between outages, with an hour's distance from each."""
    hour = timedelta(hours=1)
    ends = sorted((o.opened - hour, o.resolved + hour) for o in all_)
    found = []
    until = ends[0][1]
    for opened, resolved in ends[1:]:
        if opened - until >= least:
            found.append((until, opened))
        until = max(until, resolved)
    return found
