"""Times read from typed words: hours of the day, weekdays, zones. Pure; never guesses.

A word that means nothing here is an error that names it, so that no command is half carried out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from bot.domain.digest import DigestTime
from bot.domain.local_time import WEEKDAYS, moment_of, zone_named, zone_names
from bot.domain.quiet import DAILY, QuietHours

_TIME = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?(am|pm)?h?")
_MOST_ZONE_WORDS = 3  # "America/Argentina/Buenos Aires"
_FILLER = frozenset(["a", "and", "at", "every", "from", "hours", "in", "on", "the"])
_TO = frozenset({"-", "to", "until", "till"})
_DAYS = {
    "daily": DAILY,
    "day": DAILY,
    "days": DAILY,
    "night": DAILY,
    "nights": DAILY,
    "weekdays": frozenset(range(5)),
    "weekends": frozenset({5, 6}),
    "weekend": frozenset({5, 6}),
}
DIGEST_EXAMPLE = "digest weekly mon 9:00 Europe/Berlin"
_OFF = frozenset({"off", "none", "never", "end", "stop"})
EXAMPLE = "quiet 22:00-07:00 Europe/Berlin weekdays except major"


class TimesError(Exception):
    """A sentence that says which words could not be read, and what to write instead."""


@dataclass(slots=True)
class Words:
    """Words that are taken from the front, one meaning after the other."""

    left: list[str]
    zone: str = ""
    days: frozenset[int] = frozenset()
    times: list[time] = field(default_factory=list)

    def take_zone(self) -> bool:
        for count in range(min(_MOST_ZONE_WORDS, len(self.left)), 0, -1):
            if found := zone_names().get("_".join(self.left[:count]).casefold()):
                self.zone = found
                del self.left[:count]
                return True
        return False

    def take_days(self) -> bool:
        """Take "weekdays", "sat", "mon-fri"; several are added up."""
        first, _, last = self.left[0].casefold().partition("-")
        days = _DAYS.get(self.left[0].casefold())
        if days is None and (begin := weekday_of(first)) is not None:
            end = weekday_of(last) if last else begin
            if end is not None:
                days = frozenset((begin + n) % 7 for n in range((end - begin) % 7 + 1))
        if days is None:
            return False
        self.days |= days
        del self.left[0]
        return True

    def take_times(self) -> bool:
        """Take "22:00-07:00", or one time, with what joins two."""
        found = [time_of(part) for part in self.left[0].casefold().split("-")]
        if self.left[0].casefold() in _TO and self.times:
            del self.left[0]
            return True
        if len(found) > 2 or None in found:
            return False
        self.times += [one for one in found if one is not None]
        del self.left[0]
        return True

    def refused(self) -> TimesError:
        """Return what is wrong with the first word that is left."""
        word = self.left[0]
        places = sorted(
            name for name in zone_names().values() if name.rpartition("/")[2] == word.title()
        )
        if places:
            return TimesError(f"“{word}”: write the zone in full, as {' or '.join(places[:3])}")
        if word.isupper() and word.isalpha():
            return TimesError(
                f"“{word}” does not say when its clocks change: name a place, as Europe/Berlin"
            )
        return TimesError(f"I don't know what “{word}” means here")


def time_of(word: str) -> time | None:
    """Read "22:00", "22", "7am", "10.30pm", "24:00". None: it is no time of day."""
    found = _TIME.fullmatch(word)
    if not found:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + 12 * (half == "pm")
    hour = 0 if (hour, minute) == (24, 0) else hour
    return time(hour, minute) if hour < 24 and minute < 60 else None


def weekday_of(word: str) -> int | None:
    """Read "mon", "monday", "Tues". None: it is no day."""
    plain = word.removesuffix("s") if len(word) > 4 else word
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if len(plain) < len(WEEKDAYS[0]):
        return None
    return next((n for n, name in enumerate(names) if name.startswith(plain)), None)


def read_quiet(words: Sequence[str], zone: str = "") -> QuietHours:
    """Read "22:00-07:00 Europe/Berlin weekdays except major"; `zone`: where none is named.

    Raises:
        TimesError: a word has no meaning, or something is missing.
    """
    read, except_major = Words(list(words)), False
    while read.left:
        first, second = (*map(str.casefold, read.left[:2]), "")[:2]
        if first in {"except", "but"} and second == "major":
            outages = [w for w in read.left[2:3] if w.casefold().startswith("outage")]
            except_major = True
            del read.left[: 2 + len(outages)]
        elif first in _FILLER:
            del read.left[0]
        elif not (read.take_zone() or read.take_days() or read.take_times()):
            raise read.refused()
    if len(read.times) != 2:
        raise TimesError("I need two times, from and to, as 22:00-07:00")
    zone = read.zone or zone
    if not zone:
        raise TimesError("I need the time zone of these hours, as Europe/Berlin")
    start, end = read.times
    quiet = QuietHours(start, end, zone, read.days or DAILY, except_major)
    if quiet.never_ends:
        raise TimesError("These hours would never end: mute or unsubscribe does that")
    return quiet


def is_off(words: Sequence[str]) -> bool:
    """Whether it is one word that ends what was set."""
    return len(words) == 1 and words[0].casefold() in _OFF


def read_digest(words: Sequence[str], zone: str = "") -> DigestTime:
    """Read "daily 9:00", "weekly mon 9:00 Europe/Berlin even if empty"; `zone`: if none is named.

    Raises:
        TimesError: a word has no meaning, or something is missing.
    """
    read, weekly, even = Words(list(words)), False, False
    while read.left:
        first = read.left[0].casefold()
        if [word.casefold() for word in read.left[:3]] == ["even", "if", "empty"]:
            even = True
            del read.left[:3]
        elif first in {"weekly", "week"}:
            weekly = True
            del read.left[0]
        elif first in _FILLER:
            del read.left[0]
        elif not (read.take_zone() or read.take_days() or read.take_times()):
            raise read.refused()
    if len(read.times) != 1:
        raise TimesError("I need the time at which it comes, as 9:00")
    zone = read.zone or zone
    if not zone:
        raise TimesError("I need the time zone of this time, as Europe/Berlin")
    if not weekly and read.days in (frozenset(), DAILY):
        return DigestTime(read.times[0], zone, even_if_empty=even)
    if len(read.days) > 1:
        raise TimesError("A weekly digest comes on one day, as mon")
    return DigestTime(read.times[0], zone, min(read.days, default=0), even)


def read_until(words: list[str], zone: str, now: datetime) -> datetime:
    """Take "9:00", "9:00 Europe/Berlin", "tomorrow 9:00" or "monday 9:00" from the front.

    Raises:
        TimesError: it says no time, or not in which zone.
    """
    read, tomorrow = Words(words), False
    while read.left:
        if read.left[0].casefold() in {"tomorrow", "at", "on"}:
            tomorrow = tomorrow or read.left.pop(0).casefold() == "tomorrow"
        elif not (read.take_zone() or (not read.times and (read.take_days() or read.take_times()))):
            break
    if len(read.times) != 1:
        raise TimesError("Until when? As in until 9:00, or until monday 9:00")
    zone = read.zone or zone
    if not zone:
        at = read.times[0]
        raise TimesError(f"{at:%H:%M} in which time zone? As in until {at:%H:%M} Europe/Berlin")
    today = now.astimezone(zone_named(zone)).date()
    for ahead in range(tomorrow, 9):
        day = today + timedelta(days=ahead)
        moment = moment_of(day, read.times[0], zone)
        if moment > now and (not read.days or day.weekday() in read.days):
            return moment
    raise TimesError("That is no day to come")
