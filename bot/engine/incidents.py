"""Takes what the page says of one incident into its draft: what is new, what was edited.

Updates are known by their id, and by a hash of their text for edits. The page's own
`updated_at` is no sign of news, and its `impact` is believed only together with news: other
incidents and bulk edits change both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from bot.catalog.catalog import Provider
from bot.domain.incident import Incident, Origin
from bot.domain.page import ENDED, PageIncident, PageUpdate, Severity
from bot.domain.state import State, Track
from bot.engine.components import is_down
from bot.engine.draft import Draft

REOPENS_WITHIN = timedelta(hours=2)  # later it is a new incident that continues the old one
CONTINUES_WITHIN = timedelta(minutes=30)  # the provider's incident after one of ours


@dataclass(slots=True)
class Desk:
    """All drafts of one look, by our id; `owners` finds them by the provider's.

    `first`: it is the first look of all, before which everything was known to nobody.
    """

    provider: Provider
    now: datetime
    began_at: datetime
    searched_at: datetime  # the last good look before this one
    drafts: dict[str, Draft]
    owners: dict[str, str]
    retired: frozenset[str]
    first: bool = False
    names: dict[str, str] = field(default_factory=dict)  # of components, by id

    @classmethod
    def of(cls, state: State, provider: Provider, now: datetime, *, first: bool = False) -> Desk:
        drafts = {
            id_: Draft.of(incident, state.tracks.get(id_, Track()))
            for id_, incident in state.incidents.items()
        }
        # Of several with one provider id (reopened late), the youngest answers to it.
        youngest = sorted(drafts.values(), key=lambda d: d.incident.started_at)
        owners = {name: draft.incident.id for draft in youngest for name in draft.ids()}
        retired = frozenset(state.retired)
        return cls(
            provider=provider,
            now=now,
            began_at=state.began_at,
            searched_at=state.observed_at,
            drafts=drafts,
            owners=owners,
            retired=retired,
            first=first,
        )

    def surface_of(self, component: str) -> str | None:
        """The surface of a component, None where it has none (or is not known at all)."""
        return self.provider.surface_of(component, self.names.get(component, ""))

    def add(self, draft: Draft) -> None:
        self.drafts[draft.incident.id] = draft
        self.owners.update(dict.fromkeys(draft.ids(), draft.incident.id))


@lru_cache(maxsize=2048)  # the same fifty incidents are read at every look
def digest(text: str) -> str:
    """A text's identity: white space does not count."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]


def read(desk: Desk, report: PageIncident) -> None:
    """Take one report into its draft, which is made if there is none."""
    draft = _draft_for(desk, report)
    if draft is None:
        return
    ended = report.has_ended
    if draft.incident.withdrawn and ended:
        return
    draft.report = report
    draft.linkable = draft.linkable and report.linkable
    _sort_updates(draft, report)
    if ended and draft.at_rest:
        return
    spoke = bool(draft.updates) or report.phase != draft.incident.phase or draft.is_new
    if spoke:
        # An impact that moved without a word was moved by another incident.
        draft.impact = report.impact
    if draft.ended and not ended:
        draft.reopened, draft.ended, draft.followed = True, False, False
    _replay_updates(draft, report)
    _find_words(draft, report, desk.provider)
    if ended and not draft.ended:
        draft.ended, draft.end_at = True, report.end_at
        _clear(draft, report)
    draft.page_end = report.end_at if ended else None
    draft.incident = replace(
        draft.incident,
        url=report.url or draft.incident.url,
        scheduled_for=report.scheduled_for,
        scheduled_until=report.scheduled_until,
    )


def _draft_for(desk: Desk, report: PageIncident) -> Draft | None:
    owner = desk.owners.get(report.id)
    if owner is not None:
        draft = desk.drafts[owner]
        over_for = _time_of_return(draft, report, desk.now) - _last_end(draft, desk.now)
        if not draft.ended or report.has_ended or over_for <= REOPENS_WITHIN:
            return draft
        return _start(desk, report, f"{report.id}~{_next_number(owner)}", continues=draft)
    known = desk.first or report.id in desk.retired or report.posted_at < desk.began_at
    if report.has_ended and known:
        return None  # it was over before we began, or we told it long ago
    ours = _ours_for(desk, report)
    if ours is not None:
        ours.incident = replace(
            ours.incident,
            origin=Origin.PROVIDER,
            aliases=(*ours.incident.aliases, report.id),
        )
        ours.adopted, ours.impact = True, report.impact
        desk.owners[report.id] = ours.incident.id
        return ours
    if report.id in desk.retired:
        number = 2
        while f"{report.id}~{number}" in desk.retired:
            number += 1
        draft = _start(desk, report, f"{report.id}~{number}")
        # Whatever it said before our last look was told then, or was there before us.
        old = [u for u in report.updates if u.posted_at <= desk.searched_at]
        draft.texts.update({update.id: digest(update.text) for update in old})
        return draft
    return _start(desk, report, report.id)


