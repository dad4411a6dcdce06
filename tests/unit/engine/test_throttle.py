"""What a page says too often is not told as often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.delivery.plan import plan
from bot.delivery.steps import Act, apply
from bot.domain.incident import EventKind, Incident
from bot.domain.page import PageIncident, Severity, worst
from bot.domain.subscription import Channel, Subscription, ThreadRecord
from bot.engine.throttle import MOST_OPENINGS

from .build import DEGRADED, MAJOR, PARTIAL, START, UP, Watch, minute, report, update

CHANNEL = Channel("slack", "T1", "C1")
POLL = 0.5  # minutes
Page = tuple[Mapping[str, Severity], list[PageIncident]]


@dataclass
class Told:
    """A channel that asks for everything, and what it gets after each poll."""

    watch: Watch = field(default_factory=Watch)
    threads: dict[str, ThreadRecord] = field(default_factory=dict)
    messages: list[tuple[Incident, Act]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch.see(-10, recent=())

    def poll(self, at: float, page: Page) -> None:
        components, incidents = page
        self.watch.see(at, *incidents, recent=incidents, components=components)
        assert self.watch.state is not None
        for incident in self.watch.state.incidents.values():
            self.deliver(incident, minute(at))

    def deliver(self, incident: Incident, now: datetime) -> None:
        asked = Subscription(CHANNEL, Severity.UP, created_at=START - timedelta(hours=1))
        thread = self.threads.get(incident.key, ThreadRecord())
        while sends := plan(incident, thread, asked, now, closes=False).steps:
            for step in sends:
                if step.sends:
                    self.messages.append((incident, step.act))
                thread = apply(thread, step, "m")
        self.threads[incident.key] = thread


FIRST = update("u1", 0, api=(UP, PARTIAL))
OPEN = report("i", FIRST, components=["api"])
OVER = replace(OPEN, phase="resolved", resolved_at=minute(1), components=())
QUIET: Page = ({"api": UP}, [])

ALTERNATIONS: dict[str, list[Page]] = {
    "a component up and down": [({"api": MAJOR}, []), QUIET],
    "a component worse and better": [({"api": MAJOR}, []), ({"api": PARTIAL}, [])],
    "a component through all states": [({"api": s}, []) for s in (DEGRADED, PARTIAL, MAJOR, UP)],
    "two components in turn": [
        ({"api": MAJOR, "code": UP}, []),
        ({"api": UP, "code": MAJOR}, []),
        ({"api": MAJOR, "code": MAJOR}, []),
        ({"api": DEGRADED, "code": PARTIAL}, []),
        ({"api": UP, "code": UP}, []),
    ],
    "an incident listed and not": [({"api": PARTIAL}, [OPEN]), QUIET],
    "a phase over and not": [({"api": PARTIAL}, [OPEN]), ({"api": UP}, [OVER])],
    "a component under an incident": [({"api": PARTIAL}, [OPEN]), ({"api": MAJOR}, [OPEN])],
}


@pytest.mark.parametrize("every", [1, 2, 3, 7, 20, 30])
@pytest.mark.parametrize("name", ALTERNATIONS)
def test_whatever_alternates_for_100_polls_is_at_most_five_messages(name: str, every: int) -> None:
    pages, told = ALTERNATIONS[name], Told()
    for number in range(100):
        told.poll(number * POLL, pages[number // every % len(pages)])
    last = pages[99 // every % len(pages)]
    for number in range(100, 260):  # for longer than any hold: the page stands still
        told.poll(number * POLL, last)
    assert 1 <= len(told.messages) <= 5
    incident, _ = told.messages[-1]
    assert told.watch.state is not None
    truth = worst(last[0].values())
    assert incident.severity is truth
    assert incident.is_open is (truth is not UP)


def test_it_says_that_it_keeps_changing_and_then_what_holds() -> None:
    told, pages = Told(), ALTERNATIONS["a component up and down"]
    for number in range(40):
        told.poll(number * POLL, pages[number % 2])
    incident, _ = told.messages[-1]
    assert incident.events[-1].kind is EventKind.UPDATE
    assert incident.events[-1].note == (
        "It keeps changing: 3 times in 1 min. I tell you when it holds for 10 min."
    )
    for number in range(40, 62):
        told.poll(number * POLL, pages[1])
    incident, _ = told.messages[-1]
    assert not incident.is_open
    assert incident.ended_at == minute(39 * POLL)
    assert "It changed 39 times in" in incident.events[-1].note
    assert len(told.messages) == 5


def test_a_major_outage_is_told_at_once_though_it_kept_changing() -> None:
    told = Told()
    pages: list[Page] = [({"api": PARTIAL}, [OPEN]), ({"api": DEGRADED}, [OPEN])]
    for number in range(40):
        told.poll(number * POLL, pages[number // 2 % 2])
    told.poll(20, ({"api": MAJOR}, [OPEN]))
    assert told.messages[-1][0].severity is MAJOR


def test_new_words_are_told_at_once_though_it_keeps_changing() -> None:
    told, pages = Told(), ALTERNATIONS["a component under an incident"]
    for number in range(20):
        told.poll(number * POLL, pages[number % 2])
    more = report("i", FIRST, update("u9", 10, text="We have found it."), components=["api"])
    told.poll(10, ({"api": PARTIAL}, [more]))
    assert told.messages[-1][0].events[-1].text == "We have found it."


def test_components_that_clear_one_after_the_other_do_not_keep_changing() -> None:
    told = Told()
    down = {"api": MAJOR, "code": MAJOR, "console": MAJOR}
    told.poll(0, (down, []))
    for number, name in enumerate(down, start=1):
        told.poll(number, ({name: UP}, []))
    assert not told.messages[-1][0].is_open
    assert len(told.messages) == 4


def test_so_many_incidents_at_once_are_told_up_to_a_limit_in_one_sentence() -> None:
    told = Told()
    impacts: Callable[[int], Severity] = lambda n: MAJOR if n % 100 == 0 else DEGRADED  # noqa: E731
    flood = [report(f"i{n}", update(f"u{n}", 0), impact=impacts(n)) for n in range(500)]
    told.poll(1, ({}, flood))
    roots = [incident for incident, act in told.messages if act is Act.OPEN]
    assert len(roots) == MOST_OPENINGS
    assert sum(incident.worst is MAJOR for incident in roots) == 5
    notes = [event.note for incident, _ in told.messages for event in incident.events if event.note]
    assert set(notes) == {"The page opened 500 incidents at once; I tell of the 20 worst."}
