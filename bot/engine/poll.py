"""One poll of a page as every stage sees it, and what stage 1 makes of it for each incident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from bot.catalog.model_texts import state_of, statements
from bot.catalog.providers import Provider
from bot.domain.incident import Ending, Incident, Origin
from bot.domain.page import PageIncident, PageUpdate, Severity, Snapshot
from bot.domain.state import ComponentLink, ComponentState, State, Track

# The provider's incident after one derived from components: how far apart they may begin (guess).
CONTINUES_WITHIN = timedelta(minutes=30)

Point = tuple[datetime, Severity]
# A moment, and what the incident did to each component from then on.
Step = tuple[datetime, Mapping[str, ComponentLink]]


@dataclass(frozen=True)
class Poll:
    """One poll, as every stage sees it."""

    provider: Provider
    state: State  # before this poll
    snapshot: Snapshot
    components: Mapping[str, ComponentState]  # as believed now
    now: datetime
    first: bool  # the first poll of all: before it everything was known to nobody

    @cached_property
    def with_row(self) -> frozenset[str]:
        """Surfaces that have a row on the page, whatever it shows."""
        return frozenset(filter(None, map(self.surface_of, self.components)))

    @cached_property
    def impaired(self) -> frozenset[str]:
        """Surfaces of which a row shows now that they are degraded or worse."""
        down = (i for i, c in self.components.items() if c.listed and c.severity.is_impaired)
        return frozenset(filter(None, map(self.surface_of, down)))

    @property
    def unproven_absence(self) -> bool:
        """Does it prove nothing that an open incident is not listed, not even by its row?"""
        return self.snapshot.derived and self.snapshot.has_history

    def surface_of(self, component: str) -> str | None:
        """The surface of a component, None where it has none (or is not known at all)."""
        known = self.components.get(component)
        return self.provider.surface_of(component, known.name if known else "")


@dataclass(frozen=True, slots=True)
class Observation:
    """One incident as a poll shows it."""

    # As before this poll, but for what needs no event: address, plan, and (adopted) origin.
    # Without events it is new.
    incident: Incident
    before: Track
    track: Track  # with what this poll adds; its links follow the new updates
    ending: Ending = Ending.NONE  # as far as the page tells
    page: PageIncident | None = None  # as the page shows it now; None: it does not
    updates: tuple[PageUpdate, ...] = ()  # new ones, oldest first
    edited: tuple[PageUpdate, ...] = ()
    points: tuple[Point, ...] = ()  # how bad it was after each of the new updates
    steps: tuple[Step, ...] = ()  # the components that it had after each of them
    adopted: bool = False  # derived until now: the provider posted its own for it

    @property
    def is_new(self) -> bool:
        return not self.incident.events

    @property
    def derived(self) -> bool:
        """Made from component states, and not (yet) continued by an incident of the provider."""
        return self.incident.origin is Origin.OURS

    @property
    def can_explain(self) -> bool:
        """Can a component be down because of it? Of an ended one, or maintenance, it cannot."""
        return not (self.ending.is_over or self.incident.maintenance or self.derived)

    @property
    def has_words(self) -> bool:
        """Did the provider say or change a word?"""
        return bool(self.is_new or self.adopted or self.updates or self.edited)

    @property
    def new_phase(self) -> bool:
        return self.page is not None and self.page.phase != self.incident.phase

    @property
    def cleared(self) -> frozenset[str]:
        """Components that the end, seen at this poll, itself sets to operational."""
        if not (self.incident.is_open and self.page and self.page.has_ended):
            return frozenset()
        ends = [{c.component: c.after for c in u.changes} for u in self.page.updates if u.is_end]
        return frozenset(c for end in ends for c, after in end.items() if not after.is_impaired)

    @property
    def new_words(self) -> str:
        """Its new texts, and its title where it is new."""
        title = [self.incident.title] if self.is_new else []
        return "\n".join((*title, *(update.text for update in self.updates)))

    def named_in_words(self, provider: Provider, *, nameless: bool) -> tuple[str, ...]:
        """Return the surfaces that its texts name: models; where no component is named, any."""
        words, known = self.track.words, self.track.title
        title = self.page.title if self.page else known
        if not (self.updates or self.is_new or self.adopted or title != known):
            return words
        text = "\n".join((title, *(update.text for update in self.updates)))
        said = statements(provider, text)  # "multiple models" names each of them
        troubled = [one.surface for one in said if one.in_trouble]
        well = {one.surface for one in said} - set(troubled)
        named = provider.named_in(text, components_too=nameless)
        return tuple(dict.fromkeys((*words, *(s for s in named if s not in well), *troubled)))

    def followed(self, page: PageIncident) -> tuple[dict[str, ComponentLink], tuple[Step, ...]]:
        """Follow the component states through the new updates: links at the end and after each."""
        links, steps = dict(self.track.links), list[Step]()
        for update in self.updates:
            late = any(update.at < link.named_at for link in links.values())
            for change in update.changes:
                id_ = change.component
                if id_ not in links and change.before.is_impaired:
                    # It was down when this incident first named it (a repair posted afterwards).
                    links[id_] = ComponentLink.of(None, change.before, update.at)
                if not late or id_ not in links:
                    links[id_] = ComponentLink.of(links.get(id_), change.after, update.at)
            steps.append((update.at, dict(links)))
        if not page.has_ended:
            for component in page.components:
                if component not in links:
                    links[component] = ComponentLink.of(None, Severity.UP, self.last_word_at)
        return links, tuple(steps)

    def well_again(self, provider: Provider) -> frozenset[str]:
        """Return the models that its texts, all together, say are not in trouble any more."""
        page = self.page
        texts = [page.title, *(update.text for update in page.updates)] if page else []
        named = {one.surface for text in texts for one in statements(provider, text)}
        return frozenset(s for s in named if not state_of(provider, s, texts).in_trouble)

    def is_explained_by(self, page: PageIncident, poll: Poll) -> bool:
        """Tell whether this derived incident is what an incident of the provider's is about."""
        apart = abs(page.posted_at - self.incident.started_at)
        if page.maintenance or not self.derived or apart > CONTINUES_WITHIN:
            return False
        links = self.before.links
        if named := {*page.components, *(c.component for u in page.updates for c in u.changes)}:
            meant = bool(named & links.keys())
        else:
            # An incident that names no component may still say in words which one it means.
            told = "\n".join((page.title, *(update.text for update in page.updates)))
            surfaces = set(poll.provider.named_in(told, components_too=True))
            meant = bool(surfaces & {poll.surface_of(id_) for id_ in links})
        return meant or (not page.linkable and self.incident.is_open)

    @property
    def last_word_at(self) -> datetime:
        """The time of the provider's last word in it, else of its beginning."""
        said = [*(event.at for event in self.incident.events), *(u.at for u in self.updates)]
        return max([*said, self.incident.started_at])

    @property
    def withdrawn_now(self) -> bool:
        return self.ending.withdraws and not self.incident.withdrawn

    @property
    def adds_nothing(self) -> bool:
        """Over, and this poll says nothing new of it: true of most, which cost nothing then."""
        return (
            not self.incident.is_open
            and (
                self.page is None or (self.page.has_ended and self.page.title == self.before.title)
            )
            and not (self.adopted or self.before.followed or self.updates or self.edited)
            and not self.before.steadiness.unsteady
            and not self.withdrawn_now
        )
