"""Reading a page and taking it in: time, memory, and ten thousand looks."""

from __future__ import annotations

import json
import resource
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from adapters.providers.statuspage import parse_history, parse_summary, with_history
from adapters.redis import codec
from bench.table import milliseconds, per_second, progress, ratio, row
from bot.catalog.catalog_file import load_catalog
from bot.domain.state import State
from bot.engine.step import step
from tests.servers.statuspage import CLAUDE, Page

LOOKS = 10_000
ROUNDS = 30
# As large as the largest seen: GitHub's list has 50 incidents, 287 updates, 0.9 MB.
INCIDENTS, UPDATES = 50, 6
TEXT = "We are seeing elevated errors on requests to several models and work on it. " * 36
NOTICE = TEXT[:354]  # the longest of Claude's
BODIES = (TEXT, TEXT, f"<p>{TEXT}<br /><br />More follows.</p>")  # a third holds tags, as there


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def on(self, minutes: float) -> datetime:
        self.now += timedelta(minutes=minutes)
        return self.now


def large_page(clock: Clock) -> Page:
    page = Page(clock)
    names = list(CLAUDE)
    for number in range(INCIDENTS):
        component = names[number % len(names)]
        clock.on(30)
        incident = page.open(f"Elevated errors {number}", {component: "partial_outage"}, body=TEXT)
        for turn in range(UPDATES - 2):
            clock.on(5)
            body = BODIES[turn % len(BODIES)]
            page.update(incident, "identified", {component: "major_outage"}, body=body)
        if number < INCIDENTS - 3:  # three are open
            clock.on(5)
            page.resolve(incident, body=TEXT)
    return page


def seconds_each(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    work()
    start = time.perf_counter()
    for _ in range(rounds):
        work()
    return (time.perf_counter() - start) / rounds


def measure() -> None:
    progress("engine: a page with 50 incidents of 6 updates")
    clock, catalog = Clock(), load_catalog()
    page = large_page(clock)
    summary, history = as_bytes(page.summary()), as_bytes(page.history())
    bare = seconds_each(lambda: (json.loads(summary), json.loads(history)))
    parse = seconds_each(lambda: (parse_summary(summary, "claude"), parse_history(history)))
    size = f"{(len(summary) + len(history)) / 1e6:.2f} MB"
    row(f"parse summary and list ({size})", milliseconds(parse), ratio(parse, bare, "json.loads"))
    seen = with_history(parse_summary(summary, "claude"), parse_history(history))
    state, _ = step(None, seen, clock(), catalog)
    first = seconds_each(lambda: step(None, seen, clock(), catalog))
    again = seconds_each(lambda: step(state, seen, clock(), catalog))
    row("step, first look", milliseconds(first), ratio(first, parse, "parse"))
    row("step, nothing new", milliseconds(again), ratio(again, parse, "parse"))
    tracemalloc.start()
    seen = with_history(parse_summary(summary, "claude"), parse_history(history))
    step(None, seen, clock(), catalog)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    kept = len(codec.states.dump(state)) / 1e3
    row("memory, parse and step, at most", f"{peak:.1f} MB", f"state: {kept:.0f} KB")
    replay()


def replay() -> None:
    """Looks as real ones: a summary each, the list when something moved, an outage a day."""
    progress(f"engine: {LOOKS:,} looks, an incident in every hundred")
    clock, catalog = Clock(), load_catalog()
    page = Page(clock)
    names = list(CLAUDE)
    state: State | None = None
    event, incident, spent = 0, "", 0.0
    before = _rss()
    for number in range(LOOKS):
        now = clock.on(0.5)
        component = names[number // 100 % len(names)]
        moved = number % 100 in {50, 60, 70}
        if number % 100 == 50:
            incident = page.open("Elevated errors", {component: "partial_outage"}, body=NOTICE)
        elif number % 100 == 60:
            page.update(incident, "identified", {component: "major_outage"}, body=NOTICE)
        elif number % 100 == 70:
            page.resolve(incident, body=NOTICE)
            del page.incidents[50:]
        summary, history = as_bytes(page.summary()), as_bytes(page.history()) if moved else b""
        start = time.perf_counter()
        seen = parse_summary(summary, "claude")
        if moved or state is None:
            seen = with_history(seen, parse_history(history or b'{"incidents": []}'))
        state, changed = step(state, seen, now, catalog)
        spent += time.perf_counter() - start
        event += len(changed)
    grown = (_rss() - before) / 1e3
    row("looks", per_second(LOOKS, spent), f"{event} news of {LOOKS // 100} incidents")
    row("memory grown meanwhile", f"{grown:.1f} MB")
    assert state is not None
    row("state at the end", f"{len(codec.states.dump(state)) / 1e3:.0f} KB")


def as_bytes(document: object) -> bytes:
    return json.dumps(document).encode()


def _rss() -> float:
    """The most that was ever in memory, in KB (Linux)."""
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
