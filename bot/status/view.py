"""The present truth as values: one provider, and all of them.

Chats, HTTP, the command line, `doctor` and reminders all read a `StatusView`. Here, and nowhere
else, is decided what is too old to speak of the present.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.catalog.names import provider_of
from bot.catalog.providers import POLL_SECONDS
from bot.domain.evidence import Evidence, Verdict
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.domain.state import State
from bot.status.verdict import verdicts

# Both are guesses. While polls fail, the last good one counts for so long at least: one that fails
# now and then means nothing.
BLIND_AFTER = timedelta(minutes=2)
# Where nobody polls at all (the watcher is gone, the machine slept).
STALE_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """One provider: its verdicts, its incidents, and how well its page is seen."""

    provider: str
    # One for each surface, in the catalogue's order. Unknown, all of them, if never read.
    verdicts: tuple[Verdict, ...] = ()
    # Open and not withdrawn, oldest first.
    incidents: tuple[Incident, ...] = ()
    # All that the engine remembers: the open ones too, and what ended lately.
    recent: tuple[Incident, ...] = ()
    # The last good poll; None: the page was never read.
    checked_at: datetime | None = None
    # The first good poll ever: what was before is not ours to tell.
    watched_since: datetime | None = None
    # No poll succeeded since then, for the reason `failure`.
    failing_since: datetime | None = None
    failure: str = ""
    # Flaps of one poll that were never posted, since the beginning.
    debounced: int = 0
    # Whether we may speak of the present from what was last seen.
    is_fresh: bool = False

    @classmethod
    def of_state(
        cls,
        state: State,
        catalog: Catalog,
        now: datetime,
        evidence: Sequence[Evidence],
        versions: Mapping[str, str],
    ) -> ProviderStatus:
        """Return what a state says at this moment, with evidence besides the page."""
        recent = tuple(sorted(state.incidents.values(), key=lambda i: i.started_at))
        fresh = is_fresh(state, now, catalog.provider(state.provider).every)
        return cls(
            provider=state.provider,
            verdicts=tuple(verdicts(state, catalog, now, evidence, fresh=fresh, versions=versions)),
            incidents=tuple(i for i in recent if i.is_open and not i.withdrawn),
            recent=recent,
            checked_at=state.observed_at,
            watched_since=state.began_at,
            failing_since=state.failing_since,
            failure=state.failure,
            debounced=state.debounced,
            is_fresh=fresh,
        )

    @classmethod
    def never_read(cls, provider: str, catalog: Catalog, failure: str) -> ProviderStatus:
        """Return the status of a page that was not read yet, and perhaps why."""
        surfaces = catalog.provider(provider).surfaces
        unknown = (Verdict(s.id, Severity.UNKNOWN, since=None, checked_at=None) for s in surfaces)
        return cls(provider, verdicts=tuple(unknown), failure=failure)

    def told_to(self, owner: str | None) -> ProviderStatus:
        """The same, with the incidents that this tenant may read of (None: that anybody may)."""
        hidden = {one.key for one in self.recent if not one.is_shown_to(owner)}
        if not hidden:
            return self
        verdicts = (
            replace(one, incidents=tuple(key for key in one.incidents if key not in hidden))
            for one in self.verdicts
        )
        return replace(
            self,
            verdicts=tuple(verdicts),
            incidents=tuple(one for one in self.incidents if one.key not in hidden),
            recent=tuple(one for one in self.recent if one.key not in hidden),
        )

    @property
    def in_trouble(self) -> bool:
        """Something is wrong with one of its surfaces, maintenance included."""
        return any(
            verdict.suspected or verdict.severity.rank > Severity.UP.rank
            for verdict in self.verdicts
        )


@dataclass(frozen=True, slots=True)
class StatusView:
    """Everything known at one moment, as an answer in one channel may quote it."""

    at: datetime
    # With the surfaces of pages that are known by their URL alone.
    catalog: Catalog
    # All that are watched, the main one first.
    providers: tuple[ProviderStatus, ...]
    # What the team that asks can use instead: surfaces, and providers as a whole.
    alternatives: tuple[str, ...] = ()

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(verdict for one in self.providers for verdict in one.verdicts)

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Open ones, of all providers."""
        return tuple(incident for one in self.providers for incident in one.incidents)

    @property
    def recent(self) -> tuple[Incident, ...]:
        return tuple(incident for one in self.providers for incident in one.recent)

    def verdict(self, surface: str) -> Verdict | None:
        return next((v for v in self.verdicts if v.surface == surface), None)

    def about(self, surface: str) -> tuple[Incident, ...]:
        """Open incidents that touch this surface, oldest first."""
        return tuple(i for i in self.incidents if i.concerns([surface]))

    def in_trouble(self, surfaces: Sequence[str] = ()) -> list[Verdict]:
        """Verdicts of these surfaces (none: of all) that are in trouble, the worst first."""
        bad = [v for v in self.verdicts if v.in_trouble and (not surfaces or v.surface in surfaces)]
        return sorted(bad, key=lambda v: -v.severity.rank)

    def concerned(self, surfaces: Collection[str]) -> tuple[ProviderStatus, ...]:
        """Return the providers of these surfaces; of none: the main one, and others that are not
        well seen, or where something is wrong.
        """
        if surfaces:
            wanted = {provider_of(self.catalog, surface) for surface in surfaces}
            return tuple(one for one in self.providers if one.provider in wanted)
        others = (one for one in self.providers[1:] if one.in_trouble or not one.is_fresh)
        return (*self.providers[:1], *others)

    def naming(self, versions: Mapping[str, str]) -> StatusView:
        """The same view, in which these models are called by their versions."""
        return replace(self, catalog=self.catalog.naming(versions))

    def of(self, providers: Sequence[str]) -> StatusView:
        """The same view, of these providers alone."""
        return replace(self, providers=tuple(p for p in self.providers if p.provider in providers))


def counts_for(every: float) -> timedelta:
    """Return how long the last good poll counts where the next ones fail.

    `every`: seconds between two polls. Of a page that is polled seldom, two may fail as well.
    """
    return max(BLIND_AFTER, timedelta(seconds=2.5 * every))


def is_fresh(state: State, now: datetime, every: float = POLL_SECONDS) -> bool:
    """Tell whether we may speak of the present from what this state saw last.

    `every`: seconds between two polls. What was seen in the future, because this machine's clock
    was set back since, is as old as it is far away.
    """
    age = abs(now - state.observed_at)
    if state.failing_since:
        return age < counts_for(every)
    return age < max(STALE_AFTER, timedelta(seconds=3 * every))


def status_view(
    catalog: Catalog,
    states: Mapping[str, State],
    now: datetime,
    evidence: Sequence[Evidence] = (),
    failures: Mapping[str, str] | None = None,
    versions: Mapping[str, str] | None = None,
) -> StatusView:
    """Return the view of these states (by provider), with evidence besides the pages.

    `failures`: why a page without a state could not be read. `versions`: of these models (by
    surface) one version is asked about; what is said of others does not count.
    """
    catalog = with_seen(catalog, states)
    return StatusView(
        now,
        catalog,
        tuple(
            ProviderStatus.of_state(states[provider], catalog, now, evidence, versions or {})
            if provider in states
            else ProviderStatus.never_read(provider, catalog, (failures or {}).get(provider, ""))
            for provider in catalog.providers
        ),
    )


def with_seen(catalog: Catalog, states: Mapping[str, State]) -> Catalog:
    """The catalogue, with the surfaces of pages that it does not describe."""
    for state in states.values():
        names = {id_: component.name for id_, component in state.components.items()}
        catalog = catalog.seen(state.provider, names)
    return catalog
