"""A page that alternates for 100 polls: at most five messages of an incident, then the truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bot.delivery.blindness import BlindnessNews
from bot.delivery.steps import Act, apply
from bot.domain.incident import EventKind
from bot.domain.page import PageUpdate, Severity
from bot.domain.state import Track
from bot.domain.subscription import Subscription, ThreadRecord
from bot.engine.blindness import with_blindness
from bot.engine.poll import Observation
from bot.settings import Settings
from tests.delivery_kit import incident

from .build import DEGRADED, FIRST, MAJOR, PARTIAL, UP, minute, report, update
from .test_throttle import CHANNEL, POLL, Page, Told

OPEN = report("i", FIRST, components=["api"])
ASKED = Subscription(CHANNEL, Severity.UP)
POLLS, AFTERWARDS = 100, 160  # longer than any hold

ALTERNATIONS: dict[str, list[Page]] = {
    "a title": [({"api": PARTIAL}, [OPEN]), ({"api": PARTIAL}, [replace(OPEN, title="Errors")])],
    "an impact": [
        ({}, [report("i", update("u1", 0), impact=DEGRADED)]),
        ({}, [report("i", update("u1", 0), impact=PARTIAL)]),
    ],
    "an impact up to the worst": [
        ({}, [report("i", update("u1", 0), impact=DEGRADED)]),
        ({}, [report("i", update("u1", 0), impact=MAJOR)]),
    ],
    "the components that are named": [
        ({"api": PARTIAL, "code": UP}, [OPEN]),
        ({"api": UP, "code": PARTIAL}, [report("i", FIRST, components=["code"])]),
    ],
    "a phase without words": [
        ({"api": PARTIAL}, [replace(OPEN, phase="investigating")]),
        ({"api": PARTIAL}, [replace(OPEN, phase="identified")]),
    ],
    "a text that is edited": [
        ({"api": PARTIAL}, [report("i", replace(FIRST, text="A"), components=["api"])]),
        ({"api": PARTIAL}, [report("i", replace(FIRST, text="B"), components=["api"])]),
    ],
    "two incidents, each listed in turn": [
        ({"api": PARTIAL}, [OPEN]),
        ({"api": PARTIAL}, [report("j", update("u2", 0), components=["api"])]),
    ],
    "an update that is listed and not": [
        ({"api": PARTIAL}, [OPEN]),
        ({"api": PARTIAL}, [report("i", FIRST, update("u2", 0.1), components=["api"])]),
    ],
    "an impact and its component": [
        ({"api": PARTIAL}, [replace(OPEN, impact=PARTIAL)]),
        ({"api": UP}, [replace(OPEN, impact=DEGRADED)]),
    ],
}


@pytest.mark.parametrize("every", [1, 3, 20])
@pytest.mark.parametrize("name", ALTERNATIONS)
def test_whatever_an_incident_alternates_in_is_at_most_five_messages(name: str, every: int) -> None:
    pages, told = ALTERNATIONS[name], Told()
    for number in range(POLLS):
        told.poll(number * POLL, pages[number // every % 2])
    last = pages[(POLLS - 1) // every % 2]
    for number in range(POLLS, POLLS + AFTERWARDS):
        told.poll(number * POLL, last)
    each = Counter(incident.id for incident, _ in told.messages)
    assert max(each.values()) <= 5, told.messages
    _, (listed, *_) = last
    incident = told.watch.now(listed.id)
    sent = [one for one, _ in told.messages if one.id == listed.id]
    assert sent, "the one that is listed is told of"
    assert sent[-1].severity is incident.severity
    assert incident.is_open


@pytest.mark.parametrize("every", [1, 7, 19, 20, 30, 40])
def test_a_page_that_can_be_read_and_not_is_at_most_five_messages(every: int) -> None:
    told = Told()
    told.poll(0, ({"api": MAJOR}, []))
    blind_after = Settings().blind_minutes
    threads: dict[str, ThreadRecord] = {}
    sent: list[Act] = []
    for number in range(1, POLLS + AFTERWARDS):
        at = number * POLL
        if number < POLLS and number // every % 2:
            told.watch.fail(at)
        else:
            told.poll(at, ({"api": MAJOR}, []))
        assert told.watch.state is not None
        state = with_blindness(told.watch.state, minute(at), minute(blind_after) - minute(0))
        told.watch.state = state
        if state.blindness is None:
            continue
        news, key = BlindnessNews(state.blindness), state.blindness.key
        for step in news.plan(threads.get(key, ThreadRecord()), ASKED, minute(at)).steps:
            threads[key] = apply(threads.get(key, ThreadRecord()), step, "m")
            sent.append(step.act)
    assert 1 <= len(told.messages) + len(sent) <= 5
    assert len(sent) % 2 == 0, "who was told that it cannot be seen is told that it can"


@pytest.mark.parametrize("name", ["a title", "a phase without words", "an impact"])
def test_a_major_outage_is_told_at_once_though_that_kept_changing(name: str) -> None:
    pages, told = ALTERNATIONS[name], Told()
    for number in range(40):
        told.poll(number * POLL, pages[number % 2])
    _, incidents = pages[1]
    told.poll(20, ({"api": MAJOR}, [replace(one, impact=MAJOR) for one in incidents]))
    told.poll(20.5, ({"api": MAJOR}, [replace(one, impact=MAJOR) for one in incidents]))
    incident, _ = told.messages[-1]
    assert incident.severity is MAJOR
    assert incident.events[-1].observed_at == minute(20)


KNOWN = incident(EventKind.OPENED)
NAMELESS = replace(KNOWN, events=())
WORD = PageUpdate("u1", "investigating", "We look into it.", KNOWN.started_at, KNOWN.started_at)


@pytest.mark.parametrize(
    "said",
    [
        {"incident": NAMELESS},
        {"adopted": True},
        {"updates": (WORD,)},
        {"edited": (WORD,)},
    ],
    ids=["it is new", "the provider posted its own", "a text", "an edited text"],
)
def test_each_word_of_the_provider_counts_as_one(said: dict[str, Any]) -> None:
    silent = Observation(KNOWN, Track(), Track())
    assert not silent.has_words
    assert replace(silent, **said).has_words
