"""Whatever a provider does with its page, these hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.incident import EventKind, Incident
from bot.domain.page import ComponentChange, PageIncident, PageUpdate, Severity

from .build import IDS, UP, Watch, minute, quiet_watch, report, update

STATES = [Severity.UP, Severity.DEGRADED, Severity.PARTIAL, Severity.MAJOR]
OPENINGS = {EventKind.OPENED, EventKind.OVER, EventKind.SCHEDULED}
ENDS = {EventKind.RESOLVED, EventKind.WITHDRAWN, EventKind.ENDED, EventKind.OVER}

ACTIONS = [
    "post",
    "say",
    "say",
    "resolve",
    "edit",
    "rename",
    "delete",
    "flip",
    "flip",
    "reopen",
    "past",
    "touch",
    "fail",
]
PAUSES = [0.0, 0.5, 5.0, 50.0, 500.0]  # minutes until the next action

actions = st.tuples(
    st.sampled_from(ACTIONS),
    st.integers(0, 5),  # which incident, which component
    st.sampled_from(STATES),
    st.sampled_from(PAUSES),
    st.booleans(),  # look now?
    st.booleans(),  # with the history list?
)


@dataclass
class Provider:
    """A status page at the mercy of its keepers."""

    reports: dict[str, PageIncident] = field(default_factory=dict)
    components: dict[str, Severity] = field(default_factory=dict)
    number: int = 0

    def act(self, what: str, which: int, state: Severity, now: float) -> None:
        name = list(IDS)[which]
        self.number += 1
        if what == "flip":
            self.components[name] = state
        elif what in ("post", "past"):
            phase = "resolved" if what == "past" else "investigating"
            self._put(report(f"i{self.number}", self._said(now, phase, name, state)))
        elif self.reports:
            chosen = list(self.reports.values())[which % len(self.reports)]
            self._change(chosen, what, name, state, now)

    def _change(self, old: PageIncident, what: str, name: str, state: Severity, now: float) -> None:
        if what == "delete":
            del self.reports[old.id]
        elif what == "rename":
            self._put(replace(old, title=f"title {self.number}"))
        elif what == "touch":
            self._put(replace(old, impact=state))
        elif what == "edit":
            edited = replace(old.updates[-1], text=f"edit {self.number}")
            self._put(replace(old, updates=(*old.updates[:-1], edited)))
        elif old.has_ended is (what == "reopen"):
            phase = "resolved" if what == "resolve" else "investigating"
            said = self._said(now, phase, name, UP if what == "resolve" else state)
            self._put(report(old.id, *old.updates, said, title=old.title))

    def _said(self, now: float, phase: str, name: str, state: Severity) -> PageUpdate:
        before = self.components.get(name, UP)
        self.components[name] = state
        change = ComponentChange(IDS[name], before, state)
        return replace(update(f"u{self.number}", now, phase), changes=(change,))

    def _put(self, changed: PageIncident) -> None:
        self.reports[changed.id] = changed


def run(script: list[tuple[str, int, Severity, float, bool, bool]]) -> tuple[Watch, Provider]:
    watch, page, now = quiet_watch(), Provider(), 0.0
    for what, which, state, pause, look, listed in script:
        if what == "fail":
            watch.fail(now)
        else:
            page.act(what, which, state, now)
        now += pause
        if look:
            see(watch, page, now, listed=listed)
    see(watch, page, now + 1, listed=True)
    return watch, page


def see(watch: Watch, page: Provider, now: float, *, listed: bool) -> list[tuple[str, EventKind]]:
    reports = list(page.reports.values())
    running = [r for r in reports if not r.has_ended]
    recent = reports if listed else None
    return watch.see(now, *running, recent=recent, components=page.components)


scripts = st.lists(actions, max_size=25)


def everything(watch: Watch) -> list[Incident]:
    assert watch.state is not None
    return list({**watch.incidents, **watch.state.incidents}.values())


@given(scripts)
@settings(max_examples=300, deadline=None)
def test_each_incident_is_one_story_with_a_beginning_and_ends_that_alternate(
    script: list[tuple[str, int, Severity, float, bool, bool]],
) -> None:
    watch, _ = run(script)
    for incident in everything(watch):
        event = incident.events
        assert [n.revision for n in event] == list(range(1, len(event) + 1))
        assert event[0].kind in OPENINGS
        assert not any(n.kind in OPENINGS for n in event[1:])
        assert len({n.key for n in event}) == len(event)
        ended = False
        for n in event:
            if n.kind in ENDS and n.kind is not EventKind.WITHDRAWN:
                assert not ended
                ended = True
            elif n.kind is EventKind.REOPENED:
                ended = False
        assert (incident.ended_at is None) is incident.is_open
        assert all(a <= b for (a, _), (b, _) in pairwise(incident.timeline))
        assert all(a is not b for (_, a), (_, b) in pairwise(incident.timeline))
        assert incident.ended_at is None or incident.ended_at >= incident.started_at


@given(scripts)
@settings(max_examples=300, deadline=None)
def test_each_update_is_told_exactly_once(
    script: list[tuple[str, int, Severity, float, bool, bool]],
) -> None:
    watch, page = run(script)
    told = Counter(
        n.update_id
        for incident in everything(watch)
        for n in incident.events
        if n.update_id and n.kind is not EventKind.CORRECTED
    )
    assert all(count == 1 for count in told.values())
    over = {i.id for i in everything(watch) if i.events[0].kind is EventKind.OVER}
    for shown in page.reports.values():
        if shown.id not in over:
            assert all(told[said.id] == 1 for said in shown.updates)


@given(scripts)
@settings(max_examples=300, deadline=None)
def test_the_changes_told_of_a_surface_are_a_chain_that_ends_where_it_is(
    script: list[tuple[str, int, Severity, float, bool, bool]],
) -> None:
    watch, _ = run(script)
    for incident in everything(watch):
        chains: dict[str, list[tuple[Severity, Severity]]] = {}
        for n in incident.events:
            for change in n.changes:
                assert change.before is not change.after
                chains.setdefault(change.surface, []).append((change.before, change.after))
        for surface, chain in chains.items():
            assert chain[0][0] is UP
            assert all(a[1] is b[0] for a, b in pairwise(chain))
            assert incident.surfaces[surface].now is chain[-1][1]
        for impact in incident.surfaces.values():
            assert impact.worst.rank >= impact.now.rank
        assert incident.worst.rank >= incident.severity.rank
        assert incident.events[-1].severity is incident.severity


@given(scripts)
@settings(max_examples=200, deadline=None)
def test_a_page_that_stands_still_falls_silent(
    script: list[tuple[str, int, Severity, float, bool, bool]],
) -> None:
    watch, page = run(script)
    see(watch, page, 20_000, listed=True)  # confirms what was held back
    assert see(watch, page, 20_001, listed=True) == []
    assert see(watch, page, 20_002, listed=False) == []


@given(scripts)
@settings(max_examples=200, deadline=None)
def test_every_component_that_is_down_belongs_to_an_incident(
    script: list[tuple[str, int, Severity, float, bool, bool]],
) -> None:
    watch, page = run(script)
    see(watch, page, 20_000, listed=True)
    down = {n for n, s in page.components.items() if s.rank >= Severity.DEGRADED.rank}
    held = {
        surface
        for incident in everything(watch)
        for surface, impact in incident.surfaces.items()
        if impact.now is not UP and not impact.from_text
    }
    assert down <= held


def test_the_builders_of_these_tests_make_real_changes() -> None:
    said = Provider()._said(0, "investigating", "claude.ai", Severity.MAJOR)
    assert said.changes == (ComponentChange(IDS["claude.ai"], UP, Severity.MAJOR),)
    assert said.at == minute(0)
