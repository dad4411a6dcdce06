"""Evidence from the team's own traffic, by counts that a gateway or a script sends.

The share of failures is judged by the lower end of its 95 % interval (Wilson's), so that three
failures out of four requests weigh less than three hundred out of four hundred. A 429 is ours
and does not count at all, nor do other 4xx.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.evidence import Evidence, Source
from bot.domain.page import Severity

WINDOW = timedelta(minutes=5)
# Three people whose agents gave up: each of these is the end of up to ten attempts.
FEWEST_FAILURES = 3
FEWEST_REQUESTS = 20  # from so many good ones on, traffic proves that something works
# Lower end of the failing share → what it weighs. 1–2 % of 529s are ordinary on a busy day.
# 0.43: three out of three, which stand alone (0.4385).
WORTH = ((0.43, 0.95), (0.25, 0.7), (0.1, 0.45), (0.05, 0.2))


class CallResult(StrEnum):
    """The result of one request of the team."""

    OK = "2xx"
    LIMITED = "429"
    OVERLOADED = "529"
    FAILED = "5xx"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class TrafficCounts:
    """Requests about one surface (or model) within the window."""

    surface: str
    good: int
    bad: int
    first: datetime
    latest: datetime


def lower_share(bad: int, total: int) -> float:
    """The lower end of the 95 % interval of `bad / total`; 0 for nothing."""
    if total <= 0:
        return 0.0
    z2 = 1.96**2
    share = bad / total
    middle = share + z2 / (2 * total)
    spread = 1.96 * math.sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    return max(0.0, (middle - spread) / (1 + z2 / total))


def evidence(counts: Iterable[TrafficCounts]) -> list[Evidence]:
    """Return the evidence on each surface; none where the counts are too few to say anything."""
    pieces = []
    for entry in counts:
        total = entry.good + entry.bad
        share = lower_share(entry.bad, total)
        weight = next((worth for least, worth in WORTH if share >= least), 0.0)
        if entry.bad < FEWEST_FAILURES:
            weight = 0.0
        if not weight and entry.good < FEWEST_REQUESTS:
            continue
        failed = f"{entry.bad} of our own {total} requests failed"
        pieces.append(
            Evidence(
                source=Source.TRAFFIC,
                surface=entry.surface,
                severity=Severity.DEGRADED if weight else Severity.UP,
                at=entry.latest,
                since=entry.first,
                says=failed if entry.bad else f"our own {total} requests went well",
                weight=weight or 1.0,
            )
        )
    return pieces
