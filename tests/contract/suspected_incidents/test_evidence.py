"""Which evidence opens a suspected incident, for whom, and how it ends without the provider."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.catalog.providers import POLL_SECONDS
from bot.delivery.steps import Act
from bot.domain.incident import EventKind, Origin
from bot.domain.page import Severity
from bot.domain.subscription import Channel
from bot.evidence.crowd import BLUESKY, DOWNDETECTOR, CrowdCount
from bot.evidence.scoreboard import ScoreResult, scoreboard
from bot.evidence.stores import Batch, UserReport
from bot.evidence.traffic import CallResult
from tests.contract.suspected_incidents.kit import (
    ELSEWHERE,
    OPS,
    World,
    kinds,
    steps,
)


async def test_two_kinds_of_evidence_open_an_early_thread_that_calls_nobody(world: World) -> None:
    await world.minutes(1, probe="gggbb", reports=3)

    (incident,) = await world.incidents()
    assert (incident.origin, incident.severity) == (Origin.SUSPECTED, Severity.DEGRADED)
    assert set(incident.surfaces) == {"code"}
    assert incident.visibility == ()
    assert "3 people report trouble" in incident.events[0].text
    assert steps(incident, ELSEWHERE, world.now) == [(Act.OPEN, False)]


async def test_evidence_that_dies_down_ends_as_nothing_confirmed(world: World) -> None:
    await world.minutes(3, probe="gggbb", reports=3)
    await world.minutes(60, probe="gggggg")

    (incident,) = await world.incidents()
    assert kinds(incident) == [EventKind.OPENED, EventKind.RESOLVED]
    assert incident.phase == "nothing confirmed"
    assert scoreboard([incident]).count(ScoreResult.FALSE_ALARM) == 1


async def test_what_comes_back_within_two_hours_is_the_same_thread(world: World) -> None:
    await world.minutes(3, probe="gggbb", reports=3)
    await world.minutes(45, probe="gggggg")
    await world.minutes(3, probe="gggbb", reports=3)

    (incident,) = await world.incidents()
    assert kinds(incident) == [EventKind.OPENED, EventKind.RESOLVED, EventKind.REOPENED]
    assert incident.is_open


async def test_the_people_of_one_workspace_alarm_only_their_own(world: World) -> None:
    await world.minutes(3, reports=9)

    (incident,) = await world.incidents()
    assert incident.visibility == ("slack/T1",)
    assert steps(incident, OPS, world.now) == [(Act.OPEN, False)]
    assert steps(incident, ELSEWHERE, world.now) == []

    await world.minutes(3, reports=9, probe="gggbb")
    (incident,) = await world.incidents()
    assert incident.visibility == (), "the probe agrees: now everybody is told"
    assert steps(incident, ELSEWHERE, world.now) == [(Act.OPEN, False)]


async def test_where_a_probe_agrees_a_workspace_that_is_new_alarms_only_itself(
    world: World,
) -> None:
    world.subscribed_at = world.now
    await world.minutes(1, probe="gggbb", reports=3)

    (incident,) = await world.incidents()
    assert incident.visibility == ("slack/T1",)


async def test_two_people_with_three_workspaces_of_their_own_alarm_nobody_else(
    world: World,
) -> None:
    for n in range(3):
        for person in ("U1", "U2"):
            channel = Channel("slack", f"T{n}", f"C{n}")
            # Slack gives a person another id in each workspace.
            report = UserReport(channel, f"{person}{n}", "code", 2, world.subscribed_at)
            await world.reports.add(report, world.now)
    await world.minutes(1, probe="gggbb")

    (incident,) = await world.incidents()
    assert incident.visibility == ("slack/T0", "slack/T1", "slack/T2")
    assert steps(incident, ELSEWHERE, world.now) == []


async def test_a_page_that_cannot_be_read_does_not_hide_what_we_see(world: World) -> None:
    world.broken = True
    await world.minutes(3, probe="gggbb", reports=3)

    (incident,) = await world.incidents()
    assert incident.origin is Origin.SUSPECTED


@pytest.mark.parametrize("apart", [0, 60, 150])
@pytest.mark.parametrize("into_the_minute", [0, 59])
async def test_three_who_fail_within_five_minutes_are_heard_a_minute_later(
    world: World, apart: int, into_the_minute: int
) -> None:
    """As the hook of Claude Code counts: one failure for each turn that was given up."""
    world.now += timedelta(seconds=into_the_minute)
    for person in range(3):
        world.now += timedelta(seconds=apart if person else 0)
        await world.traffic.add([Batch("code", {CallResult.OVERLOADED: 1})], world.now)
        assert await world.incidents() == []

    # Polls come at most `POLL_SECONDS` apart: the second of two is within a minute.
    third = world.now
    for _ in range(int(60 / POLL_SECONDS)):
        world.now += timedelta(seconds=POLL_SECONDS)
        await world.poll_once()

    (incident,) = await world.incidents()
    assert incident.origin is Origin.SUSPECTED
    assert incident.surfaces.keys() == {"code"}
    assert incident.events[0].at <= third + timedelta(seconds=60)


async def test_one_voice_alone_opens_nothing(world: World) -> None:
    await world.minutes(10, probe="gggbb")
    await world.minutes(20, probe="gggggg", reports=3)

    assert await world.incidents() == []


async def test_a_restart_in_the_middle_tells_nothing_twice(world: World) -> None:
    await world.minutes(3, probe="gggbb", reports=3)
    again = World(world.database, now=world.now)
    await again.minutes(3, probe="gggbb", reports=3)

    (incident,) = await world.incidents()
    assert kinds(incident) == [EventKind.OPENED]


async def test_the_crowd_opens_no_thread_alone_and_shows_its_figures_with_others(
    world: World,
) -> None:
    async def many(source: str) -> None:
        counts = [CrowdCount(source, "code", 448, 12, 15, world.now)]
        await world.crowd.keep(source, counts)

    for source in (DOWNDETECTOR, BLUESKY):
        await many(source)
    await world.minutes(1)
    assert await world.incidents() == []

    await many(DOWNDETECTOR)
    await world.minutes(1, probe="gggbb")
    (incident,) = await world.incidents()
    assert incident.origin is Origin.SUSPECTED
    assert "Downdetector, 448 reports in 15 min, usual 12" in incident.events[0].text
