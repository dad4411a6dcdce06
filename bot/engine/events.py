"""Stage 4, emit: what changed of an incident, as numbered events.

Every new text is one event, each exactly once and in the page's order; edits of texts come first.
The story turns by the table below: from the incident's state before the poll, what it is now, and
its ending. A turn is emitted with the text that belongs to it, where there is one. What makes no
turn is a plain update; if anything got worse or better by it, the last update says that, and what
moved without a text is an event of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from bot.domain.incident import Ending, EventKind, Incident
from bot.domain.page import PageUpdate, Severity, worst
from bot.engine.endings import ended_at
from bot.engine.impact import (
    carried,
    changes_of,
    move_of,
    overall,
    peak,
    surface_timelines,
    surfaces,
    timeline,
)
from bot.engine.numbering import Unnumbered, numbered
from bot.engine.poll import Poll
from bot.engine.stages import Before, Conclusion, Now


class TurnText(StrEnum):
    """The new text that a turn is emitted with; without such a text it comes after all others."""

    FIRST = "its first"
    ONLY_LAST = "its last; the others are not emitted"
    END = "the one that ends it"
    AFTER_END = "the first that does not end it"
    PROGRESS = "the first in progress"
    NONE = "none"

    def place(self, updates: Sequence[PageUpdate]) -> int | None:
        """Return which of the new updates it is; None: none of them."""
        found: list[int] = []
        match self:
            case TurnText.FIRST:
                found = [*range(len(updates))]
            case TurnText.AFTER_END:
                found = [i for i, update in enumerate(updates) if not update.is_end]
            case TurnText.PROGRESS:
                running = ("in_progress", "verifying")
                found = [i for i, update in enumerate(updates) if update.phase in running]
            case TurnText.END:
                # The first of the last ones in a row: "resolved" comes before "postmortem".
                ends = [i for i, update in enumerate(updates) if update.is_end]
                found = [i for i in ends if all(j in ends for j in range(i, ends[-1]))]
            case TurnText.ONLY_LAST | TurnText.NONE:
                pass
        return found[0] if found else None


TURNS: dict[tuple[Before, Now, Ending], tuple[EventKind, TurnText]] = {
    (Before.NEW, Now.INCIDENT, Ending.NONE): (EventKind.OPENED, TurnText.FIRST),
    (Before.NEW, Now.PLANNED, Ending.NONE): (EventKind.SCHEDULED, TurnText.FIRST),
    (Before.NEW, Now.MAINTENANCE, Ending.NONE): (EventKind.STARTED, TurnText.FIRST),
    (Before.NEW, Now.INCIDENT, Ending.RESOLVED): (EventKind.OVER, TurnText.ONLY_LAST),
    (Before.NEW, Now.MAINTENANCE, Ending.RESOLVED): (EventKind.OVER, TurnText.ONLY_LAST),
    (Before.PLANNED, Now.MAINTENANCE, Ending.NONE): (EventKind.STARTED, TurnText.PROGRESS),
    (Before.PLANNED, Now.MAINTENANCE, Ending.RESOLVED): (EventKind.ENDED, TurnText.END),
    (Before.PLANNED, Now.MAINTENANCE, Ending.CALLED_OFF): (EventKind.WITHDRAWN, TurnText.NONE),
    (Before.OPEN, Now.INCIDENT, Ending.RESOLVED): (EventKind.RESOLVED, TurnText.END),
    (Before.OPEN, Now.INCIDENT, Ending.WITHDRAWN): (EventKind.WITHDRAWN, TurnText.NONE),
    (Before.OPEN, Now.INCIDENT, Ending.FELL_OFF): (EventKind.RESOLVED, TurnText.NONE),
    (Before.OPEN, Now.INCIDENT, Ending.HANDED_OVER): (EventKind.RESOLVED, TurnText.NONE),
    (Before.OPEN, Now.INCIDENT, Ending.NOT_LISTED): (EventKind.RESOLVED, TurnText.NONE),
    (Before.OPEN, Now.MAINTENANCE, Ending.RESOLVED): (EventKind.ENDED, TurnText.END),
    (Before.OVER, Now.INCIDENT, Ending.NONE): (EventKind.REOPENED, TurnText.AFTER_END),
    (Before.OVER, Now.PLANNED, Ending.NONE): (EventKind.REOPENED, TurnText.AFTER_END),
    (Before.OVER, Now.MAINTENANCE, Ending.NONE): (EventKind.REOPENED, TurnText.AFTER_END),
    (Before.OVER, Now.INCIDENT, Ending.WITHDRAWN): (EventKind.WITHDRAWN, TurnText.NONE),
    (Before.OVER, Now.INCIDENT, Ending.HANDED_OVER): (EventKind.BETTER, TurnText.NONE),
}

QUIET_AFTER = timedelta(days=1)  # what was over for longer when first seen is history only


def emit(poll: Poll, one: Conclusion) -> Incident:
    """Return the incident after this poll, with its new events at the end of `events`."""
    before, page = one.seen.incident, one.seen.page
    if one.adds_nothing:
        return before
    impacts = surfaces(poll, one)
    changes = changes_of(poll, one, impacts)
    emitted = _emitted(one, first=poll.first)
    if all(piece.kind is EventKind.UPDATE for piece in emitted):
        # The last update carries the move; without any, it is an event of its own.
        move = move_of(one, changes, impacts)
        if emitted:
            emitted[-1] = replace(emitted[-1], kind=move or EventKind.UPDATE)
        elif move or any(not impacts[change.surface].from_text for change in changes):
            emitted = [Unnumbered(move or EventKind.UPDATE)]
    # New words of one that runs may speak of trouble though the page computes none.
    runs = page is not None and not (page.maintenance or one.ending.is_over)
    trouble = runs and poll.provider.says_trouble(one.seen.new_words)
    ends = ended_at(poll, one)
    long_over = ends is not None and poll.now - ends > QUIET_AFTER
    worst_ever = worst((before.worst, peak(one)))
    return replace(
        before,
        title=page.title if page else before.title,
        phase=one.phase,
        severity=overall(one),
        worst=worst_ever,
        surfaces=impacts,
        carried=carried(poll.provider, impacts),
        timeline=timeline(one, ends, poll.now),
        surface_timelines=surface_timelines(poll, one),
        ended_at=ends,
        ending=one.ending if one.ending.is_over else Ending.NONE,
        events=numbered(poll, one, emitted, changes),
        notice=worst_ever is Severity.UP and (before.notice or trouble),
        quiet=before.quiet or (one.seen.is_new and long_over),
    )


def _emitted(one: Conclusion, *, first: bool) -> list[Unnumbered]:
    """Return the events to be, in order, with every new text once."""
    seen, updates, turn = one.seen, one.seen.updates, TURNS.get(one.row)
    kind, text = turn or (EventKind.UPDATE, TurnText.NONE)
    if text is TurnText.ONLY_LAST or first:
        # Who joins at the first poll gets the present, not how it came about.
        return [Unnumbered(kind, updates[-1] if updates else None)]
    events = [Unnumbered(EventKind.UPDATE, update) for update in updates]
    place = text.place(updates)
    over = -1 if not (seen.incident.is_open or one.reopened) else len(events)
    if text is TurnText.END and place is not None:
        over = place
    for i, update in enumerate(updates):
        if i > over and update.phase == "postmortem":
            events[i] = Unnumbered(EventKind.POSTMORTEM, update)
    if turn and place is not None:
        events[place] = Unnumbered(kind, updates[place])
    elif turn:
        events.append(Unnumbered(kind))
    elif not events and seen.incident.is_open and seen.new_phase:
        events = [Unnumbered(EventKind.UPDATE)]  # a page (or recording) that keeps no texts
    return events
