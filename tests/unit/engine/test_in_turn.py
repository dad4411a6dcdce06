"""Incidents that a page lists in turn: a channel gets few messages of all of them together."""

from __future__ import annotations

import pytest

from bot.delivery.steps import Act
from bot.domain.page import PageIncident, Severity

from .build import DEGRADED, MAJOR, PARTIAL, UP, report, update
from .test_throttle import POLL, Page, Told

POLLS, AFTERWARDS = 100, 160  # longer than any hold
Two = tuple[Page, Page]


def incident(name: str, component: str = "api") -> PageIncident:
    return report(name, update(f"u-{name}", 0), components=[component])


ONE, TWO, THREE = incident("i"), incident("j"), incident("k")
WORDS = [report(name, update(f"w-{name}", 0), impact=PARTIAL) for name in "ij"]
IN_TURN: dict[str, Two] = {
    "of one component": (({"api": PARTIAL}, [ONE]), ({"api": PARTIAL}, [TWO])),
    "of a major outage": (({"api": MAJOR}, [ONE]), ({"api": MAJOR}, [TWO])),
    "of no component": (({}, WORDS[:1]), ({}, WORDS[1:])),
}


def watched(pages: list[Page], every: int) -> Told:
    """Show these pages in turn, then the last one for long."""
    told = Told()
    for number in range(POLLS):
        told.poll(number * POLL, pages[number // every % len(pages)])
    for number in range(POLLS, POLLS + AFTERWARDS):
        told.poll(number * POLL, pages[(POLLS - 1) // every % len(pages)])
    return told


def stands(told: Told) -> dict[str, bool]:
    """Return whether each incident is open, as the last message of it says."""
    return {one.id: one.is_open for one, _ in told.messages}


@pytest.mark.parametrize("every", [1, 2, 3, 7, 19, 20])
@pytest.mark.parametrize("name", IN_TURN)
def test_two_that_are_listed_in_turn_are_five_messages_and_the_last_is_the_truth(
    name: str, every: int
) -> None:
    pages = IN_TURN[name]
    told = watched([*pages], every)
    _, listed = pages[(POLLS - 1) // every % 2]
    assert len(told.messages) <= 5
    assert stands(told) == {"i": False, "j": False} | {one.id: True for one in listed}
    notes = [event.note for one, _ in told.messages for event in one.events]
    assert any(note.startswith("It keeps changing: 2 times in ") for note in notes)
    assert "has held for" in told.messages[-1][0].events[-1].note


@pytest.mark.parametrize("every", [1, 2, 7, 20])
def test_three_in_turn_are_opened_and_ended_once_each_and_then_one_truth(every: int) -> None:
    """Each was new when it came, so its opening is told; what alternates after that is not."""
    told = watched([({"api": PARTIAL}, [one]) for one in (ONE, TWO, THREE)], every)
    listed = (ONE, TWO, THREE)[(POLLS - 1) // every % 3]
    assert len(told.messages) <= 9
    assert stands(told) == {"i": False, "j": False, "k": False} | {listed.id: True}


@pytest.mark.parametrize("every", [1, 2])
def test_a_major_outage_and_a_new_incident_are_told_at_once_though_two_take_turns(
    every: int,
) -> None:
    first, second = IN_TURN["of one component"]
    told = Told()
    for number in range(40):
        told.poll(number * POLL, (first, second)[number // every % 2])
    told.poll(20, ({"api": MAJOR}, [TWO]))
    assert (told.messages[-1][0].id, told.messages[-1][0].severity) == ("j", MAJOR)
    told.poll(20.5, ({"api": MAJOR, "code": DEGRADED}, [TWO, incident("k", "code")]))
    assert [(one.id, act) for one, act in told.messages if one.id == "k"] == [("k", Act.OPEN)]


def test_what_only_ends_as_another_one_is_back_by_words_is_told_at_once() -> None:
    told = Told()
    told.poll(0, ({"api": PARTIAL, "code": PARTIAL}, [ONE, incident("j", "code")]))
    told.poll(1, ({"api": UP, "code": PARTIAL}, [incident("j", "code")]))
    end = update("u9", 2, "resolved", text="It is over.", code=(PARTIAL, UP))
    over = report("j", update("u-j", 0), end, phase="resolved")
    told.poll(2, ({"api": PARTIAL, "code": UP}, [ONE, over]))
    assert stands(told) == {"i": True, "j": False}
    assert "keeps changing" not in told.messages[-1][0].events[-1].note


def test_a_component_that_is_up_again_as_an_incident_is_back_is_told_at_once() -> None:
    told = Told()
    told.poll(0, ({"api": PARTIAL, "code": MAJOR}, [ONE]))
    told.poll(1, ({"api": PARTIAL, "code": MAJOR}, [TWO]))
    told.poll(2, ({"api": PARTIAL, "code": UP}, [ONE]))
    (ours,) = {one.id for one, _ in told.messages} - {"i", "j"}
    assert not stands(told)[ours]
    assert Severity.UP is [one for one, _ in told.messages if one.id == ours][-1].severity
