"""Uptime for programs: the classes of `/v1/uptime` and `uptime --json`, and how they are made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import Field

from bot.domain.page import Severity
from bot.history.figures import UptimeReport
from bot.history.uptime import RULE, Uptime, error_budget
from bot.status.schema import Part, Seconds, Stamp


class FiguresDocument(Part):
    """One surface over the window, by one observer."""

    weighted: float | None = Field(description="Share of the known time, 0 to 1; null: unknown.")
    unweighted: float | None = Field(description="The same, partial outages counted whole.")
    lengths: dict[Severity, Seconds] = Field(description="Known time by severity, in seconds.")
    known: Seconds
    unknown: Seconds = Field(description="In neither numerator nor denominator.")
    looked: Seconds = Field(description="Of the known time: seen as we looked.")
    from_incidents: Seconds = Field(
        description="Of the known time: told by the page's incidents alone. Not its own figure."
    )
    looks: int
    incidents: int


class BudgetDocument(Part):
    """The error budget of a target over the window."""

    target: float
    allowed: Seconds
    burnt: Seconds
    left: Seconds = Field(description="Negative: the target is missed.")
    empty_after: Seconds | None = Field(
        description="At the rate of the window; null: never, or too early to say."
    )


class DayDocument(Part):
    """One day (UTC) by the page's word."""

    day: date
    worst: Severity
    weighted: float | None
    lengths: dict[Severity, Seconds]


class SurfaceUptimeDocument(Part):
    """One surface."""

    surface: str
    official: FiguresDocument = Field(description="By the page.")
    observed: FiguresDocument = Field(description="By our own evidence.")
    budget: BudgetDocument | None
    days: tuple[DayDocument, ...] = Field(description="Oldest first; the ends may be partial.")


class UptimeDocument(Part):
    """The share of a window in which surfaces were up."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    start: Stamp
    end: Stamp
    rule: str
    surfaces: tuple[SurfaceUptimeDocument, ...]


def uptime_document(report: UptimeReport, target: float | None = None) -> UptimeDocument:
    return UptimeDocument(
        start=report.start,
        end=report.end,
        rule=RULE,
        surfaces=tuple(
            SurfaceUptimeDocument(
                surface=one.surface,
                official=FiguresDocument(**_fields(one.official)),
                observed=FiguresDocument(**_fields(one.observed)),
                budget=_budget_of(one.official, target),
                days=tuple(
                    DayDocument(
                        day=day.start.date(),
                        worst=day.worst,
                        weighted=day.weighted,
                        lengths=dict(day.lengths),
                    )
                    for day in one.days
                ),
            )
            for one in report.surfaces
        ),
    )


class CalendarFigures(FiguresDocument):
    budget: BudgetDocument | None


class CalendarDocument(Part):
    """Figures of a page's own calendar, by component."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    rule: str
    components: dict[str, CalendarFigures]


def calendar_document(found: Mapping[str, Uptime], target: float | None = None) -> CalendarDocument:
    return CalendarDocument(
        rule=RULE,
        components={
            name: CalendarFigures(**_fields(one), budget=_budget_of(one, target))
            for name, one in found.items()
        },
    )


def _fields(uptime: Uptime) -> dict[str, Any]:
    return {
        "weighted": uptime.weighted,
        "unweighted": uptime.unweighted,
        "lengths": dict(uptime.lengths),
        "known": uptime.known,
        "unknown": uptime.unknown,
        "looked": uptime.looked,
        "from_incidents": uptime.from_incidents,
        "looks": uptime.looks,
        "incidents": uptime.incidents,
    }


def _budget_of(uptime: Uptime, target: float | None) -> BudgetDocument | None:
    if target is None:
        return None
    budget = error_budget(uptime, target)
    return BudgetDocument(
        target=budget.target,
        allowed=budget.allowed,
        burnt=budget.burnt,
        left=budget.left,
        empty_after=budget.empty_after,
    )
