"""Severity over time: what makes "major 40 min, partial 73 min" possible."""

from __future__ import annotations

from datetime import datetime

from bot.domain.page import Severity
from bot.engine.draft import Draft

Point = tuple[datetime, Severity]


def timeline(
    draft: Draft, overall: Severity, ended_at: datetime | None, now: datetime
) -> tuple[Point, ...]:
    """Continue the incident's timeline by what this look shows.

    Times never go back (updates may be backdated), and equal neighbours are one. Nothing is
    written at the end itself: the last severity holds until then.
    """
    points = list(draft.incident.timeline)
    if not points:
        first = draft.points[0][1] if draft.points else draft.weight()
        points.append((draft.incident.started_at, first))
    if draft.reopened and draft.incident.ended_at is not None:
        _append(points, draft.incident.ended_at, Severity.UP)
    for at, severity in draft.points:
        _append(points, at, severity)
    if not draft.ended or draft.followed:
        last = draft.points[-1][0] if draft.points else None
        _append(points, draft.moved_at or last or now, overall)
    if ended_at is not None and not draft.followed:
        while len(points) > 1 and points[-1][0] >= ended_at and points[-1][1] is Severity.UP:
            points.pop()
    return tuple(points)


def _append(points: list[Point], at: datetime, severity: Severity) -> None:
    if severity is not points[-1][1]:
        points.append((max(at, points[-1][0]), severity))