def _start(desk: Desk, report: PageIncident, id_: str, *, continues: Draft | None = None) -> Draft:
    began = min([report.started_at, *([report.end_at] if report.has_ended else [])])
    old = continues.incident if continues else None
    if old is not None or id_ != report.id:
        # What the earlier one said does not date this one.
        known = _told_before(continues, report) if continues else {}
        new = [update.at for update in report.updates if update.id not in known]
        began = min(new, default=desk.now)
    incident = Incident(
        provider=desk.provider.id,
        id=id_,
        title=report.title,
        phase=report.phase,
        origin=Origin.PROVIDER,
        started_at=began,
        severity=Severity.UP,
        worst=Severity.UP,
        url=report.url,
        aliases=() if id_ == report.id else (report.id,),
        maintenance=report.maintenance,
        continues=old.key if old else None,
    )
    draft = Draft.of(incident, Track(title=report.title, linkable=report.linkable))
    if continues is not None:
        draft.texts.update(_told_before(continues, report))
    desk.add(draft)
    return draft


def _told_before(old: Draft, report: PageIncident) -> dict[str, str]:
    """What belongs to the earlier incident: its end too, where no list showed that."""
    ends = [update for update in report.updates if update.phase in ENDED]
    return {update.id: digest(update.text) for update in ends} | old.texts


def _next_number(owner: str) -> int:
    _, _, number = owner.rpartition("~")
    return int(number) + 1 if number.isdecimal() and "~" in owner else 2


def _last_end(draft: Draft, now: datetime) -> datetime:
    return draft.incident.ended_at or now


def _time_of_return(draft: Draft, report: PageIncident, now: datetime) -> datetime:
    """When an ended incident was opened again: with its first new word, else now.

    Words of its end that we never saw (where no list shows them) did not open it.
    """
    new = [
        update.at
        for update in report.updates
        if update.id not in draft.texts and update.phase not in ENDED
    ]
    return min(new, default=now)


def _ours_for(desk: Desk, report: PageIncident) -> Draft | None:
    """An incident of ours that this one of the provider's explains, if there is one."""
    if report.maintenance:
        return None
    named = {*report.components, *(c.component for u in report.updates for c in u.changes)}
    told = "\n".join((report.title, *(update.text for update in report.updates)))
    # An incident that names no component may still say in words which one it means.
    meant = set() if named else set(desk.provider.named_in(told, components_too=True))
    for draft in desk.drafts.values():
        began = draft.incident.started_at
        in_time = began - CONTINUES_WITHIN <= report.posted_at <= began + CONTINUES_WITHIN
        if not draft.ours or not in_time:
            continue
        surfaces = {desk.surface_of(component) for component in draft.links}
        if named & set(draft.links) or meant & surfaces:
            return draft
        if not report.linkable and not draft.ended:
            return draft
    return None


def _sort_updates(draft: Draft, report: PageIncident) -> None:
    for update in report.updates:
        known, now = draft.texts.get(update.id), digest(update.text)
        if known is None:
            draft.updates.append(update)
        elif known != now:
            draft.corrected.append(update)
        draft.texts[update.id] = now


def _replay_updates(draft: Draft, report: PageIncident) -> None:
    """Follow the component states through the new updates, for the timeline's sake."""
    for update in draft.updates:
        late = any(update.at < link.named_at for link in draft.links.values())
        for change in update.changes:
            if change.component not in draft.links and is_down(change.before):
                # It was down when this incident first named it (a repair posted afterwards).
                draft.link(change.component, change.before, update.at)
            if not late or change.component not in draft.links:
                draft.link(change.component, change.after, update.at)
        draft.mark(update.at)
    if not report.has_ended:
        for component in report.components:
            if component not in draft.links:
                draft.link(component, Severity.UP, draft.last_word_at)


def _clear(draft: Draft, report: PageIncident) -> None:
    """Remember which components the end itself sets to operational."""
    for update in report.updates:
        if update.phase in ENDED:
            states: Mapping[str, Severity] = {c.component: c.after for c in update.changes}
            draft.cleared.update(c for c, after in states.items() if not is_down(after))


def _find_words(draft: Draft, report: PageIncident, provider: Provider) -> None:
    """Models (and where no component is named, anything) that the texts mention."""
    texts: list[PageUpdate] = draft.updates
    if not (texts or draft.is_new or draft.adopted or report.title != draft.title):
        return
    nameless = not draft.links and not report.components
    told = "\n".join((report.title, *(update.text for update in texts)))
    for surface in provider.named_in(told, components_too=nameless):
        if surface not in draft.words:
            draft.words.append(surface)
