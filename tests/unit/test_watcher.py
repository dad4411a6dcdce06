"""The loop around the engine: whatever a look brings, the next one comes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.catalog.catalog_file import load_catalog
from bot.domain.errors import SourceError, StoreError
from bot.domain.incident import Incident
from bot.domain.page import Component, Severity, Snapshot
from bot.domain.state import State
from bot.history.spans import Span
from bot.loops.history import HistoryKeeper
from bot.loops.periodic import LONGEST_PAGE_BACKOFF
from bot.loops.watcher import Watcher
from bot.ports import NeededLists, VersionedState
from tests.unit.history.test_keeper import Memory as KeptPast

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WELL = Snapshot("claude", components=(), incidents=(), recent=())
POLL = 30.0


@dataclass
class Page:
    """Shows what a test put into its list, one look after the other."""

    looks: list[Snapshot | Exception]
    provider: str = "claude"

    async def poll(self, needed: NeededLists) -> Snapshot:
        seen = self.looks.pop(0)
        if isinstance(seen, Exception):
            raise seen
        return seen


@dataclass
class Memory:
    """A journal in memory, with a lease that is always ours."""

    stored: VersionedState = field(default_factory=lambda: VersionedState(None, 0))
    failing: bool = False

    async def acquire(self, provider: str, holder: str) -> int | None:
        return 1

    async def release(self, provider: str, holder: str) -> None: ...

    async def load(self, provider: str) -> VersionedState:
        return self.stored

    async def commit(
        self, provider: str, *, fence: int, version: int, state: State, changed: Sequence[Incident]
    ) -> None:
        if self.failing:
            raise StoreError("away")
        self.stored = VersionedState(state, version + 1)

    async def incident(self, key: str) -> Incident | None:
        return None

    async def history(self, provider: str, since: datetime) -> list[Incident]:
        return []


@dataclass
class Past(KeptPast):
    """What is written of the past; Redis may be away."""

    failing: bool = False

    async def keep(self, provider: str, spans: Sequence[Span]) -> None:
        if self.failing:
            raise StoreError("away")
        await KeptPast.keep(self, provider, spans)


def watcher(*looks: Snapshot | Exception) -> tuple[Watcher, Memory]:
    memory = Memory()
    watching = Watcher(
        page=Page(list(looks)),
        incident_store=memory,
        catalog=load_catalog(),
        clock=lambda: NOW,
        rng=random.Random(1),
        holder="me",
        poll_seconds=POLL,
        on_commit=lambda: None,
    )
    watching._fence = 1  # as `run` does with the lease
    return watching, memory


async def test_a_thousand_looks_at_the_same_page_are_one_piece_of_news() -> None:
    down = replace(
        WELL, components=(Component("k8w3r06qmzrp", "Claude API", Severity.MAJOR, "major_outage"),)
    )
    watching, memory = watcher(WELL, *[down] * 1000)
    told: list[int] = []
    watching.on_commit = lambda: told.append(memory.stored.version)
    for _ in range(1001):
        await watching.poll()
    assert len(told) == 1
    assert memory.stored.state is not None
    (outage,) = memory.stored.state.incidents.values()
    assert outage.revision == 1


async def test_a_fault_of_ours_over_one_page_is_one_failed_look() -> None:
    watching, memory = watcher(WELL, KeyError("secret"), WELL)
    await watching.poll()
    await watching.poll()
    assert memory.stored.state is not None
    assert memory.stored.state.failing_since == NOW
    assert "KeyError in " in memory.stored.state.failure
    assert "secret" not in memory.stored.state.failure
    assert await watching.poll() <= POLL
    assert memory.stored.state.failing_since is None


async def test_what_a_page_wrote_oddly_is_logged_once_until_it_changes() -> None:
    odd = replace(WELL, oddities=("component Web: unknown status 'smouldering'",))
    watching, _ = watcher(WELL, odd, odd, WELL, odd)
    with capture_logs() as logged:
        for _ in range(5):
            await watching.poll()
    assert [line["oddities"] for line in logged if line["event"] == "page.odd"] == [
        [*odd.oddities]
    ] * 2


async def test_components_the_catalogue_does_not_know_are_named_once_for_the_operator() -> None:
    known = Component("k8w3r06qmzrp", "Claude API", Severity.UP, "operational")
    new = Component("newcomer", "Newcomer", Severity.UP, "operational")
    watching, _ = watcher(*[replace(WELL, components=(known, new))] * 3)
    with capture_logs() as logged:
        for _ in range(3):
            await watching.poll()
    (line,) = [line for line in logged if line["event"] == "page.unlisted"]
    assert (line["components"], line["count"]) == (("Newcomer",), 1)


async def test_a_change_that_was_debounced_is_logged() -> None:
    api = Component("k8w3r06qmzrp", "Claude API", Severity.UP, "operational")
    well = replace(WELL, components=(api,))
    slow = replace(WELL, components=(replace(api, severity=Severity.DEGRADED),))
    watching, _ = watcher(well, slow, well)
    with capture_logs() as logged:
        for _ in range(3):
            await watching.poll()
    assert [line["flaps"] for line in logged if line["event"] == "page.debounced"] == [1]


async def test_pauses_double_while_the_page_fails_up_to_a_limit() -> None:
    watching, _ = watcher(*[SourceError("405")] * 12)
    pauses = [await watching.poll() for _ in range(12)]
    assert pauses[0] < pauses[1]
    assert all(LONGEST_PAGE_BACKOFF * 0.8 < pause <= LONGEST_PAGE_BACKOFF for pause in pauses[1:])


async def test_a_page_that_asks_for_patience_gets_it() -> None:
    watching, _ = watcher(SourceError("429", retry_after=120))
    assert await watching.poll() >= 120


@pytest.mark.parametrize(("says", "pause"), [(0, POLL), (45, 45), (3600, 60)])
async def test_a_page_is_not_asked_while_it_says_that_nothing_is_new_within_bounds(
    says: int, pause: float
) -> None:
    watching, _ = watcher(replace(WELL, good_for=timedelta(seconds=says)))
    assert 0.9 * pause <= await watching.poll() <= pause


async def test_a_store_that_is_away_forgets_nothing_and_is_asked_again() -> None:
    watching, memory = watcher(WELL, WELL, WELL)
    await watching.poll()
    before = memory.stored
    memory.failing = True
    await watching.poll()
    assert memory.stored == before
    memory.failing = False
    await watching.poll()
    assert memory.stored.version == before.version + 1


async def hinted(watching: Watcher, times: int) -> None:
    """Let it run under so many hints, each given once the last was looked at or ignored."""
    watching._leased.set()
    loop = asyncio.create_task(watching._keep_polling())
    for _ in range(times):
        watching.hint.set()
        for _ in range(20):  # more turns of the loop than one look takes
            await asyncio.sleep(0)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def test_a_past_that_cannot_be_written_costs_no_news() -> None:
    down = replace(
        WELL, components=(Component("k8w3r06qmzrp", "Claude API", Severity.MAJOR, "major_outage"),)
    )
    watching, memory = watcher(WELL, down, down)
    past = Past()
    watching.history = HistoryKeeper(
        "claude", past, watching.catalog, lambda: NOW, timedelta(days=400), POLL
    )
    await watching.poll()
    past.failing = True
    await watching.poll()
    assert memory.stored.state is not None
    assert not memory.stored.state.incidents  # not committed: the next poll takes it in again
    past.failing = False
    await watching.poll()
    (told,) = memory.stored.state.incidents.values()
    assert told.worst is Severity.MAJOR
    assert {(s.surface, s.severity) for s in past.kept.values()} >= {("api", Severity.MAJOR)}


async def test_a_hint_is_heeded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.loops.watcher.LEAST_PAUSE", 0.0)
    watching, _ = watcher(*[WELL] * 300)
    await hinted(watching, 100)
    assert watching.polls.total() > 50


async def test_many_hints_are_one_poll_until_the_least_pause_is_over() -> None:
    watching, _ = watcher(*[WELL] * 300)
    await hinted(watching, 200)
    assert watching.polls.total() == 1


async def test_no_hint_overrules_the_pages_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.loops.watcher.LEAST_PAUSE", 0.0)
    watching, _ = watcher(WELL, SourceError("slow down", retry_after=600), *[WELL] * 300)
    await hinted(watching, 200)
    assert watching.polls.total() == 2


async def test_incidents_of_others_are_for_channels_that_asked_for_them_by_name() -> None:
    outage = Snapshot(
        "openai",
        components=(Component("01JMXBRMFE6N2NNT7DG6XZQ6PW", "Chat", Severity.MAJOR, "down"),),
        incidents=(),
        recent=(),
    )
    well = replace(outage, components=(replace(outage.components[0], severity=Severity.UP),))
    watching, memory = watcher(well, outage)
    watching.page.provider = "openai"
    await watching.poll()
    await watching.poll()
    assert memory.stored.state is not None
    incidents = list(memory.stored.state.incidents.values())
    assert [incident.by_default for incident in incidents] == [False]
