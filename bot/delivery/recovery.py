"""What to look for when something may have been sent without being recorded, and what to make
of what is found. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.delivery.plan import Act, Step, apply, catch_up_key, plan, reply_key
from bot.delivery.queue import Claim
from bot.domain.incident import EventKind, Incident, IncidentEvent
from bot.domain.subscription import Channel, Subscription, ThreadRecord

# Clocks differ, ours from the store's and both from the platform's.
SKEW = timedelta(seconds=5)
MARGIN = timedelta(seconds=60)


def unconfirmed_since(claim: Claim, thread: ThreadRecord, incident: Incident) -> datetime | None:
    """Return since when messages may stand in this thread unrecorded; None: none can."""
    moments = [claim.doubt] if claim.doubt else []
    if claim.lost:
        since, until = claim.lost
        looked = thread.searched_at is not None and thread.searched_at >= until
        if not looked and any(n.observed_at < until + SKEW for n in _untold(thread, incident)):
            moments.append(since)
    return min(moments, default=None)


def look_from(since: datetime, incident: Incident) -> datetime:
    """Return from when on the platform is searched: nothing of an incident is older than it."""
    return max(since, incident.events[0].observed_at) - MARGIN


def keys_in_thread(
    channel: Channel, thread: ThreadRecord, incident: Incident
) -> dict[str, IncidentEvent]:
    """Return the keys of replies that may stand there, each with the (last) news it tells."""
    untold = [n for n in _untold(thread, incident) if n.kind is not EventKind.CORRECTED]
    replies = {reply_key(channel, incident, event): event for event in untold}
    return replies | {catch_up_key(channel, incident, event): event for event in untold}


def adopt_root(
    incident: Incident, subscription: Subscription, root: str, since: datetime, first: int
) -> ThreadRecord:
    """Return the thread of a root that was found, sent after `since` by somebody who knew at
    least revision `first`. What came later gets its reply, even if the root may show it.
    """
    known = (
        tuple(event for event in incident.events if event.revision <= first) or incident.events[:1]
    )
    over = incident.ended_at if known[-1] is incident.events[-1] else None
    then = replace(incident, events=known, ended_at=over)
    steps = plan(then, ThreadRecord(), subscription, since)
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
