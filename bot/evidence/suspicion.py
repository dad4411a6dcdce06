"""The one place where evidence is added up.

Every piece of evidence has a weight between 0 (says nothing) and 1 (hard to doubt) when it is
fresh. It counts in full for a while, then less and less, in a straight line, until it is gone;
the table `SOURCES` has both times of each source.

A surface is suspected when one kind of evidence alone weighs `ALONE`, or when at least two kinds
weigh `AGREE` each. It stays so until no kind weighs `AGREE` any more. The thresholds were chosen
by replaying all recorded incidents and the quiet hours between them with synthetic evidence
(`tests/history/test_suspicion_replay.py` holds the table), not by one outage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.page import Severity
from bot.evidence.sources import source_named

ALONE = 0.9
AGREE = 0.4


@dataclass(frozen=True, slots=True)
class Reported:
    """How many people report one surface within the window, and when the first of them did."""

    people: int
    first: datetime


@dataclass(frozen=True, slots=True)
class Signals:
    """All evidence of a moment besides the page's.

    `local`: surface → tenants ("slack/T1") for whom it is enough what their own people report,
    with the rest of the evidence.
    """

    evidence: tuple[Evidence, ...] = ()
    local: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reported: Mapping[str, Reported] = field(default_factory=dict)  # by surface


def decay(source: str, age: timedelta) -> float:
    """Return how much evidence of that age still counts, from 1 down to 0. Never rises with age."""
    if source == Source.PAGE:
        return 1.0  # a page that is not seen is unknown, whatever it said (see `verdict`)
    row = source_named(source)
    if age <= row.full_for:
        return 1.0
    return max(0.0, (row.gone_after - age) / (row.gone_after - row.full_for))


def score(evidence: Evidence, now: datetime) -> float:
    """Weight times freshness. A time in the future (another replica's clock) counts as now."""
    return evidence.weight * decay(evidence.source, max(timedelta(0), now - evidence.at))


def suffices(strengths: Mapping[str, float], alone: float = ALONE, agree: float = AGREE) -> bool:
    """Is this enough to suspect: one voice that stands alone, or two that agree?"""
    values = strengths.values()
    return any(s >= alone for s in values) or sum(s >= agree for s in values) >= 2


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The evidence against one surface besides the page: the strongest of each kind."""

    surface: str
    against: tuple[Evidence, ...] = ()
    strengths: Mapping[str, float] = field(default_factory=dict)

    @property
    def suspected(self) -> bool:
        return suffices(self.strengths)

    @property
    def opens(self) -> bool:
        """It suffices for a thread: not by the crowd alone, which others have to agree with."""
        own = (s for source, s in self.strengths.items() if source_named(source).opens)
        return self.suspected and any(s >= AGREE for s in own)

    @property
    def calm(self) -> bool:
        """Nothing is left that would count as one of two voices."""
        return all(s < AGREE for s in self.strengths.values())


def case_against(surface: str, evidence: Iterable[Evidence], now: datetime) -> Suspicion:
    """Add up what is not the page's. Two probes are one kind: only the strongest counts."""
    best: dict[str, tuple[float, Evidence]] = {}
    for piece in evidence:
        against = piece.source != Source.PAGE and piece.severity.is_impaired
        if piece.surface != surface or not against:
            continue
        weight = score(piece, now)
        if weight > 0 and weight > best.get(piece.source, (0.0, piece))[0]:
            best[piece.source] = (weight, piece)
    ranked = sorted(best.values(), key=lambda pair: -pair[0])
    return Suspicion(
        surface,
        against=tuple(piece for _, piece in ranked),
        strengths={piece.source: weight for weight, piece in ranked},
    )


def with_others(official: Verdict, others: Sequence[Evidence], now: datetime) -> Verdict:
    """The page's verdict, with what the other sources say added.

    A surface that the page calls up may become degraded and suspected, no worse. One of which
    the page is silent (unknown) stays unknown, and is marked suspected. One that the page calls
    down keeps the page's severity whatever the others see.
    """
    about = tuple(
        piece
        for piece in others
        if piece.surface == official.surface
        and piece.severity is not Severity.UNKNOWN
        and score(piece, now) > 0
    )
    verdict = replace(official, evidence=(*official.evidence, *about))
    case = case_against(official.surface, about, now)
    if not case.suspected or official.severity.is_impaired:
        return verdict
    if official.severity in {Severity.UNKNOWN, Severity.MAINTENANCE}:
        return replace(verdict, suspected=official.severity is Severity.UNKNOWN)
    began = min((piece.since or piece.at for piece in case.against), default=official.since)
    return replace(verdict, severity=Severity.DEGRADED, since=began, suspected=True)
