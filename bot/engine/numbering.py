"""The numbered events of an incident: what is told, with its key, its time and its changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.incident import Ending, EventKind, IncidentEvent, SurfaceChange
from bot.domain.page import PageUpdate
from bot.engine.impact import overall
from bot.engine.incidents import digest
from bot.engine.poll import Poll
from bot.engine.stages import Conclusion


@dataclass(frozen=True, slots=True)
class Unnumbered:
    """An event to be: a kind, and the text that it comes with."""

    kind: EventKind
    update: PageUpdate | None = None

    def key(self, one: Conclusion) -> str:
        """Return a name that comes out the same if the poll has to be taken in again."""
        if self.update is not None:
            return self.update.id
        moved_at, page, kind = one.owned.moved_at, one.seen.page, self.kind
        moved = f":{moved_at:%Y-%m-%dT%H:%M:%S}" if moved_at else ""
        if kind in {EventKind.WORSE, EventKind.BETTER}:
            return f"{kind.value}:{overall(one).value}{moved}"
        if kind is EventKind.UPDATE:
            return f"row{moved}" if moved else f"phase:{page.phase if page else ''}"
        return kind.value

    def moment(self, poll: Poll, one: Conclusion) -> datetime:
        """Return when it happened: as its text says, else by what else is known."""
        if self.update is not None:
            return self.update.at
        openings = {EventKind.OPENED, EventKind.STARTED, EventKind.SCHEDULED}
        if one.seen.is_new and self.kind in openings:
            return one.seen.incident.started_at
        if one.at and self.kind is not EventKind.WITHDRAWN:
            return one.at
        return one.owned.moved_at or poll.now


def numbered(
    poll: Poll,
    one: Conclusion,
    told: Sequence[Unnumbered],
    changes: tuple[SurfaceChange, ...],
) -> tuple[IncidentEvent, ...]:
    """Return the events of the incident, with new ones of `told` and of edited texts at the end.

    `changes` go with the first that is no plain update, else with the last.
    """
    plain = [piece.kind is EventKind.UPDATE for piece in told]
    carrier = plain.index(False) if False in plain else len(told) - 1
    severity_after = {u.id: s for u, (_, s) in zip(one.seen.updates, one.seen.points, strict=False)}
    released_as = one.owned.released_as
    words = released_as.value if released_as.is_over else ""
    events = _edits(poll, one)
    for i, piece in enumerate(told):
        update, severity = piece.update, overall(one)
        if i < carrier and update:
            severity = severity_after.get(update.id, severity)
        events.append(
            IncidentEvent(
                revision=0,
                kind=piece.kind,
                key=piece.key(one),
                at=piece.moment(poll, one),
                observed_at=poll.now,
                severity=severity,
                phase=(update.phase if update else words) or one.phase,
                text=update.text if update else "",
                changes=changes if i == carrier else (),
                update_id=update.id if update else None,
                note=one.note if i == (0 if one.seen.adopted else len(told) - 1) else "",
                ending=Ending.NONE if update else released_as,
            )
        )
    return one.seen.incident.events_with(events)


def _edits(poll: Poll, one: Conclusion) -> list[IncidentEvent]:
    """A new title, and edited texts of updates that were told."""
    seen, before, page = one.seen, one.seen.incident, one.seen.page
    if page is None or seen.is_new:
        return []
    bare = IncidentEvent(
        revision=0,
        kind=EventKind.CORRECTED,
        key="",
        at=poll.now,
        observed_at=poll.now,
        severity=overall(one),
        phase=before.phase,
    )
    events, old = [], seen.before.title
    if page.title != old and not seen.adopted:
        note = f"Renamed; it was “{old}”." if old else ""
        events.append(replace(bare, key=f"title:{digest(page.title)}", text=page.title, note=note))
    for update in seen.edited:
        told = next((e for e in before.events if e.update_id == update.id and not e.corrects), None)
        if told is not None:
            events.append(
                replace(
                    bare,
                    key=f"{update.id}#{digest(update.text)}",
                    text=update.text,
                    update_id=update.id,
                    corrects=told.key,
                    phase=update.phase,
                )
            )
    return events
