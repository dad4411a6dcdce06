"""Recovery of what may have been sent without being recorded: what to search for on the platform,
and the record once it was searched for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

import structlog

from bot.delivery.announcement import Announcement
from bot.delivery.context import DeliveryContext
from bot.delivery.plan import plan
from bot.delivery.queue import Claim, Unconfirmed
from bot.delivery.sender import Sender
from bot.delivery.steps import (
    FIRST,
    Act,
    Step,
    apply,
    catch_up_key,
    placed,
    reply_key,
    root_key,
)
from bot.delivery.subjects import SubjectTask
from bot.domain.errors import CannotLook
from bot.domain.incident import EventKind, Incident, IncidentEvent
from bot.domain.subscription import Channel, Subscription, ThreadRecord

log = structlog.get_logger()

# Clocks differ, ours from the store's and both from the platform's (guesses).
SKEW = timedelta(seconds=5)
MARGIN = timedelta(seconds=60)

# Searches the channel (root None) or a thread for messages with these keys, sent since then.
Find = Callable[[str | None, Sequence[str], datetime], Awaitable[Mapping[str, str]]]


async def recover(
    tasks: Iterable[SubjectTask], claim: Claim, context: DeliveryContext, sender: Sender
) -> Unconfirmed:
    """Find what may have been sent without being recorded, before anything is sent.

    Returns what becomes of the claim's `unconfirmed_since`. Raises as `Sender.call`.
    """
    seen: list[str] = []  # what was found of one subject

    async def find(root: str | None, keys: Sequence[str], since: datetime) -> Mapping[str, str]:
        search = context.messenger.find
        found = await sender.call("find", lambda: search(claim.channel, root, keys, since))
        context.counts.adopted += len(found)
        seen.extend(found.values())
        return found

    for task in tasks:
        seen.clear()
        since = unconfirmed_since(claim, task)
        if since is None or not _may_owe(task, context.clock()):
            continue
        context.counts.searched += 1
        try:
            found = await found_on_platform(task, claim, since, find)
            task.thread = placed(found, context.messenger, seen)
        except CannotLook as error:
            log.info("delivery.cannot_look", channel=str(claim.channel), reason=error.reason)
            task.thread = given_up(task, context.clock())
        task.thread = replace(task.thread, searched_at=context.clock())
    known = claim.unconfirmed_since is not None
    return Unconfirmed.CLEARED if known else Unconfirmed.UNCHANGED


def _may_owe(task: SubjectTask, now: datetime) -> bool:
    """Return whether anything is to be sent, as the record is or if its first message is found.

    A page was seen again before "I can't see" was confirmed: whoever got that gets the end.
    """
    if task.plan(now).sends:
        return True
    if not isinstance(task.subject, Announcement) or task.thread.root is not None:
        return False
    found = apply(task.thread, Step(Act.SAY, task.subject.revision, part=FIRST), "found")
    return bool(task.subject.plan(found, task.subscription, now).steps)


def unconfirmed_since(claim: Claim, task: SubjectTask) -> datetime | None:
    """Return since when messages of this subject may stand there unrecorded; None: none can."""
    moments = [claim.unconfirmed_since] if claim.unconfirmed_since else []
    if claim.lost:
        since, until = claim.lost
        match task.subject:
            case Incident() as incident:
                untold = _untold(task.thread, incident)
                moments_of = [(min(e.at, e.observed_at), e.observed_at) for e in untold]
            case Announcement() as announcement:
                moments_of = [(announcement.begun_at, announcement.known_at)]
            case None:
                moments_of = []
        # The page's own time counts as well: a restored backup lost more than a second. And a
        # search before the engine saw an event again was not a search for that event.
        searched = task.thread.searched_at
        if any(
            begun < until + SKEW and (searched is None or searched < max(until, seen + SKEW))
            for begun, seen in moments_of
        ):
            moments.append(since)
    return min(moments, default=None)


async def found_on_platform(
    task: SubjectTask, claim: Claim, since: datetime, find: Find
) -> ThreadRecord:
    """Return the task's record with what was found; raises what `find` raises."""
    thread, channel = task.thread, claim.channel
    if isinstance(task.subject, Announcement):
        keys_of = task.subject.keys(channel)
        start = max(since, task.subject.begun_at) - MARGIN
        found = await find(None, list(keys_of.values()), start)
        for part, key in keys_of.items():
            if key in found:
                thread = task.subject.found(thread, part, found[key])
        return thread
    if task.subject is None or not task.subject.events:
        return thread
    incident = task.subject
    # Nothing of it is older. Where the store lost everything, it was seen before that, too.
    start = max(since, min(incident.started_at, incident.events[0].observed_at)) - MARGIN
    if thread.root is None:
        key = root_key(channel, incident)
        found = await find(None, [key], start)
        if key not in found:
            return thread
        # What the store lost may have been begun when less was wanted than now.
        first = 0 if claim.unconfirmed_since is None else task.pending.first
        thread = adopt_root(incident, claim.subscription, found[key], since, first)
        task.thread = thread  # known even if the thread itself cannot be searched
    keys = keys_in_thread(channel, thread, incident)
    found = await find(thread.goes_on_in, list(keys), start) if keys else {}
    return adopt_replies(channel, thread, incident, found)


