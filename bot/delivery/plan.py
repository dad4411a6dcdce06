"""What is missing in one channel's thread of one incident. Pure.

`plan` compares what stands there (`Thread`) with what is true (`Incident`) and with what the
channel asks for (`Subscription`); `apply` says what stands there once a step was carried out.
The courier carries the steps out; `replay` only shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import HANDED_OVER, Channel, Incident, News, NewsKind, Origin, Subscription, Thread

# A channel that missed more than this gets the present truth instead of a replay.
MOST_REPLIES = 3
OLDEST_REPLY = timedelta(minutes=10)
# Seen first when it had been over for longer: history, no news.
OLDEST_OVER = timedelta(days=1)
# The root of a thread that somebody deleted before we knew its reference: leave them in peace.
DELETED = ""

SHOWN_IN_CHANNEL = frozenset(
    {NewsKind.WORSE, NewsKind.RESOLVED, NewsKind.REOPENED, NewsKind.CONFIRMED}
)
CALLS = frozenset({NewsKind.WORSE, NewsKind.CONFIRMED})
ENDS = frozenset({NewsKind.RESOLVED, NewsKind.ENDED, NewsKind.WITHDRAWN})


class Act(StrEnum):
    OPEN = "open"
    REPLY = "reply"
    CATCH_UP = "catch_up"  # one reply instead of many
    CORRECT = "correct"  # change the reply whose text the provider changed
    REVISE = "revise"  # change the root
    CLOSE = "close"
    NOTE = "note"  # nothing to send: remember only that it is dealt with


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `covers` are the news (keys) that are dealt with once it is done.

    `news`: what a reply tells (of a catch-up: the last). `since`: the last revision that was
    told before a catch-up; of an opening, the last that needs no reply. `mention`: call whom
    the subscription names.
    """

    act: Act
    revision: int
    news: News | None = None
    covers: tuple[str, ...] = ()
    in_channel: bool = False
    mention: bool = False
    midway: bool = False
    since: int = 0

    @property
    def sends(self) -> bool:
        """Would doing it again be seen twice?"""
        return self.act in {Act.OPEN, Act.REPLY, Act.CATCH_UP}


def plan(
    incident: Incident,
    thread: Thread,
    subscription: Subscription,
    now: datetime,
    *,
    closes: bool = True,
) -> list[Step]:
    """Return what brings the thread up to date, in order; nothing if it is.

    `closes`: the platform closes threads that have ended.
    """
    if thread.root is None:
        return _open(incident, subscription, now)
    if thread.root == DELETED:
        return []
    missed = [
        news
        for news in incident.news
        if news.revision > thread.joined and news.key not in thread.replies
    ]
    steps = _correct(incident, thread, missed)
    steps += _tell(incident, subscription, missed, now)
    if thread.shown != incident.revision:
        steps.append(Step(Act.REVISE, incident.revision, midway=thread.midway))
    if closes and not incident.is_open and (steps or not thread.closed):
        steps.append(Step(Act.CLOSE, incident.revision))
    return steps


def apply(thread: Thread, step: Step, message: str = "") -> Thread:
    """Return the thread once `step` was carried out; `message` is what the messenger returned."""
    replies = {**thread.replies, **dict.fromkeys(step.covers, "")}
    match step.act:
        case Act.OPEN:
            return replace(
                thread, root=message, joined=step.since, shown=step.revision, midway=step.midway
            )
        case Act.REPLY if step.news:
            replies[step.news.key] = message
            return replace(thread, replies=replies, closed=False)
        case Act.CATCH_UP:
            return replace(thread, replies=replies, closed=False)
        case Act.REVISE:
            return replace(thread, shown=step.revision)
        case Act.CLOSE:
            return replace(thread, closed=True)
        case _:
            return replace(thread, replies=replies)


# --- delivery keys: what a message is called for ever, on every platform ----------------------


def root_key(channel: Channel, incident: Incident) -> str:
    return f"{channel}/{incident.key}/root"


def reply_key(channel: Channel, incident: Incident, news: News) -> str:
    return f"{channel}/{incident.key}/{news.key}"


def catch_up_key(channel: Channel, incident: Incident, last: News) -> str:
    return f"{channel}/{incident.key}/until/{last.key}"


