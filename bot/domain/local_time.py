"""Times of day in a zone of the IANA database, as moments. Pure, but for the database itself.

A time that the clocks skip in spring is reached when they jump over it. A time that they show twice
in autumn is its first one, or the last where `last` asks for it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@cache
def zone_named(name: str) -> ZoneInfo:
    """Return the zone; UTC where the database of this machine does not know it (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@cache
def zone_names() -> dict[str, str]:
    """Return the zones that may be typed, each by its name in lower case.

    Abbreviations (EST, CET) are none: they say nothing of summer time, or something else elsewhere.
    """
    places = {name for name in available_timezones() if "/" in name}
    places -= {name for name in places if name.startswith(("Etc/", "SystemV/", "posix/", "right/"))}
    return {name.casefold(): name for name in (*places, "UTC")}


@lru_cache(maxsize=4096)
def moment_of(day: date, at: time, zone: str, *, last: bool = False) -> datetime:
    """Return the moment (UTC) at which the clocks of a zone show, or jump over, a time of a day."""
    place, wall = zone_named(zone), datetime.combine(day, at)
    first, second = (wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:  # shown once, or twice
        return second if last else first
    # Skipped: of the two readings one lies before the jump, the other behind it.
    before, after = second, first
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(place).replace(tzinfo=None) >= wall:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)