def given_up(task: SubjectTask, now: datetime) -> ThreadRecord:
    """Return the record to go on with where the platform cannot be searched.

    Better a root twice than silence. Better no reply than one twice, since the root says it too;
    and no announcement, but for one that alone tells what it tells.
    """
    if isinstance(task.subject, Announcement):
        if task.subject.better_twice:
            return task.thread
        steps = task.subject.plan(task.thread, task.subscription, now).steps
        return reduce(apply, steps, task.thread)
    if task.subject is None or task.thread.root is None:
        return task.thread
    untold = _untold(task.thread, task.subject)
    covers = tuple(event.key for event in untold if event.kind is not EventKind.CORRECTED)
    return apply(task.thread, Step(Act.NOTE, task.subject.revision, covers=covers))


def keys_in_thread(
    channel: Channel, thread: ThreadRecord, incident: Incident
) -> dict[str, IncidentEvent]:
    """Return the keys of replies that may stand there, each with the (last) event it tells."""
    untold = [n for n in _untold(thread, incident) if n.kind is not EventKind.CORRECTED]
    replies = {reply_key(channel, incident, event): event for event in untold}
    return replies | {catch_up_key(channel, incident, event): event for event in untold}


def adopt_root(
    incident: Incident, subscription: Subscription | None, root: str, since: datetime, first: int
) -> ThreadRecord:
    """Return the thread of a root that was found, sent after `since` by somebody who knew at
    least revision `first`. What came later gets its reply, even if the root may show it.
    """
    known = (
        tuple(event for event in incident.events if event.revision <= first) or incident.events[:1]
    )
    over = incident.ended_at if known[-1] is incident.events[-1] else None
    then = replace(incident, events=known, ended_at=over)
    steps = plan(then, ThreadRecord(), subscription, since).steps
    step = steps[0] if steps else Step(Act.OPEN, then.revision, since=then.revision)
    return replace(apply(ThreadRecord(), step, root), shown=0)


def adopt_replies(
    channel: Channel, thread: ThreadRecord, incident: Incident, found: Mapping[str, str]
) -> ThreadRecord:
    """Return the thread with the replies that were found in it."""
    replies = dict(thread.replies)
    joined = thread.joined
    for key, event in keys_in_thread(channel, replace(thread, joined=0), incident).items():
        if key not in found:
            continue
        joined = min(joined, event.revision - 1)
        if key == reply_key(channel, incident, event):
            replies[event.key] = found[key]
        else:  # one reply for all until then
            untold = [n.key for n in incident.events if n.revision <= event.revision]
            replies |= {key: "" for key in untold if key not in replies}
    return replace(thread, replies=replies, joined=joined)


def _untold(thread: ThreadRecord, incident: Incident) -> list[IncidentEvent]:
    if thread.root is None:
        return list(incident.events)
    return [
        n for n in incident.events if n.revision > thread.joined and n.key not in thread.replies
    ]
