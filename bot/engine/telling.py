"""Turns a draft into its incident with the news of this look: one event, one piece of news.

Edits first, then the updates in order, each exactly once. Of several updates in one look the
last carries the change of severity, the earlier ones are plain updates. What moved without a
word is news of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.incident import EventKind, Impact, Incident, IncidentEvent, SurfaceChange
from bot.domain.page import Severity, worst
from bot.engine.draft import Draft
from bot.engine.events import PLAIN, Event, events_of
from bot.engine.incidents import Desk, digest
from bot.engine.timeline import timeline

QUIET_AFTER = timedelta(days=1)  # what was over for longer when first seen is history only


def tell(draft: Draft, desk: Desk) -> Incident:
    """Return the incident after this look; its fresh news are in `draft.fresh` too."""
    before = draft.incident
    if draft.at_rest:
        return before
    found = draft.impacts(desk.surface_of)
    impacts = {surface: found[surface] for surface in sorted(found, key=desk.provider.order)}
    overall = draft.overall()
    changes = _changes(before, impacts, {desk.surface_of(id_) for id_ in draft.let_go})
    events = events_of(draft, before)
    if desk.first:
        # Who joins now is told the present, not how it came about.
        events = [replace(events[0], update=draft.updates[-1] if draft.updates else None)]
    move = _move(before, overall, changes, impacts)
    if draft.is_new and draft.ended:
        move = None
    if move is not None and not any(e.kind not in PLAIN for e in events):
        events = _carrying(events, move)
    report = draft.report
    phase = report.phase if report else _phase_unsaid(draft, before)
    _number(draft, desk, events, changes, overall, phase)
    ended_at = _end(draft, desk)
    return replace(
        before,
        title=report.title if report else before.title,
        phase=phase,
        severity=overall,
        worst=worst((before.worst, draft.peak())),
        surfaces=impacts,
        timeline=timeline(draft, overall, ended_at, desk.now),
        ended_at=ended_at,
        events=(*before.events, *draft.fresh),
        withdrawn=draft.gone or (before.withdrawn and not draft.reopened),
        quiet=before.quiet or (draft.is_new and _is_history(ended_at, desk.now)),
    )


def _phase_unsaid(draft: Draft, before: Incident) -> str:
    """The phase of an incident that this look does not show."""
    if draft.reopened:
        return ""
    if not draft.ended or draft.gone or not before.is_open:
        return before.phase
    if draft.let_go_as:
        return draft.let_go_as
    return "completed" if before.maintenance else "resolved"


def _is_history(ended_at: datetime | None, now: datetime) -> bool:
    return ended_at is not None and now - ended_at > QUIET_AFTER


def _end(draft: Draft, desk: Desk) -> datetime | None:
    if not draft.ended:
        return None
    known = draft.incident.ended_at
    if known is not None and not draft.reopened:
        # Followed beyond the page's end: it is over when the last component is up again.
        cleared = draft.incident.severity is not Severity.UP and not draft.followed
        return max(known, draft.moved_at) if cleared and draft.moved_at else known
    return max(draft.end_at or desk.now, draft.incident.started_at)


def _changes(
    before: Incident, impacts: dict[str, Impact], let_go: Collection[str | None]
) -> tuple[SurfaceChange, ...]:
    nothing = Impact(Severity.UP, Severity.UP)
    return tuple(
        SurfaceChange(surface, old, impact.now, surface in let_go and impact.now is Severity.UP)
        for surface, impact in impacts.items()
        if (old := before.surfaces.get(surface, nothing).now) is not impact.now
    )


def _move(
    before: Incident,
    overall: Severity,
    changes: tuple[SurfaceChange, ...],
    impacts: dict[str, Impact],
) -> EventKind | None:
    """Did it get worse or better? A surface known from words alone follows, it does not lead."""
    steps = [c for c in changes if not impacts[c.surface].from_text]
    if overall.rank > before.severity.rank or any(c.after.rank > c.before.rank for c in steps):
        return EventKind.WORSE
    if overall.rank < before.severity.rank or any(c.after.rank < c.before.rank for c in steps):
        return EventKind.BETTER
    return None


def _carrying(events: list[Event], move: EventKind) -> list[Event]:
    """Let the last update carry the move; without any, the move is news of its own."""
    if not events:
        return [Event(move)]
    return [*events[:-1], replace(events[-1], kind=move)]


# --- numbering -------------------------------------------------------------------------------


def _number(
    draft: Draft,
    desk: Desk,
    events: list[Event],
    changes: tuple[SurfaceChange, ...],
    overall: Severity,
    phase: str,
) -> None:
    _number_edits(draft, desk)
    severities = dict(
        zip((u.id for u in draft.updates), (s for _, s in draft.points), strict=False)
    )
    carrier = _carrier(events)
    for i, event in enumerate(events):
        update = event.update
        severity = overall
        if i < carrier and update is not None:
            severity = severities.get(update.id, overall)
        _add(
            draft,
            IncidentEvent(
                revision=0,
                kind=event.kind,
                key=update.id if update else _key(draft, event.kind, overall),
                at=update.at if update else _moment(draft, desk, event.kind),
                observed_at=desk.now,
                severity=severity,
                phase=(update.phase if update else draft.let_go_as) or phase,
                text=update.text if update else "",
                changes=changes if i == carrier else (),
                update_id=update.id if update else None,
                note=draft.note if i == len(events) - 1 else "",
            ),
        )


def _carrier(events: list[Event]) -> int:
    """Which of the events tells the change of severity: the first that is no plain update."""
    marked = [i for i, event in enumerate(events) if event.kind not in PLAIN]
    return marked[0] if marked else len(events) - 1


def _number_edits(draft: Draft, desk: Desk) -> None:
    report, before = draft.report, draft.incident
    if report is None or draft.is_new:
        return
    overall = draft.overall()
    if report.title != draft.title and not draft.adopted:
        note = f"Renamed; it was “{draft.title}”." if draft.title else ""
        _add(
            draft, _edit(desk, before, overall, f"title:{digest(report.title)}", report.title, note)
        )
    draft.title = report.title
    for update in draft.corrected:
        told = next((n for n in before.events if n.update_id == update.id and not n.corrects), None)
        if told is not None:
            key = f"{update.id}#{digest(update.text)}"
            news = _edit(desk, before, overall, key, update.text, "")
            _add(draft, replace(news, update_id=update.id, corrects=told.key, phase=update.phase))


def _edit(
    desk: Desk, before: Incident, overall: Severity, key: str, text: str, note: str
) -> IncidentEvent:
    return IncidentEvent(
        revision=0,
        kind=EventKind.CORRECTED,
        key=key,
        at=desk.now,
        observed_at=desk.now,
        severity=overall,
        phase=before.phase,
        text=text,
        note=note,
    )


def _add(draft: Draft, news: IncidentEvent) -> None:
    """Give it its revision; a key that was used already is made its own by it."""
    revision = draft.incident.revision + len(draft.fresh) + 1
    used = {n.key for n in (*draft.incident.events, *draft.fresh)}
    key = news.key if news.key not in used else f"{news.key}~{revision}"
    draft.fresh.append(replace(news, revision=revision, key=key))


def _key(draft: Draft, kind: EventKind, overall: Severity) -> str:
    """A name that comes out the same if the look has to be taken in again."""
    if kind in (EventKind.WORSE, EventKind.BETTER):
        moved = f":{draft.moved_at:%Y-%m-%dT%H:%M:%S}" if draft.moved_at else ""
        return f"{kind.value}:{overall.value}{moved}"
    if kind is EventKind.UPDATE:
        return f"phase:{draft.report.phase if draft.report else ''}"
    return kind.value


def _moment(draft: Draft, desk: Desk, kind: EventKind) -> datetime:
    """When something happened that came without words."""
    if kind in (EventKind.OPENED, EventKind.STARTED, EventKind.SCHEDULED) and draft.is_new:
        return draft.incident.started_at
    if draft.ended and draft.end_at and kind is not EventKind.WITHDRAWN:
        return draft.end_at
    return draft.moved_at or desk.now
