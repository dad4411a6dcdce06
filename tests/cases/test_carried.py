"""Who is told of an outage that names them not: those whose surface rests on what is down."""

from __future__ import annotations

import pytest

from bot.delivery.plan import plan
from bot.domain.subscription import Subscription, ThreadRecord
from tests.cases.day import Day
from tests.servers.statuspage import API, CLAUDE_AI, CODE
from tests.unit.commands.fakes import OPS


def told(day: Day, *surfaces: str) -> bool:
    """Would a channel with this subscription get the day's only incident?"""
    (incident,) = day.kept.incidents.values()
    subscription = Subscription(OPS, surfaces=frozenset(surfaces))
    return plan(incident, ThreadRecord(), subscription, day.now).sends


@pytest.mark.parametrize(
    ("component", "surface"), [(CLAUDE_AI, "mobile"), (API, "opus"), (API, "haiku")]
)
async def test_an_outage_is_told_to_those_whose_surface_rests_on_what_is_down(
    component: str, surface: str
) -> None:
    day = Day()
    day.page.open("Service unavailable", {component: "major_outage"})
    day.passes(minutes=2)
    assert told(day, surface)
    assert "1 incident" in await day.says(f"history {surface}")
    assert "Service unavailable" in await day.says(surface)


@pytest.mark.parametrize("surface", ["opus", "mobile"])
async def test_an_outage_of_something_else_is_not_theirs(surface: str) -> None:
    day = Day()
    day.page.open("Service unavailable", {CODE: "major_outage"})
    day.passes(minutes=2)
    assert not told(day, surface)
    assert "No incident" in await day.says(f"history {surface}")


def test_an_outage_of_one_model_is_not_told_to_those_who_asked_for_another() -> None:
    day = Day()
    day.page.open("Elevated errors on Opus 5", {API: "partial_outage"})
    day.passes(minutes=2)
    assert told(day, "opus")
    assert not told(day, "haiku")


def test_what_is_carried_stands_in_no_list_of_what_is_down() -> None:
    day = Day()
    day.page.open("Service unavailable", {API: "major_outage"})
    day.passes(minutes=2)
    (incident,) = day.kept.incidents.values()
    assert set(incident.surfaces) == {"api"}
