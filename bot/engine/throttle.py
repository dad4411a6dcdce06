"""Limits on what is told: too many openings at once, and changes to and fro.

A page that alternates without a word gets its first changes told, then one sentence that it keeps
changing, then the truth once that has held for a while. New words and edits are always told, and
so is the first major outage of the last hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.incident import EventKind, Incident, IncidentEvent
from bot.domain.page import Severity
from bot.domain.state import Steadiness
from bot.engine.incidents import digest
from bot.engine.poll import Poll
from bot.engine.stages import Conclusion

# In recorded history at most 11 incidents came in one poll (many pages as one, every 8 hours).
MOST_OPENINGS = 20
# So many changes without a word are told, and so many returns to what was before among them: with
# the opening, the sentence and the truth in the end a page that alternates makes five messages.
CHANGES_TOLD = 3
RETURNS_TOLD = 1
WINDOW = timedelta(hours=1)  # in which changes count (guess)
HOLD = timedelta(minutes=10)  # what has not changed for so long is the truth (guess) ...
LONGEST_HOLD = timedelta(hours=1)  # ... and twice as long each time that it was not


def limit_openings(
    concluded: Mapping[str, Conclusion], emitted: Mapping[str, Incident]
) -> dict[str, Incident]:
    """Return the incidents with those beyond `MOST_OPENINGS` made quiet, the worst ones first."""
    new = [i for id_, i in emitted.items() if concluded[id_].seen.is_new and not i.quiet]
    if len(new) <= MOST_OPENINGS:
        return dict(emitted)
    worst_first = sorted(new, key=lambda i: (-i.worst.rank, i.started_at))
    quiet = {i.id: replace(i, quiet=True) for i in worst_first[MOST_OPENINGS:]}
    told, at = worst_first[0], worst_first[0].events[-1].observed_at
    words = f"The page opened {len(new)} incidents at once; I tell of the {MOST_OPENINGS} worst."
    return {**emitted, **quiet, told.id: _with_sentence(told, at, words)}


def damp(poll: Poll, one: Conclusion, after: Incident) -> tuple[Incident, Steadiness]:
    """Return the incident as it is to be told now, and how steady it is.

    `after` is the incident with all that changed. While it keeps changing it stays as it was told,
    so that the truth in the end is one step from there.
    """
    seen, told, old = one.seen, one.seen.incident, one.seen.before.steadiness
    worded = bool(seen.is_new or seen.adopted or seen.updates or seen.edited)
    surfaces = [f"{surface} {impact.now}" for surface, impact in after.surfaces.items()]
    shape = digest(f"{after.severity} {after.ending} {after.phase} {surfaces}")
    now = old.then(shape, poll.now, WINDOW, worded=worded)
    if worded and old.unsteady:
        # What is told now is the truth; what follows without a word waits until it holds.
        return after, replace(now, unsteady=False, hold=min(2 * old.hold, LONGEST_HOLD))
    if worded or not now.changes:
        return after, now
    lately = [event for event in told.events if poll.now - event.observed_at <= WINDOW]
    if after.severity is Severity.MAJOR and all(e.severity is not Severity.MAJOR for e in lately):
        return after, now
    changed, since, last = now.shape != old.shape, now.left[0].at, now.left[-1].at
    minutes = max(1, round((poll.now - since) / timedelta(minutes=1)))
    times = f"{now.count} times in {minutes} min"
    if old.unsteady and poll.now - last > old.hold:
        words = f"It changed {times}, and has held for {_minutes(old.hold)} now."
        now = replace(now, unsteady=False, hold=min(2 * old.hold, LONGEST_HOLD))
        # Beside what is told of that; alone, where nothing is left to tell.
        *earlier, last_event = after.events
        noted = (*earlier, replace(last_event, note=f"{words} {last_event.note}".strip()))
        nothing_new = after.revision == told.revision
        after = (
            _with_sentence(after, poll.now, words) if nothing_new else replace(after, events=noted)
        )
    elif old.unsteady or (changed and (old.hold > HOLD or now.changes > CHANGES_TOLD)):
        after, now = told, replace(now, unsteady=True)
    elif changed and now.returns > RETURNS_TOLD:
        words = f"It keeps changing: {times}. I tell you when it holds for {_minutes(HOLD)}."
        after, now = _with_sentence(told, poll.now, words), replace(now, unsteady=True)
    return after, now


def _minutes(length: timedelta) -> str:
    return f"{round(length / timedelta(minutes=1))} min"


def _with_sentence(incident: Incident, now: datetime, words: str) -> Incident:
    """The incident with one more event, which only says `words`."""
    event = IncidentEvent(
        revision=incident.revision + 1,
        kind=EventKind.UPDATE,
        key=f"note:{now:%Y-%m-%dT%H:%M:%S}",
        at=now,
        observed_at=now,
        severity=incident.severity,
        phase=incident.phase,
        note=words,
    )
    return replace(incident, events=(*incident.events, event))
