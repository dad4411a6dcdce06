"""What to look for when something may have been sent without being recorded, and what to make
of what is found. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.delivery.plan import Act, Step, apply, catch_up_key, plan, reply_key
from bot.delivery.queue import Claim
from bot.model import Channel, Incident, News, NewsKind, Subscription, Thread

# Clocks differ, ours from the store's and both from the platform's.
SKEW = timedelta(seconds=5)
MARGIN = timedelta(seconds=60)


def doubtful_since(claim: Claim, thread: Thread, incident: Incident) -> datetime | None:
    """Return since when messages may stand in this thread unrecorded; None: none can."""
    moments = [claim.doubt] if claim.doubt else []
    if claim.lost:
        since, until = claim.lost
        looked = thread.looked_at is not None and thread.looked_at >= until
        if not looked and any(n.observed_at < until + SKEW for n in _untold(thread, incident)):
            moments.append(since)
    return min(moments, default=None)


def look_from(since: datetime, incident: Incident) -> datetime:
    """Return from when on the platform is searched: nothing of an incident is older than it."""
    return max(since, incident.news[0].observed_at) - MARGIN


def keys_in_thread(channel: Channel, thread: Thread, incident: Incident) -> dict[str, News]:
    """Return the keys of replies that may stand there, each with the (last) news it tells."""
    untold = [n for n in _untold(thread, incident) if n.kind is not NewsKind.CORRECTED]
    replies = {reply_key(channel, incident, news): news for news in untold}
    return replies | {catch_up_key(channel, incident, news): news for news in untold}


def adopt_root(
    incident: Incident, subscription: Subscription, root: str, since: datetime, first: int
) -> Thread:
    """Return the thread of a root that was found, sent after `since` by somebody who knew at
    least revision `first`. What came later gets its reply, even if the root may show it.
    """
    known = tuple(news for news in incident.news if news.revision <= first) or incident.news[:1]
    over = incident.ended_at if known[-1] is incident.news[-1] else None
    then = replace(incident, news=known, ended_at=over)
    steps = plan(then, Thread(), subscription, since)
    step = steps[0] if steps else Step(Act.OPEN, then.revision, since=then.revision)
    return replace(apply(Thread(), step, root), shown=0)


def adopt_replies(
    channel: Channel, thread: Thread, incident: Incident, found: Mapping[str, str]
) -> Thread:
    """Return the thread with the replies that were found in it."""
    replies = dict(thread.replies)
    joined = thread.joined
    for key, news in keys_in_thread(channel, replace(thread, joined=0), incident).items():
        if key not in found:
            continue
        joined = min(joined, news.revision - 1)
        if key == reply_key(channel, incident, news):
            replies[news.key] = found[key]
        else:  # one reply for all until then
            untold = [n.key for n in incident.news if n.revision <= news.revision]
            replies |= {key: "" for key in untold if key not in replies}
    return replace(thread, replies=replies, joined=joined)


def _untold(thread: Thread, incident: Incident) -> list[News]:
    if thread.root is None:
        return list(incident.news)
    return [n for n in incident.news if n.revision > thread.joined and n.key not in thread.replies]
