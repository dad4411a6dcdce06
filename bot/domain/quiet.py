"""Quiet hours of a channel: hours of local time in which nothing is told, only put off. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from bot.domain.local_time import WEEKDAYS, moment_of, zone_named

DAILY = frozenset(range(7))
# Days around the present that are looked at: longer than a week that begins and ends in one period.
_BACK, _AHEAD = 10, 17


@dataclass(frozen=True, slots=True)
class Period:
    """One stretch of quiet hours, from `start` to just before `end`."""

    start: datetime
    end: datetime

    def named(self, kind: str) -> str:
        """Return the key of a subject of this kind that is about this period."""
        return f"{kind}{self.start.timestamp():.0f}-{self.end.timestamp():.0f}"

    @classmethod
    def read(cls, key: str) -> Period:
        """Return the period that such a key names."""
        start, end = map(int, key.rpartition(":")[2].split("-"))
        return cls(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours. An `end` that is not after `start` is on the next day."""

    start: time
    end: time
    zone: str  # of the IANA database
    days: frozenset[int] = DAILY  # weekdays on which they begin, Monday is 0
    except_major: bool = False  # what is, or was, a major outage is told as by day

    @property
    def never_ends(self) -> bool:
        return self.start == self.end and self.days == DAILY

    @property
    def words(self) -> str:
        """As one types them: "22:00-07:00 Europe/Berlin weekdays except major"."""
        days = "" if self.days == DAILY else f" {days_in_words(self.days)}"
        major = " except major" if self.except_major else ""
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}{days}{major}"

    def period_at(self, moment: datetime) -> Period | None:
        """Return the period that holds this moment; None: it is not quiet."""
        return next((one for one in self._around(moment) if moment in one), None)

    def last_ended(self, moment: datetime) -> Period | None:
        """Return the last period that has ended by then; None: none for a week."""
        ended = [one for one in self._around(moment) if one.end <= moment]
        return ended[-1] if ended else None

    def next_end(self, moment: datetime) -> datetime | None:
        """Return when the period ends that holds this moment, or the next one."""
        return next((one.end for one in self._around(moment) if one.end > moment), None)

    def _around(self, moment: datetime) -> tuple[Period, ...]:
        return _periods(self, moment.astimezone(zone_named(self.zone)).date())


@lru_cache(maxsize=4096)
def _periods(quiet: QuietHours, day: date) -> tuple[Period, ...]:
    """Return the periods around a day, oldest first; those that touch are one."""
    found: list[Period] = []
    for offset in range(-_BACK, _AHEAD):
        begins = day + timedelta(days=offset)
        if begins.weekday() not in quiet.days:
            continue
        ends = begins if quiet.end > quiet.start else begins + timedelta(days=1)
        start = moment_of(begins, quiet.start, quiet.zone)
        end = moment_of(ends, quiet.end, quiet.zone, last=True)
        if end <= start:
            continue  # the clocks jumped over all of it
        if found and start <= found[-1].end:
            start = found.pop().start
        found.append(Period(start, end))
    return tuple(found)


def days_in_words(days: frozenset[int]) -> str:
    """Return "weekdays", "weekends", or the days: "sat,sun"."""
    named = {frozenset(range(5)): "weekdays", frozenset({5, 6}): "weekends", DAILY: "daily"}
    return named.get(days) or ",".join(WEEKDAYS[day] for day in sorted(days))
