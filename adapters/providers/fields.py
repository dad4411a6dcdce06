"""Lenient field types for what pages send: absent, null, `[]` and `"[]"` are all "nothing".

Every type here accepts any JSON value and never raises, so that a strange field costs itself
and not the incident around it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator

from adapters.chat.text import clean
from bot.domain.page import Severity

# What a hostile page could make us keep; the longest real text has 6,024 characters, the
# longest real title 89 (GitHub).
MAX_TEXT = 12_000
MAX_TITLE = 300
MAX_ID = 128
MAX_ITEMS = 500  # incidents of a list, updates of an incident, components of a page


def read_time(value: object) -> datetime | None:
    """Return a page's time as aware UTC; without an offset it is taken as UTC.

    Years that no status page can mean are no time: reckoning with them would overflow.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if 1990 <= moment.year <= 2200 else None


def read_moment(value: object) -> datetime | None:
    """Return a page's time as aware UTC: ISO 8601, epoch seconds (AWS), or RFC 822 (feeds)."""
    if isinstance(value, str) and (found := read_time(value)):
        return found
    try:
        if isinstance(value, str) and not value.strip().isdecimal():
            moment = parsedate_to_datetime(value.strip())
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(int(value), UTC)
        else:
            return None
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    return moment if 1990 <= moment.year <= 2200 else None


def read_text(value: object) -> str:
    """Return a string without control characters and half characters (lone surrogates).

    Whoever shows it next, on a terminal, as JSON or in a feed, need not fear them; and half
    characters could not be stored.
    """
    return clean(value).strip() if isinstance(value, str) else ""


def read_id(value: object) -> str:
    """Return an id as text; a number counts (GitHub's feed), a flag does not."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**MAX_ID else ""
    # A slash would break our keys ("provider/id").
    return read_text(value).replace("/", "_")[:MAX_ID]


def read_rows(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list, a bare string being one with that name; else nothing."""
    if not isinstance(value, list | tuple):
        return []
    named = ({"name": row} if isinstance(row, str) else row for row in value[:MAX_ITEMS])
    return [row for row in named if isinstance(row, dict)]


def as_object(value: object) -> dict[str, Any]:
    """Return an object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


Time = Annotated[datetime | None, BeforeValidator(read_time)]
Moment = Annotated[datetime | None, BeforeValidator(read_moment)]
Words = Annotated[str, BeforeValidator(read_text)]
Id = Annotated[str, BeforeValidator(read_id)]
Rows = Annotated[tuple[dict[str, Any], ...], BeforeValidator(read_rows)]
Object = BeforeValidator(as_object)  # for a model that is there, or empty
Flag = Annotated[bool, BeforeValidator(lambda value: value is True)]


class Raw(BaseModel):
    """A piece of what a page sent. Its fields are of the types above and have defaults."""

    @classmethod
    def read(cls, value: object) -> Self:
        """Read an object; anything else is one without fields."""
        return cls.model_validate(as_object(value))

    @classmethod
    def read_all(cls, value: object) -> list[Self]:
        """Read the objects of a list; anything else has none."""
        return [cls.model_validate(row) for row in read_rows(value)]


# The page's words for a component, letters only: Statuspage, incident.io ("full_outage") and
# Instatus ("MINOROUTAGE").
_STATUSES = {
    "operational": Severity.UP,
    "degradedperformance": Severity.DEGRADED,
    "degraded": Severity.DEGRADED,
    "partialoutage": Severity.PARTIAL,
    "minoroutage": Severity.PARTIAL,
    "majoroutage": Severity.MAJOR,
    "fulloutage": Severity.MAJOR,
    "undermaintenance": Severity.MAINTENANCE,
    "maintenance": Severity.MAINTENANCE,
}
_IMPACTS = {
    "none": Severity.UP,
    "minor": Severity.DEGRADED,
    "major": Severity.PARTIAL,
    "critical": Severity.MAJOR,
    "maintenance": Severity.MAINTENANCE,
}


def status_severity(status: str) -> Severity:
    """Return the severity of a component's status; unknown words stay unknown, never down."""
    letters = "".join(filter(str.isalpha, status.lower()))
    return _STATUSES.get(letters, Severity.UNKNOWN)


def impact_severity(impact: str) -> Severity:
    return _IMPACTS.get(impact.lower(), Severity.UNKNOWN)


def phase_word(status: str) -> str:
    """Return a phase in one spelling: "In progress" and "IN_PROGRESS" are in_progress."""
    return status.lower().replace(" ", "_").replace("-", "_")