def key_of(step: Step, channel: Channel, incident: Incident) -> str:
    """Return the key of the message that a step sends or changes."""
    if step.news is None:
        return root_key(channel, incident)
    if step.act is Act.CATCH_UP:
        return catch_up_key(channel, incident, step.news)
    return reply_key(channel, incident, step.news)


# --- the parts of a plan ----------------------------------------------------------------------


def _open(incident: Incident, subscription: Subscription, now: datetime) -> list[Step]:
    if not incident.news or incident.withdrawn or incident.quiet or subscription.is_muted(now):
        return []
    if not subscription.matches(incident):
        return []
    asked_at = subscription.changed_at or subscription.created_at
    over = incident.ended_at
    if over and (now - over > OLDEST_OVER or (asked_at and over < asked_at)):
        return []
    midway = asked_at is not None and incident.news[0].observed_at < asked_at
    # Nobody is called for what is only suspected; when the provider confirms it, they are.
    quiet = incident.maintenance or incident.origin is Origin.SUSPECTED
    calls = not over and not midway and not quiet
    since = incident.revision if midway or over else _told_by_root(incident, now)
    return [Step(Act.OPEN, incident.revision, midway=midway, mention=calls, since=since)]


def _told_by_root(incident: Incident, now: datetime) -> int:
    """The revision up to which a new root tells everything: what came in the same look as the
    opening follows in the thread, word for word, unless it is much or old.
    """
    first, *more = incident.news
    if len(more) > MOST_REPLIES or now - first.observed_at > OLDEST_REPLY:
        return incident.revision
    if any(news.observed_at != first.observed_at for news in more):
        return incident.revision
    return first.revision


def _correct(incident: Incident, thread: Thread, missed: Sequence[News]) -> list[Step]:
    """Edits of what stands there; those of what does not are in the root, or still to be told."""
    targets: dict[str | None, list[str]] = {}
    for news in missed:
        if news.kind is NewsKind.CORRECTED:
            target = news.corrects if thread.replies.get(news.corrects or "") else None
            targets.setdefault(target, []).append(news.key)
    told = {news.key: news for news in incident.news}
    steps = []
    for target, covered in targets.items():
        reply = told.get(target or "")
        act = Act.CORRECT if reply else Act.NOTE
        steps.append(Step(act, incident.revision, news=reply, covers=tuple(covered)))
    return steps


def _tell(
    incident: Incident, subscription: Subscription, missed: Sequence[News], now: datetime
) -> list[Step]:
    news = [one for one in missed if one.kind is not NewsKind.CORRECTED]
    if not news:
        return []
    if subscription.is_muted(now) or not subscription.matches(incident):
        return _end_only(incident, news)
    waited = now - min(one.observed_at for one in news)
    if len(news) > MOST_REPLIES or (len(news) > 1 and waited > OLDEST_REPLY):
        return [_catch_up(incident, subscription, news)]
    return [_reply(incident, subscription, one) for one in news]


def _reply(incident: Incident, subscription: Subscription, news: News) -> Step:
    # Seen together with the opening: the root has just told the channel. What another incident
    # goes on with was told there by that one's root.
    fresh = news.observed_at != incident.news[0].observed_at and news.phase != HANDED_OVER
    in_channel = fresh and news.kind in SHOWN_IN_CHANNEL - subscription.thread_only
    calls = fresh and news.kind in CALLS
    return Step(Act.REPLY, incident.revision, news, in_channel=in_channel, mention=calls)


def _catch_up(incident: Incident, subscription: Subscription, news: Sequence[News]) -> Step:
    kinds = {one.kind for one in news}
    return Step(
        Act.CATCH_UP,
        incident.revision,
        news[-1],
        covers=tuple(one.key for one in news),
        in_channel=bool(kinds & (SHOWN_IN_CHANNEL - subscription.thread_only)),
        mention=bool(CALLS & kinds) and incident.is_open,
        since=news[0].revision - 1,
    )


def _end_only(incident: Incident, news: Sequence[News]) -> list[Step]:
    """The channel wants no news (any more); what was announced there still gets its end."""
    end = next((one for one in reversed(news) if one.kind in ENDS), None)
    if end is None or (incident.is_open and not incident.withdrawn):
        return [Step(Act.NOTE, incident.revision, covers=tuple(one.key for one in news))]
    rest = tuple(one.key for one in news if one is not end)
    return [Step(Act.REPLY, incident.revision, end, covers=rest)]
