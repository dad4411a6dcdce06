"""The first page as values: the answer, surfaces with their evidence, what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from adapters.web.page.incidents import IncidentPart, incident_part
from adapters.web.page.past import expected_words
from bot.domain.evidence import Evidence, Source
from bot.domain.message import Line, Lines, Row, Text
from bot.domain.page import Severity, worst
from bot.evidence.sources import label_of
from bot.messages.advice import advice_line
from bot.messages.answer import answer_message
from bot.messages.provider_answer import ProviderAnswer
from bot.messages.state import is_planned
from bot.status.view import ProviderStatus, StatusView

if TYPE_CHECKING:
    from adapters.web.app import Web


_NAMED = 3  # pages out of sight that the answer names


@dataclass(frozen=True, slots=True)
class Said:
    """One piece of evidence: who says what, when it was last seen to be so."""

    who: str
    says: str
    severity: Severity
    at: datetime
    # Since when, where that is not the page's, which the surface's row tells.
    since: datetime | None


@dataclass(frozen=True, slots=True)
class SurfacePart:
    """One surface in the list. `told`: it begins unfolded, with its evidence."""

    surface: str
    row: Row
    evidence: tuple[Said, ...]
    told: bool


@dataclass(frozen=True, slots=True)
class ProviderPart:
    """One provider in full."""

    provider: str
    label: str
    surfaces: tuple[SurfacePart, ...]
    # "Official page, checked 12 s ago · status.claude.com".
    source: Line


@dataclass(frozen=True, slots=True)
class OtherPart:
    """Another provider in a line, which leads to its own page."""

    provider: str
    label: str
    severity: Severity
    words: str

    @classmethod
    def of(cls, one: ProviderStatus, view: StatusView) -> OtherPart:
        label = view.catalog.provider(one.provider).label
        if not one.is_fresh:
            return cls(one.provider, label, Severity.UNKNOWN, "I can't see its page")
        severity = worst(v.severity for v in one.verdicts)
        bad = [view.catalog.label(v.surface) for v in view.of([one.provider]).in_trouble()]
        words = severity.words
        if bad:
            words += f": {', '.join(bad[:3])}" + (f" and {len(bad) - 3} more" if bad[3:] else "")
        return cls(one.provider, label, severity, words)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that stands on the first page, or on the page of one provider."""

    question: str
    # The answer in a word, and the sentences that say it in full.
    head: str
    opening: tuple[Line, ...]
    severity: Severity
    plain: str
    main: ProviderPart
    others: tuple[OtherPart, ...]
    incidents: tuple[IncidentPart, ...]
    planned: tuple[IncidentPart, ...]
    # What to do, and how long it may take; empty where nothing is wrong.
    advice: str
    how_long: str


async def overview(web: Web, view: StatusView) -> Overview:
    """Return what to show of all providers of this view, the first of them in full."""
    first = view.providers[0]
    blind = [one.provider for one in view.providers[1:] if not one.is_fresh]
    several = first.is_fresh and len(blind) > _NAMED
    # Each has a line of its own below: too many names would hide the answer.
    told = view.of([p.provider for p in view.providers if p.provider not in blind])
    message = answer_message(told if several else view)
    head, _, rest = message.plain.partition(". ")
    opening: tuple[Line, ...] = ((Text(rest),),)
    if message.title != message.plain and message.blocks and isinstance(message.blocks[0], Lines):
        opening = message.blocks[0].lines  # the title holds the word alone
    if several:
        head += f", but I can't see {len(blind)} other pages"
    label = view.catalog.provider(first.provider).label
    seen = [verdict for one in view.providers if one.is_fresh for verdict in one.verdicts]
    bad = max((v for v in seen if v.in_trouble), key=lambda v: v.severity.rank, default=None)
    advice, how_long = "", ""
    if bad is not None:
        advice = advice_line(view, bad.surface).removeprefix("What you can do: ")
        about = view.about(bad.carried_by or bad.surface)
        how_long = await expected_words(web, view, about[0]) if about else ""
    running = sorted(view.incidents, key=lambda i: (-i.severity.rank, i.started_at))
    return Overview(
        question=f"Is {label} down?",
        head=head,
        opening=opening,
        severity=message.severity or Severity.UNKNOWN,
        plain=f"{head}. {rest}",
        main=provider_part(first, view),
        others=tuple(OtherPart.of(one, view) for one in view.providers[1:]),
        incidents=tuple(incident_part(i, view) for i in running if not is_planned(i)),
        planned=tuple(
            incident_part(i, view)
            for i in sorted(running, key=lambda i: i.scheduled_for or i.started_at)
            if is_planned(i)
        ),
        advice=advice[:1].upper() + advice[1:],
        how_long=how_long,
    )


def provider_part(one: ProviderStatus, view: StatusView) -> ProviderPart:
    """One provider with a row for each surface that has something to say for itself."""
    answer = ProviderAnswer(one, view, ())
    parts = []
    for verdict, row in zip(answer.verdicts, answer.rows(), strict=True):
        told = verdict.in_trouble and one.is_fresh
        parts.append(SurfacePart(verdict.surface, row, said_of(verdict.evidence), told))
    provider = view.catalog.provider(one.provider)
    return ProviderPart(one.provider, provider.label, tuple(parts), answer.source_line())


def said_of(evidence: Sequence[Evidence]) -> tuple[Said, ...]:
    return tuple(
        Said(
            label_of(piece.source),
            piece.says or piece.severity.words,
            piece.severity,
            piece.at,
            piece.since if piece.severity.is_impaired and piece.source != Source.PAGE else None,
        )
        for piece in evidence
    )
