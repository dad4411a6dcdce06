"""What is written of a page's past while it is watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.catalog.catalog_file import load_catalog
from bot.domain.errors import SourceError
from bot.domain.evidence import Evidence, Source
from bot.domain.incident import Incident
from bot.domain.page import Component, PageIncident, PageUpdate, Severity, Snapshot
from bot.engine.step import step
from bot.evidence.suspicion import Signals
from bot.history.looks import EVER
from bot.history.spans import READ, Observer, Span
from bot.loops.history import HistoryKeeper

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
API = Component("k8w3r06qmzrp", "Claude API", Severity.UP, "operational")
CATALOG = load_catalog()


@dataclass
class Memory:
    taken: dict[str, Incident] = field(default_factory=dict)
    kept: dict[tuple[str, str, datetime], Span] = field(default_factory=dict)
    writes: int = 0
    pruned: list[datetime] = field(default_factory=list)

    async def take_in(self, provider: str, incidents: Sequence[Incident]) -> None:
        self.taken |= {one.id: one for one in incidents}

    @property
    def whole_since(self) -> datetime | None:
        return min(
            (s.start for s in self.kept.values() if s.observer is Observer.LIST), default=None
        )

    async def keep(self, provider: str, spans: Sequence[Span]) -> None:
        self.writes += bool(spans)
        self.kept |= {(one.observer.value, one.surface, one.start): one for one in spans}

    async def spans(self, provider: str, since: datetime) -> list[Span]:
        return [one for one in self.kept.values() if one.end >= since]

    async def prune(self, provider: str, before: datetime) -> int:
        self.pruned.append(before)
        return 0


def over(id_: str, days: float, text: str = "It is over.") -> PageIncident:
    """One that ended so many days ago."""
    end = NOW - timedelta(days=days)
    said = PageUpdate(f"u-{id_}", "resolved", text, end, end)
    began = end - timedelta(hours=1)
    return PageIncident(id_, id_, "resolved", Severity.PARTIAL, began, began, "", end, (), (said,))


def page(*incidents: PageIncident, full: bool = False, **more: object) -> Snapshot:
    seen = Snapshot("claude", (API,), (), recent=incidents, recent_full=full)
    return replace(seen, **more)  # type: ignore[arg-type]  # real fields


class Bench:
    def __init__(self) -> None:
        self.memory = Memory()
        self.now = NOW
        self.keeper = self.fresh()

    def fresh(self) -> HistoryKeeper:
        kept = timedelta(days=400)
        return HistoryKeeper("claude", self.memory, CATALOG, lambda: self.now, kept, 0.0)

    async def poll(self, seen: Snapshot) -> None:
        state, _ = step(None, seen, self.now, CATALOG)
        await self.keeper.polled(seen, state)


async def test_the_first_look_takes_in_the_list_but_nothing_older_than_is_kept() -> None:
    bench = Bench()
    await bench.poll(page(over("new", 1), over("old", 399), over("ancient", 401)))
    assert bench.memory.taken.keys() == {"new", "old"}
    assert bench.memory.whole_since == EVER  # the list was not cut
    assert bench.memory.pruned == [NOW - timedelta(days=400)]


async def test_a_list_that_was_read_is_written_again_only_where_it_was_edited() -> None:
    bench = Bench()
    await bench.poll(page(over("a", 1), over("b", 2)))
    bench.memory.taken.clear()
    await bench.poll(page(over("a", 1), over("b", 2, "It was the cache.")))
    assert bench.memory.taken.keys() == {"b"}
    assert bench.memory.taken["b"].events[-1].text == "It was the cache."


async def test_a_list_that_was_cut_is_whole_since_its_oldest_end_and_of_feeds_nobody_knows() -> (
    None
):
    bench = Bench()
    await bench.poll(page(over("a", 1), over("b", 9), full=True))
    assert bench.memory.whole_since == NOW - timedelta(days=9)
    bench = Bench()
    await bench.poll(page(over("a", 1), derived=True))
    assert bench.memory.whole_since is None


async def test_a_list_that_was_not_read_for_long_is_whole_again_only_since_its_oldest() -> None:
    bench = Bench()
    await bench.poll(page(over("a", 1), over("b", 9), full=True))
    bench.keeper, bench.now = bench.fresh(), NOW + timedelta(days=30)
    await bench.poll(page(over("c", -20), over("d", -10), full=True))
    spans = [span for span in bench.memory.kept.values() if span.observer is Observer.LIST]
    assert sorted((span.start, span.end) for span in spans) == [
        (NOW - timedelta(days=9), NOW),
        (NOW + timedelta(days=10), bench.now),
    ]


@dataclass
class Paged:
    """A list of several pages, or a page that ignores which one is asked for."""

    pages: list[tuple[PageIncident, ...] | SourceError | None]
    asked: list[int] = field(default_factory=list)

    async def older(self, number: int) -> tuple[PageIncident, ...] | None:
        self.asked.append(number)
        found = self.pages[min(number - 2, len(self.pages) - 1)]
        if isinstance(found, SourceError):
            raise found
        return found


async def read(*pages: tuple[PageIncident, ...] | SourceError | None) -> tuple[Bench, Paged]:
    bench, paged = Bench(), Paged(list(pages))
    await bench.poll(page(over("a", 1), over("b", 9), full=True))
    await bench.keeper.read_rest(paged)
    return bench, paged


async def test_further_pages_are_read_to_the_end_of_the_list() -> None:
    bench, paged = await read((over("c", 20),), (over("d", 30),), ())
    assert bench.memory.taken.keys() == {"a", "b", "c", "d"}
    assert paged.asked == [2, 3, 4]
    assert bench.memory.whole_since == EVER


async def test_further_pages_are_read_no_further_than_is_kept() -> None:
    bench, paged = await read((over("c", 500),), (over("d", 600),))
    assert paged.asked == [2]
    assert bench.memory.taken.keys() == {"a", "b"}


async def test_a_page_that_ignores_the_number_or_fails_is_asked_once() -> None:
    for answer in ((over("a", 1), over("b", 9)), None, SourceError("404")):
        bench, paged = await read(answer)
        assert paged.asked == [2]
        assert bench.memory.whole_since == NOW - timedelta(days=9)


async def test_polls_without_a_change_are_one_span_and_few_writes() -> None:
    bench = Bench()
    for poll in range(61):  # half an hour
        bench.now = NOW + timedelta(seconds=30 * poll)
        await bench.poll(page())
    rows = [span for span in bench.memory.kept.values() if span.surface == "api"]
    assert [(span.severity, span.looks) for span in rows] == [(Severity.UP, 61)]
    assert bench.memory.writes == 8  # the first two, then every five minutes
    assert any(span.surface == READ for span in bench.memory.kept.values())


async def test_after_a_restart_the_span_goes_on_and_after_a_long_one_it_does_not() -> None:
    bench = Bench()
    await bench.poll(page())
    bench.keeper, bench.now = bench.fresh(), NOW + timedelta(minutes=4)
    await bench.poll(page())
    assert len([one for one in bench.memory.kept.values() if one.surface == "api"]) == 1
    bench.keeper, bench.now = bench.fresh(), NOW + timedelta(minutes=40)
    await bench.poll(page())
    assert len([one for one in bench.memory.kept.values() if one.surface == "api"]) == 2


async def test_our_own_evidence_is_written_where_it_suffices_to_say_anything() -> None:
    bench = Bench()
    good = Evidence(Source.PROBE, "api", Severity.UP, NOW)
    bad = Evidence(Source.PROBE, "claude.ai", Severity.PARTIAL, NOW, weight=1.0)
    faint = Evidence(Source.REPORTS, "code", Severity.DEGRADED, NOW, weight=0.2)
    await bench.keeper.gathered(Signals((good, bad, faint)))
    ours = {
        span.surface: span.severity
        for span in bench.memory.kept.values()
        if span.observer is Observer.OURS
    }
    assert ours == {"api": Severity.UP, "claude.ai": Severity.PARTIAL}
