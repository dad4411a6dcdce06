"""Stage 1, observe: what the page says of each incident, and what of that is new.

Updates are known by their id, and by a hash of their text for edits. The page's own `updated_at`
is no sign of news, and its `impact` is believed only together with words: other incidents and
bulk edits change both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

from bot.domain.incident import Ending, Incident, Origin
from bot.domain.page import PageIncident, Severity, Snapshot
from bot.domain.state import Track
from bot.engine.impact import weight
from bot.engine.poll import Observation, Poll

# Later it is a new incident that continues the old one. The product's rule (PRODUCT: "reopened
# within 2 h: same thread").
REOPENS_WITHIN = timedelta(hours=2)


def listed_incidents(snapshot: Snapshot) -> list[PageIncident]:
    """Return the poll's incidents, ended ones first and each in order of time.

    The history list is read after the summary: where it says that an incident has ended it is
    right. An incident open there alone is left for the next poll, when the summary shows it.
    """
    ended = [page for page in snapshot.recent or () if page.has_ended]
    listed = {page.id: page for page in (*snapshot.incidents, *ended)}.values()
    over = [page for page in listed if page.has_ended]
    running = [page for page in listed if not page.has_ended]
    return sorted(over, key=lambda p: p.end_at) + sorted(running, key=lambda p: p.created_at)


def observe(poll: Poll, listed: Iterable[PageIncident]) -> dict[str, Observation]:
    """Return an observation of every incident that is known or listed, by our id."""
    state, known = poll.state, poll.state.our_ids
    observed = {}
    for id_, incident in state.incidents.items():
        track = state.tracks.get(id_, Track())
        over = Ending.NONE if incident.is_open else incident.ending
        observed[id_] = Observation(incident, track, track, over)
    for page in listed:
        owner = known.get(page.id)
        match = _known(poll, page, observed[owner]) if owner else _unknown(poll, page, observed)
        if match is not None:
            observed[match.incident.id] = _read(poll, match, page)
    return observed


def _known(poll: Poll, page: PageIncident, seen: Observation) -> Observation:
    """The incident that has the page's id, or one that continues it where that was long ago."""
    old, told = seen.incident, seen.before.texts
    if old.is_open or page.has_ended:
        return seen
    # It returned with its first new word. Words of its end that we never saw (where no list shows
    # them) did not open it.
    new = [u.at for u in page.updates if u.id not in told and not u.is_end]
    if min(new, default=poll.now) - (old.ended_at or poll.now) <= REOPENS_WITHIN:
        return seen
    # The earlier one's texts belong to it; its end too, where no list showed that.
    texts = {u.id: digest(u.text) for u in page.updates if u.is_end} | dict(told)
    _, _, number = old.id.rpartition("~")
    next_one = int(number) + 1 if number.isdecimal() and "~" in old.id else 2
    return _opened(poll, page, f"{page.id}~{next_one}", texts, old)


def _unknown(
    poll: Poll, page: PageIncident, observed: Mapping[str, Observation]
) -> Observation | None:
    """One for an id that no incident has. None: it is not told, or was told long ago."""
    state = poll.state
    archived = page.id in state.archived
    if page.has_ended and (poll.first or archived or page.posted_at < state.began_at):
        return None
    explained = (seen for seen in observed.values() if seen.is_explained_by(page, poll))
    if (derived := next(explained, None)) is not None:
        incident = replace(
            derived.incident,
            origin=Origin.PROVIDER,
            aliases=(*derived.incident.aliases, page.id),
        )
        return replace(derived, incident=incident, adopted=True)
    if not archived:
        return _opened(poll, page, page.id, {})
    number = 2
    while f"{page.id}~{number}" in state.archived:
        number += 1
    # Whatever it said before our last poll was told then, or was there before us.
    old = [update for update in page.updates if update.posted_at <= state.observed_at]
    known = {update.id: digest(update.text) for update in old}
    return replace(
        _opened(poll, page, f"{page.id}~{number}", {}),
        track=Track(texts=known, title=page.title, linkable=page.linkable),
    )


def _opened(
    poll: Poll,
    page: PageIncident,
    id_: str,
    texts: Mapping[str, str],
    continues: Incident | None = None,
) -> Observation:
    """A new incident; `texts` are updates that belong to an earlier one."""
    if id_ == page.id:
        began = min(page.started_at, page.end_at) if page.has_ended else page.started_at
    else:
        # What the earlier one said does not date this one.
        began = min((u.at for u in page.updates if u.id not in texts), default=poll.now)
    incident = Incident(
        provider=poll.provider.id,
        id=id_,
        title=page.title,
        phase=page.phase,
        origin=Origin.PROVIDER,
        started_at=began,
        severity=Severity.UP,
        worst=Severity.UP,
        url=page.url,
        aliases=() if id_ == page.id else (page.id,),
        maintenance=page.maintenance,
        continues=continues.key if continues else None,
    )
    return Observation(
        incident, Track(), Track(texts=texts, title=page.title, linkable=page.linkable)
    )


def _read(poll: Poll, match: Observation, page: PageIncident) -> Observation:
    """Take in what the page says of an incident now."""
    track, before = match.track, match.incident
    if before.withdrawn and page.has_ended:
        return match
    hashes = {update.id: digest(update.text) for update in page.updates}
    new = tuple(update for update in page.updates if update.id not in track.texts)
    edited = [u for u in page.updates if track.texts.get(u.id, hashes[u.id]) != hashes[u.id]]
    seen = replace(match, page=page, updates=new, edited=tuple(edited))
    if seen.adds_nothing:
        return seen
    # An impact that moved without a word was moved by another incident, and so was one that had
    # moved before this one spoke (Claude's of 23 June 2026).
    moved = page.impact is not (track.impact_shown or track.impact)
    spoke = moved and (new or seen.new_phase)
    impact = page.impact if spoke or seen.is_new or seen.adopted else track.impact
    links, steps = seen.followed(page)
    return replace(
        seen,
        incident=replace(
            before,
            url=page.url or before.url,
            scheduled_for=page.scheduled_for,
            scheduled_until=page.scheduled_until,
        ),
        points=tuple((at, weight(seen.incident, had, impact)) for at, had in steps),
        steps=steps,
        track=Track(
            texts={**track.texts, **hashes},
            links=links,
            impact=impact,
            impact_shown=page.impact,
            words=seen.named_in_words(poll.provider, nameless=not (links or page.components)),
            followed=track.followed and page.has_ended,
            linkable=track.linkable and page.linkable,
            page_end=page.end_at if page.has_ended else None,
            title=page.title,
        ),
    )


@lru_cache(maxsize=2048)  # the same fifty incidents are read at every poll
def digest(text: str) -> str:
    """A text's identity: white space does not count."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]
