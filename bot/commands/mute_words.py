"""What `mute` is about, and until when. Pure, but for the incidents that a word may name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.catalog.names import length_of, longest_name, of_provider
from bot.catalog.times import TimesError, read_until

LONGEST_MUTE = timedelta(days=30)
_FILLER = frozenset(
    ["all", "and", "everything", "for", "here", "it", "me", "news", "of", "on", "the", "this", "us"]
)


@dataclass(slots=True)
class MuteWords:
    """What was understood; `left` may name an incident."""

    surfaces: list[str] = field(default_factory=list)
    until: datetime | None = None
    shortened: bool = False  # more was asked for than there is
    left: list[str] = field(default_factory=list)


def read_mute(tokens: list[str], catalog: Catalog, zone: str, now: datetime) -> MuteWords:
    """Read "2h", "api 2 hours", "until 9:00", "opus until monday 9:00", "x1abc".

    Raises:
        TimesError: a word is ambiguous, or "until" leads to no time.
    """
    read, words = MuteWords(), list(tokens)
    while words:
        if length := length_of(words[0].casefold()):
            del words[0]
        elif len(words) > 1 and (length := length_of("".join(words[:2]).casefold())):
            del words[:2]
        if length:
            read.until = now + min(length, LONGEST_MUTE)
            read.shortened = length > LONGEST_MUTE
        elif words[0].casefold() in {"until", "till"}:
            del words[0]
            read.until = read_until(words, zone, now)
        else:
            _read_name(read, words, catalog)
    return read


def _read_name(read: MuteWords, words: list[str], catalog: Catalog) -> None:
    """Take the longest name of a surface from the front, a filler, or what may be an incident."""
    found, count = longest_name(catalog, words)
    if len(found.surfaces) > 1:
        which = " or ".join(catalog.label(surface) for surface in found.surfaces)
        raise TimesError(f"“{words[0]}” may be {which}: which one?")
    whole = found.provider and len(catalog.providers) == 1
    if found.provider and not whole:
        read.surfaces += of_provider(catalog, found.provider)
    elif found.surfaces:
        read.surfaces += found.surfaces
    elif words[0].casefold() not in _FILLER and not whole:
        read.left.append(words[0])
        count = 1
    del words[: max(1, count)]
