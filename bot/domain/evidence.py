"""Evidence on a surface, and the verdict drawn from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.page import Severity, worst


class Source(StrEnum):
    """The sources that this program has itself; `SOURCES` may have more."""

    PAGE = "page"
    PROBE = "probe"
    REPORTS = "reports"
    TRAFFIC = "traffic"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement of one source about one surface. `at`: when it was last seen to be so."""

    source: str
    surface: str
    severity: Severity
    at: datetime
    since: datetime | None = None
    says: str = ""
    from_text: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer about one surface now, with what it rests on. `incidents` are keys."""

    surface: str
    severity: Severity
    since: datetime | None
    checked_at: datetime | None  # None: the page was never read
    evidence: tuple[Evidence, ...] = ()
    incidents: tuple[str, ...] = ()
    suspected: bool = False
    # The surface that carries it, where nothing speaks of itself: its state is the carrier's.
    carried_by: str = ""

    @property
    def in_trouble(self) -> bool:
        """Something is wrong with it: the page says so, or our own evidence."""
        return self.suspected or self.severity.is_impaired

    @property
    def is_up(self) -> bool:
        """Known to work. What is unknown or suspected is not."""
        return self.severity is Severity.UP and not self.suspected

    @property
    def last_known(self) -> Severity:
        """The severity when the page was last seen, even where the verdict is by now unknown."""
        if self.severity is not Severity.UNKNOWN:
            return self.severity
        page = [piece.severity for piece in self.evidence if piece.source == Source.PAGE]
        return worst(page, default=Severity.UNKNOWN)
