"""Lenient field types for what pages send: absent, null, `[]` and `"[]"` are all "nothing".

Every type here accepts any JSON value and never raises, so that a strange field costs itself
and not the incident around it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

from bot.domain.page import Severity

# What a hostile page could make us keep; the longest real text has 6,024 characters, the
# longest real title 89 (GitHub).
MAX_TEXT = 12_000
MAX_TITLE = 300
MAX_ID = 128
MAX_ITEMS = 500  # incidents of a list, updates of an incident, components of a page


def read_time(value: object) -> datetime | None:
    """A page's time as aware UTC; without an offset it is taken as UTC.

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


def _text(value: object) -> str:
    """A string without half characters (lone surrogates), which could not be stored."""
    if not isinstance(value, str):
        return ""
    return value.strip().encode("utf-8", "replace").decode("utf-8")


def _id(value: object) -> str:
    """An id as text; a number counts (GitHub's feed), a flag does not."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**MAX_ID else ""
    # A slash would break our keys ("provider/id").
    return _text(value).replace("/", "_")[:MAX_ID]


def _rows(value: object) -> list[dict[str, Any]]:
    """The objects of a list, a bare string being one with that name; else nothing."""
    if not isinstance(value, list):
        return []
    named = ({"name": row} if isinstance(row, str) else row for row in value[:MAX_ITEMS])
    return [row for row in named if isinstance(row, dict)]


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _flag(value: object) -> bool:
    return value is True


Time = Annotated[datetime | None, BeforeValidator(read_time)]
Words = Annotated[str, BeforeValidator(_text)]
Id = Annotated[str, BeforeValidator(_id)]
Rows = Annotated[list[dict[str, Any]], BeforeValidator(_rows)]
Object = BeforeValidator(_object)  # for a model that is there, or empty
Flag = Annotated[bool, BeforeValidator(_flag)]

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
    """What a component's status means; unknown words stay unknown, they are not down."""
    letters = "".join(filter(str.isalpha, status.lower()))
    return _STATUSES.get(letters, Severity.UNKNOWN)


def impact_severity(impact: str) -> Severity:
    return _IMPACTS.get(impact.lower(), Severity.UNKNOWN)


def phase_word(status: str) -> str:
    """A phase in one spelling: "In progress" and "IN_PROGRESS" are in_progress."""
    return status.lower().replace(" ", "_").replace("-", "_")
