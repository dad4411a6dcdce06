"""The table of evidence besides the pages. A row: who says it, how fast it fades, where from.

Collector, decay, answers and the HTTP API are made of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.domain.evidence import Evidence, Source
from bot.domain.subscription import Channel
from bot.evidence import crowd, elsewhere, probes, reports, routes, traffic
from bot.evidence.stores import EvidenceStores

# What was collected, as an answer in a channel may quote it (None: as it counts for everybody).
Collected = Callable[[Channel | None], Sequence[Evidence]]
# Reads everything that a source says now, once for all channels. May raise StoreError.
Collect = Callable[[EvidenceStores, datetime], Awaitable[Collected]]


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """A row of `SOURCES`. The times were chosen with the thresholds (see `suspicion`)."""

    # As `Evidence.source` and the HTTP API have it.
    name: str
    # As answers begin: "Our probe, API: …".
    label: str
    # So long its evidence counts in full; then less and less, until it is gone.
    full_for: timedelta
    gone_after: timedelta
    collect: Collect
    # False: with others of its sort alone it opens no thread; it makes answers say "suspected".
    opens: bool = True


async def _probes(stores: EvidenceStores, _now: datetime) -> Collected:
    found = probes.evidence(await stores.probes.records())
    return lambda _: found


async def _traffic(stores: EvidenceStores, now: datetime) -> Collected:
    found = traffic.evidence(await stores.traffic.counts(now))
    return lambda _: found


async def _reports(stores: EvidenceStores, now: datetime) -> Collected:
    return partial(reports.heard_in, await stores.reports.everywhere(now), now)


def _elsewhere(name: str, label: str, full_for: int, gone_after: int) -> EvidenceSource:
    """A row of what is said elsewhere; times in minutes, some windows of it (guesses)."""

    async def collect(stores: EvidenceStores, _now: datetime) -> Collected:
        found = elsewhere.evidence(await stores.crowd.counts(), name)
        return lambda _: found

    times = timedelta(minutes=full_for), timedelta(minutes=gone_after)
    return EvidenceSource(name, label, *times, collect, opens=False)


SOURCES: tuple[EvidenceSource, ...] = (
    EvidenceSource(Source.PROBE, "Our probe", timedelta(minutes=3), timedelta(minutes=10), _probes),
    EvidenceSource(
        Source.TRAFFIC, "Our own traffic", timedelta(minutes=5), timedelta(minutes=15), _traffic
    ),
    EvidenceSource(
        Source.REPORTS, "People", timedelta(minutes=10), timedelta(minutes=30), _reports
    ),
    _elsewhere(crowd.DOWNDETECTOR, "Downdetector", 3, 15),
    _elsewhere(crowd.HACKER_NEWS, "Hacker News", 15, 45),
    _elsewhere(crowd.GITHUB, "GitHub issues", 15, 45),
    _elsewhere(crowd.BLUESKY, "Bluesky", 5, 20),
    _elsewhere(routes.OPENROUTER, "OpenRouter", 5, 15),  # of each model every two minutes
)


def source_named(name: str) -> EvidenceSource:
    return next(source for source in SOURCES if source.name == name)


def source_names() -> list[str]:
    """All sources, the page first: the order in which answers name them."""
    return [Source.PAGE, *(source.name for source in SOURCES)]


def label_of(name: str) -> str:
    """Return the source's name as answers write it."""
    return "Official page" if name == Source.PAGE else source_named(name).label


def source_words(name: str) -> str:
    """Return who says it inside a sentence: "official page", "our probe"."""
    label = label_of(name)
    return label[:1].lower() + label[1:]
