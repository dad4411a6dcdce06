"""The values that the stages of one step hand on: poll → observation → attribution → conclusion.

Frozen, and made anew by each stage; each holds the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from bot.catalog.catalog import Provider
from bot.domain.incident import Ending, Incident, Origin
from bot.domain.page import PageIncident, PageUpdate, Severity, Snapshot, worst
from bot.domain.state import ComponentState, Link, State, Track

Point = tuple[datetime, Severity]


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
    """What one poll says of one incident."""

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
        """What is new of its texts, and its title where it is new."""
        title = [self.incident.title] if self.is_new else []
        return "\n".join((*title, *(update.text for update in self.updates)))

    @property
    def last_word_at(self) -> datetime:
        """When the provider last spoke in it, else when it began."""
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


@dataclass(frozen=True, slots=True)
class Attribution:
    """The components that are one incident's after a poll."""

    seen: Observation
    links: Mapping[str, Link]
    follows: bool = False  # over for the page, while components of it are still not up
    reopened: bool = False  # derived, over until now, and one of its components is down again
    moved_at: datetime | None = None  # when component states last moved without a word
    released: frozenset[str] = frozenset()  # components no longer its own, yet not better
    released_as: Ending = Ending.NONE  # why, where the provider does not say it
    taken_by: str = ""  # the title of the incident that has what was released

    def without(self, components: Iterable[str], why: Ending) -> Attribution:
        """The same without these components, which did not get better by that."""
        up = {id_: replace(self.links[id_], severity=Severity.UP) for id_ in components}
        released = self.released | frozenset(up)
        return replace(self, links={**self.links, **up}, released=released, released_as=why)

    @property
    def id(self) -> str:
        return self.seen.incident.id

    @property
    def is_impaired(self) -> bool:
        return any(link.severity.is_impaired for link in self.links.values())

    @property
    def is_not_up(self) -> bool:
        """Is a component of it impaired, or in a maintenance that followed?"""
        return any(link.severity.rank > Severity.UP.rank for link in self.links.values())

    @property
    def is_over(self) -> bool:
        return self.seen.ending.is_over and not self.reopened

    def has_down(self, component: str) -> bool:
        return component in self.links and self.links[component].severity.is_impaired

    @property
    def named(self) -> set[str]:
        """Every component that its texts ever named, or that fell to it."""
        return {*self.links, *(self.seen.page.components if self.seen.page else ())}

    def moved(self, component: str, severity: Severity, at: datetime) -> Attribution:
        """The same with `component` at `severity` since `at`, without a word of the provider."""
        links = {**self.links, component: linked(self.links.get(component), severity, at)}
        return replace(self, links=links, moved_at=max(at, self.moved_at or at))


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How one incident ended, if it did."""

    owned: Attribution
    ending: Ending
    at: datetime | None = None  # when it ended, where this poll tells
    note: str = ""  # a sentence of ours about it

    @property
    def seen(self) -> Observation:
        return self.owned.seen

    @property
    def reopened(self) -> bool:
        return not (self.seen.incident.is_open or self.ending.is_over)

    @property
    def phase(self) -> str:
        """As the page says; of an incident that this poll does not show, as it ended."""
        before = self.seen.incident
        if self.seen.page is not None:
            return self.seen.page.phase
        if self.reopened:
            return ""
        if not self.ending.is_over or self.ending.withdraws or not before.is_open:
            return before.phase
        if self.owned.released_as.is_over:
            return self.owned.released_as.value
        return "completed" if before.maintenance else "resolved"

    @property
    def adds_nothing(self) -> bool:
        return self.seen.adds_nothing and not (self.reopened or self.owned.follows)


def linked(old: Link | None, severity: Severity, at: datetime) -> Link:
    """A component as an incident has it from `at` on; an unknown severity changes nothing."""
    if severity is Severity.UNKNOWN:
        severity = old.severity if old else Severity.UP
    if old is None:
        return Link(severity, severity, at)
    return Link(severity, worst((severity, old.worst)), max(at, old.named_at))
