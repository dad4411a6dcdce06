"""Long incidents, and many at once: does each step become dearer than in proportion?"""

from __future__ import annotations

import time
from collections.abc import Callable

from adapters.providers.statuspage import parse_history, parse_summary, with_history
from adapters.redis import codec
from bench.engine import Clock, as_bytes
from bench.table import microseconds, progress, row
from bot.catalog.catalog_file import load_catalog
from bot.delivery.plan import plan
from bot.domain.page import Snapshot
from bot.domain.subscription import Channel, Subscription, ThreadRecord
from bot.engine.step import step
from tests.servers.statuspage import CLAUDE, Page

TIMES = 20
LENGTHS, OPEN = (25, 50, 100, 200), (1, 5, 10, 20)
TEXT = "We are seeing elevated errors on requests to several models and work on it. " * 4


def _each(work: Callable[[], object]) -> float:
    """Seconds of the processor that the quickest of some rounds takes."""
    rounds = []
    for _ in range(TIMES):
        start = time.process_time()
        work()
        rounds.append(time.process_time() - start)
    return min(rounds)


def _costs(incidents: int, updates: int) -> tuple[float, float, float]:
    """Seconds for a poll with one more update, for storing what follows, and for one plan."""
    clock, catalog = Clock(), load_catalog()
    page, names = Page(clock), list(CLAUDE)
    ids = []
    for number in range(incidents):
        component = {names[number % len(names)]: "partial_outage"}
        ids.append(page.open(f"Elevated errors {number}", component, body=TEXT))
        for turn in range(updates - 1):
            clock.on(5)
            page.update(ids[-1], "identified", body=f"Update {turn}. {TEXT}")

    def seen() -> Snapshot:
        return with_history(
            parse_summary(as_bytes(page.summary()), "claude"),
            parse_history(as_bytes(page.history())),
        )

    before, _ = step(None, seen(), clock(), catalog)
    page.update(ids[-1], "identified", body=f"One more. {TEXT}")
    clock.on(1)
    snapshot = seen()
    state, (incident, *_) = step(before, snapshot, clock(), catalog)
    wanted = Subscription(Channel("slack", "T1", "C1"))
    thread = ThreadRecord(root="1", shown=1, replies={e.key: "2" for e in incident.events[:-1]})
    return (
        _each(lambda: step(before, snapshot, clock(), catalog)),
        _each(lambda: codec.write_state(state)),
        _each(lambda: plan(incident, thread, wanted, clock())),
    )


def measure() -> None:
    progress("growth: one more update of an incident that is long, or of one of many")
    for incidents, updates in [*((1, n) for n in LENGTHS), *((n, 10) for n in OPEN)]:
        poll, store, one = _costs(incidents, updates)
        beside = f"state {microseconds(store)}, plan {microseconds(one)}"
        row(f"{incidents} open, {updates} updates each: the engine", microseconds(poll), beside)
