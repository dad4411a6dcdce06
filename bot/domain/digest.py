"""When a channel gets its digest: a local time of each day, or of one day of the week. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from bot.domain.local_time import WEEKDAYS, moment_of, zone_named
from bot.domain.page import Severity
from bot.domain.quiet import Period

DIGEST = "digest:"  # how the key of one begins
_BACK = 15  # days: two weeks, and one day for a zone that is ahead


@dataclass(frozen=True, slots=True)
class DigestTime:
    """A time of day in a zone of the IANA database."""

    at: time
    zone: str
    weekday: int | None = None  # Monday is 0; None: daily
    even_if_empty: bool = False  # one line where there is nothing to tell, instead of silence
    # When it was set: what fell due before that is not told.
    since: datetime | None = field(default=None, compare=False)

    @property
    def words(self) -> str:
        """As one types them: "weekly mon 09:00 Europe/Berlin even if empty"."""
        when = "daily" if self.weekday is None else f"weekly {WEEKDAYS[self.weekday]}"
        tail = " even if empty" if self.even_if_empty else ""
        return f"{when} {self.at:%H:%M} {self.zone}{tail}"

    def last(self, now: datetime) -> Period | None:
        """Return what the last digest is about that is due by now; None: none since it was set."""
        due = [moment for moment in self._around(now) if moment <= now]
        if len(due) < 2 or (self.since is not None and due[-1] <= self.since):
            return None
        return Period(due[-2], due[-1])

    def next(self, now: datetime) -> datetime:
        """Return when the next one is due."""
        return next(moment for moment in self._around(now) if moment > now)

    def _around(self, now: datetime) -> list[datetime]:
        """Return the times around now, oldest first: two that were at least, and two to come."""
        today = now.astimezone(zone_named(self.zone)).date()
        days = [today + timedelta(days=n) for n in range(-_BACK, _BACK)]
        return [
            moment_of(day, self.at, self.zone)
            for day in days
            if self.weekday is None or day.weekday() == self.weekday
        ]


@dataclass(frozen=True, slots=True)
class DigestDue:
    """A digest of one channel, as a subject: what it is about lies in its period."""

    period: Period

    @property
    def key(self) -> str:
        return self.period.named(DIGEST)

    @property
    def version(self) -> str:
        return "1:due"

    @property
    def severity(self) -> Severity:
        """Nothing is as little urgent."""
        return Severity.UP
