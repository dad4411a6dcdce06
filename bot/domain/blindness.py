"""A time in which a page could not be read although something was wrong, as a subject to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.incident import Impact
from bot.domain.page import Severity

BLIND = "blind:"  # how its key begins


@dataclass(frozen=True, slots=True)
class Blindness:
    """Told to the channels that asked for what was in trouble: once, and once when it is over."""

    provider: str
    since: datetime  # the first poll that failed
    noticed_at: datetime
    # What was in trouble when it was noticed, as last known; empty where no surface was named.
    surfaces: Mapping[str, Impact] = field(default_factory=dict)
    concerned: Mapping[str, Impact] = field(default_factory=dict)  # ... and what rests on it
    worst: Severity = Severity.DEGRADED
    by_default: bool = True
    ended_at: datetime | None = None  # the page could be read again

    @property
    def key(self) -> str:
        """The subject's key in the queue."""
        return f"{BLIND}{self.provider}/{int(self.since.timestamp())}"

    @property
    def version(self) -> str:
        return "1:blind" if self.ended_at is None else "2:seen"

    @property
    def severity(self) -> Severity:
        return self.worst
