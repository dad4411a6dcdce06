"""The values that the later stages of a step hand on: observation → attribution → conclusion.

Frozen, and made anew by each stage; each holds the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.incident import Ending
from bot.domain.page import Severity, worst
from bot.domain.state import ComponentLink, ComponentState
from bot.engine.poll import Observation, Poll


class Before(StrEnum):
    """An incident's state before the poll."""

    NEW = "new"
    PLANNED = "planned"
    OPEN = "open"
    OVER = "over"


class Now(StrEnum):
    """An incident's state at this poll."""

    INCIDENT = "incident"
    PLANNED = "planned maintenance"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Attribution:
    """The components that are one incident's after a poll."""

    seen: Observation
    links: Mapping[str, ComponentLink]
    follows: bool = False  # over for the page, while components of it are still not up
    reopened: bool = False  # derived, over until now, and one of its components is down again
    moved_at: datetime | None = None  # when component states last moved without a word
    released: frozenset[str] = frozenset()  # components no longer its own, yet not better
    released_as: Ending = Ending.NONE  # why, where the provider does not say it
    taken_by: str = ""  # the title of the incident that has what was released

    @classmethod
    def of(cls, seen: Observation, present: Mapping[str, ComponentState]) -> Attribution:
        """The components that it has, each no worse than the page shows it now (`present`)."""
        one = cls(seen, seen.track.links, follows=seen.track.followed)
        # The end of an undecided one, if that is what it is, tells that they are up.
        if seen.incident.maintenance or seen.ending is Ending.UNDECIDED:
            return one
        for component, link in one.links.items():
            state = present.get(component)
            # Unknown was never believed, except at first sight: that is no recovery.
            if state is None or state.severity is Severity.UNKNOWN:
                continue
            if state.severity.rank < link.severity.rank:
                links = {**one.links, component: replace(link, severity=state.severity)}
                moved_at = max(state.since, one.moved_at or state.since)
                one = replace(one, links=links, moved_at=moved_at)
        return one

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

    def titled(self, poll: Poll) -> Attribution:
        """The same, named by what is down and how badly at worst: "Claude Code: major outage"."""
        names = []
        for component in self.links:
            surface, known = poll.surface_of(component), poll.components.get(component)
            label = next((s.label for s in poll.provider.surfaces if s.id == surface), None)
            names.append(label or (known.name if known else component))
        names = list(dict.fromkeys(names))
        shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
        joined = " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
        title = f"{joined}: {worst(link.worst for link in self.links.values()).words}"
        incident = replace(self.seen.incident, title=title)
        return replace(self, seen=replace(self.seen, incident=incident))

    def moved(self, component: str, severity: Severity, at: datetime) -> Attribution:
        """The same with `component` at `severity` since `at`, without a word of the provider."""
        links = {**self.links, component: ComponentLink.of(self.links.get(component), severity, at)}
        return replace(self, links=links, moved_at=max(at, self.moved_at or at))


_NOTES = {
    Ending.FELL_OFF: "The provider no longer lists it.",
    Ending.NOT_LISTED: "The provider no longer lists it.",
    Ending.CALLED_OFF: "The maintenance was called off.",
}


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The ending of one incident, if it ended."""

    owned: Attribution
    ending: Ending
    at: datetime | None = None  # when it ended, where this poll tells

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
    def row(self) -> tuple[Before, Now, Ending]:
        """The row of the table of events that it is in, if there is such a row."""
        incident, page, ending = self.seen.incident, self.seen.page, self.ending
        now = Now.MAINTENANCE if incident.maintenance else Now.INCIDENT
        if incident.maintenance and page and page.phase == "scheduled":
            now = Now.PLANNED
        if self.seen.is_new:
            before = Before.NEW
        elif not incident.is_open:
            before = Before.OVER
        else:
            planned = incident.maintenance and incident.phase == "scheduled"
            before = Before.PLANNED if planned else Before.OPEN
        if before is Before.OVER and ending.is_over and not self.seen.withdrawn_now:
            # It stays over. The components that it was followed for may be another's now.
            had = incident.severity is not Severity.UP and not self.owned.follows
            ending = Ending.HANDED_OVER if had and self.owned.taken_by else Ending.UNDECIDED
        return before, now, ending

    @property
    def note(self) -> str:
        """A sentence of ours about how it ended, or about whose it is now."""
        one, seen = self.owned, self.seen
        if one.taken_by:
            same, whole = one.taken_by == seen.incident.title, not one.is_impaired
            taker = "another incident of the same title" if same else f"“{one.taken_by}”"
            if seen.derived:
                return f"The provider now tracks {'' if whole else 'a part of '}this as {taker}."
            return f"{'What' if whole else 'A part of what'} is still down belongs to {taker}."
        if seen.derived:
            unlisted = one.released_as is Ending.NOT_LISTED
            return "The page no longer lists what was down." if unlisted else ""
        if seen.adopted and seen.page:
            return f"Now official: the provider posted it, as {seen.page.id}."
        return _NOTES.get(self.ending, "") if seen.incident.is_open else ""

    @property
    def adds_nothing(self) -> bool:
        return self.seen.adds_nothing and not (self.reopened or self.owned.follows)
