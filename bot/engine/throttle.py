"""Limits on what is told: too many openings at once, and changes to and fro.

A page that alternates without a word gets its first changes told, then one sentence that it keeps
changing, then the truth once that has held for a while. New words and edits are always told, and
so is the first major outage of the last hour. Incidents that a page lists in turn (two copies of
it in two caches, say) count as one: one that is back says that they keep changing, and all of them
wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

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


class Turn(StrEnum):
    """The part of an incident in a poll at which some are back as others leave the list."""

    NONE = "none"
    SAYS_SO = "it is back, and channels are told with it that this keeps changing"
    WAITS = "it stays as it was told"


def damp(
    poll: Poll, concluded: Mapping[str, Conclusion], emitted: Mapping[str, Incident]
) -> dict[str, tuple[Incident, Steadiness]]:
    """Return the incidents as they are to be told now, and how steady each is.

    `emitted` are the incidents with all that changed. While one keeps changing it stays as it was
    told, so that the truth in the end is one step from there.
    """
    steady = {}
    for id_, after in emitted.items():
        seen = concluded[id_].seen
        surfaces = [f"{surface} {impact.now}" for surface, impact in after.surfaces.items()]
        shape = digest(f"{after.severity} {after.ending} {after.phase} {surfaces}")
        before = seen.before.steadiness
        steady[id_] = before.then(shape, poll.now, WINDOW, worded=seen.has_words)
    turns = _turns(concluded, steady)
    # Of those that changed last at one time, one says that it holds: one that has more to tell.
    news_last = sorted(steady, key=lambda id_: _has_news(concluded[id_], emitted[id_]))
    ends = {steady[id_].left[-1].at: id_ for id_ in news_last if steady[id_].unsteady}
    return {
        id_: _damped(
            poll,
            concluded[id_],
            after,
            steady[id_],
            turns.get(id_, Turn.NONE),
            says_the_end=id_ in ends.values(),
        )
        for id_, after in emitted.items()
    }


def _turns(
    concluded: Mapping[str, Conclusion], steady: Mapping[str, Steadiness]
) -> dict[str, Turn]:
    """Return the incidents that a page lists in turn, without a word, as of this poll."""
    silent = {
        id_: one
        for id_, one in concluded.items()
        if not (one.seen.has_words or one.seen.derived or one.seen.incident.aliases)
    }
    back = [id_ for id_, one in silent.items() if one.reopened and steady[id_].returns]
    left = [id_ for id_, one in silent.items() if one.seen.incident.is_open and one.ending.is_over]
    if not (back and left):
        return {}
    said = any(steady[id_].unsteady for id_ in (*back, *left))
    turns = dict.fromkeys((*back, *left), Turn.WAITS)
    return turns if said else turns | dict.fromkeys(back, Turn.SAYS_SO)


def _has_news(one: Conclusion, after: Incident) -> bool:
    return after.revision != one.seen.incident.revision


def _damped(
    poll: Poll,
    one: Conclusion,
    after: Incident,
    now: Steadiness,
    turn: Turn,
    *,
    says_the_end: bool,
) -> tuple[Incident, Steadiness]:
    told, old, worded = one.seen.incident, one.seen.before.steadiness, one.seen.has_words
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
    keeps = f"It keeps changing: {times}. I tell you when it holds for {_minutes(HOLD)}."
    often = old.hold > HOLD or now.changes > CHANGES_TOLD
    if old.unsteady and poll.now - last > old.hold:
        words = f"It changed {times}, and has held for {_minutes(old.hold)} now."
        now = replace(now, unsteady=False, hold=min(2 * old.hold, LONGEST_HOLD))
        if _has_news(one, after):
            after = _with_note(after, words)
        elif says_the_end:
            after = _with_sentence(after, poll.now, words)
    elif old.unsteady or (changed and (often or turn is Turn.WAITS)):
        after, now = told, replace(now, unsteady=True)
    elif changed and turn is Turn.SAYS_SO:
        after, now = _with_note(after, keeps), replace(now, unsteady=True)
    elif changed and now.returns > RETURNS_TOLD:
        after, now = _with_sentence(told, poll.now, keeps), replace(now, unsteady=True)
    return after, now


def _minutes(length: timedelta) -> str:
    return f"{round(length / timedelta(minutes=1))} min"


def _with_note(incident: Incident, words: str) -> Incident:
    """The incident with `words` beside what its last event tells."""
    *earlier, last = incident.events
    noted = replace(last, note=f"{words} {last.note}".strip())
    return replace(incident, events=(*earlier, noted))


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
