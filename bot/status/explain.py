"""Explanations of errors that somebody pasted, by a table and the present verdict: whose fault?

The table (`errors.toml`) is data with sources. Pasted text is hostile until proven otherwise: it
is cut, made plain and searched for fixed words and numbers; nothing of it is ever repeated.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from bot.domain.evidence import Verdict

LONGEST = 4_000  # characters; an error that needs more is a log
OVERLAP = 400  # characters of a log that are read twice, so that no error is cut; a guess


class Side(StrEnum):
    THEIRS = "theirs"
    YOURS = "yours"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class KnownError:
    """One known error. It matches if any of its `words`, `types` or `statuses` is found."""

    id: str
    title: str
    side: Side
    advice: str
    sources: tuple[str, ...]
    words: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    surfaces: tuple[str, ...] = ()  # whose verdict decides where the error alone does not
    when_down: str = ""  # what to do instead, while one of them is down
    certain: bool = False  # the error alone settles whose it is


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer whose fault an error is, how sure that is, and what to do."""

    side: Side
    advice: str
    entry: KnownError | None = None  # None: the error is not known
    because: tuple[str, ...] = ()  # the surfaces in trouble that decided
    certain: bool = False  # else it is probably so


UNKNOWN = Explanation(
    Side.UNCLEAR,
    "I don't know this error. Try the same from another network: if it fails there too, it is "
    "hardly you.",
)
UNKNOWN_IN_TROUBLE = (
    "I don't know this error, but there is trouble on their side: wait for its end."
)
NOTHING = Explanation(Side.UNCLEAR, "Paste the error after the command, as it was shown to you.")


def explain(text: str, verdicts: Sequence[Verdict], table: Sequence[KnownError]) -> Explanation:
    """Say whose fault it is. Total: any text has an answer."""
    plain = simplify(text)
    if not plain:
        return NOTHING
    entry = find(plain, table)
    if entry is None:
        bad = tuple(v.surface for v in verdicts if v.in_trouble and not v.carried_by)
        return Explanation(Side.UNCLEAR, UNKNOWN_IN_TROUBLE, because=bad) if bad else UNKNOWN
    troubled = tuple(v.surface for v in verdicts if v.surface in entry.surfaces and v.in_trouble)
    if entry.side is Side.UNCLEAR and troubled:
        return Explanation(Side.THEIRS, entry.when_down or entry.advice, entry, troubled)
    if entry.side is Side.YOURS and troubled and entry.when_down:
        # Their trouble can look like yours: in one outage healthy accounts were told that they
        # were no longer members of their organisation.
        return Explanation(Side.UNCLEAR, entry.when_down, entry, troubled)
    return Explanation(entry.side, entry.advice, entry, troubled, entry.certain)


def explain_log(log: str, verdicts: Sequence[Verdict], table: Sequence[KnownError]) -> Explanation:
    """Explain the last known error of a log: what failed stands at its end."""
    said = NOTHING
    end = len(log)
    while end > 0:
        begin = max(0, end - LONGEST)
        part = explain(log[begin:end], verdicts, table)
        if part.entry is not None:
            return part
        said = part if said is NOTHING else said
        end = begin + OVERLAP if begin else 0
    return said


_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TYPE = re.compile(r"\b([a-z]+(?:_[a-z]+)+)\b")
# A status where errors write them, not any number of three digits: "API Error: 529 …",
# "status code 529", "HTTP/1.1 529", "529 Overloaded", "529 {…", or nothing but the number.
_STATUS = re.compile(
    r"(?:error|status|code|http(?:/[\d.]+)?)\W{0,3}(?:code\W{0,3})?([1-5]\d\d)\b"
    r"|^\W{0,3}([1-5]\d\d)\W{0,3}$"
    r"|\b([45]\d\d)\W{1,3}(?:\{|overloaded|internal|bad |service |forbidden|unauthorized|too many"
    r"|not found|gateway|payload|payment|request|unprocessable|site |no body)"
)


def simplify(text: str) -> str:
    """Cut, without colours and decoration, in lower case and with single blanks."""
    plain = unicodedata.normalize("NFKC", _ANSI.sub("", text[:LONGEST]))
    plain = plain.replace("’", "'").replace("‘", "'").replace('\\"', '"')
    return re.sub(r"\s+", " ", plain).strip().casefold()[:LONGEST]


def find(plain: str, table: Sequence[KnownError]) -> KnownError | None:
    """The first entry whose words are found, else one whose type, else one whose status is.

    Words come first since they say most: a 403 may be many things, "no longer a member" is one.
    """
    types = set(_TYPE.findall(plain))
    statuses = {int(next(filter(None, found))) for found in _STATUS.findall(plain)}
    by_words = (e for e in table if any(word in plain for word in e.words))
    by_type = (e for e in table if types.intersection(e.types))
    by_status = (e for e in table if statuses.intersection(e.statuses))
    return next(by_words, None) or next(by_type, None) or next(by_status, None)


@cache
def known_errors() -> tuple[KnownError, ...]:
    """Read the table that comes with the program."""
    return read_table(resources.files("bot.catalog").joinpath("errors.toml").read_text("utf-8"))


def read_table(text: str) -> tuple[KnownError, ...]:
    return tuple(
        KnownError(
            id=row["id"],
            title=row["title"],
            side=Side(row["side"]),
            advice=row["advice"],
            sources=tuple(row["sources"]),
            words=tuple(simplify(word) for word in row.get("words", ())),
            types=tuple(row.get("types", ())),
            statuses=tuple(row.get("statuses", ())),
            surfaces=tuple(row.get("surfaces", ())),
            when_down=row.get("when_down", ""),
            certain=bool(row.get("certain", False)),
        )
        for row in tomllib.loads(text)["error"]
    )
