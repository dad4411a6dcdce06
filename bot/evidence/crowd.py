"""Evidence from the crowd: how many people elsewhere speak of trouble now, against the usual.

Downdetector counts reports; Hacker News, GitHub's issues and Bluesky are public and show what
people write. Many more than usual speak against a surface; few prove nothing, since a source that
is quiet may be asleep. The crowd makes a surface suspected in answers at most: a thread needs
another kind of evidence as well (`EvidenceSource.opens`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DOWNDETECTOR, HACKER_NEWS, GITHUB, BLUESKY = "downdetector", "hackernews", "github", "bluesky"
# How many times the usual, and how many at least, until it is more than chance (guesses, but for
# Downdetector's: case 1 had 448 where some dozen are usual).
TIMES = 3.0
FEWEST: Mapping[str, int] = {DOWNDETECTOR: 20, HACKER_NEWS: 3, GITHUB: 5, BLUESKY: 8}
# So many times the usual of people who report trouble is hard to doubt.
OVERWHELMING, OVERWHELMED = 10.0, 100
# What it weighs. Public posts are one voice of two, however many: they copy each other.
ONE_VOICE, HARD_TO_DOUBT = 0.45, 0.95
DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CrowdCount:
    """How many spoke of one surface within a window, and how many do so usually."""

    source: str
    surface: str
    count: int
    usual: float
    minutes: int  # the window
    at: datetime  # its end
    what: str = "reports"  # that were counted
    share: float | None = None  # of the count that names this surface, where the source tells

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def weight(self) -> float:
        """What it weighs as evidence, from 0: as usual."""
        times = self.count / max(self.usual, 1.0)
        if self.count < FEWEST[self.source] or times < TIMES:
            return 0.0
        strong = times >= OVERWHELMING and self.count >= OVERWHELMED
        return HARD_TO_DOUBT if strong and self.source == DOWNDETECTOR else ONE_VOICE

    @property
    def words(self) -> str:
        """The figures: "448 reports in 15 min, usual 12 (57 % name it)"."""
        said = f"{self.count} {self.what} in {self.minutes} min, usual {self.usual:.0f}"
        return said if self.share is None else f"{said} ({self.share:.0f} % name it)"


def counted(
    times: Sequence[datetime], now: datetime, window: timedelta, since: datetime
) -> tuple[int, float]:
    """Return how many of these moments lie in the last window, and the usual number of a window.

    `since`: from when on `times` is complete. The usual is that of the time before the window, as
    far as it was seen: a day says it well, an hour roughly.
    """
    begins = now - window
    recent = sum(begins < at <= now for at in times)
    before = sum(since <= at <= begins for at in times)
    windows = max((begins - since) / window, 1.0)
    return recent, before / windows
