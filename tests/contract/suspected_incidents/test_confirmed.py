"""What the provider says later goes on in the thread of the suspected incident."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.domain.incident import Ending, EventKind, Origin
from bot.domain.page import Severity
from bot.evidence.scoreboard import ScoreResult, scoreboard
from tests.contract.suspected_incidents.kit import (
    MINUTE,
    World,
    kinds,
)
from tests.servers.statuspage import API, CLAUDE_AI, CODE


async def test_the_providers_post_goes_on_in_the_same_thread_and_says_how_early_we_were(
    world: World,
) -> None:
    await world.minutes(10, probe="gggbb", reports=3)
    outage = world.page.open("Elevated errors", {CODE: "partial_outage", API: "partial_outage"})
    await world.minutes(5, probe="bbbbbb")
    world.page.update(outage, "identified", {CODE: "degraded_performance"})
    await world.minutes(5)
    world.page.resolve(outage)
    await world.minutes(30)

    (incident,) = await world.incidents()
    assert incident.origin is Origin.PROVIDER
    assert incident.id.startswith("suspected-")
    assert incident.title == "Elevated errors"
    assert kinds(incident)[:2] == [EventKind.OPENED, EventKind.CONFIRMED]
    assert kinds(incident)[-1] is EventKind.RESOLVED
    assert [n.revision for n in incident.events] == list(range(1, len(incident.events) + 1))
    assert incident.worst is Severity.PARTIAL
    assert not incident.is_open
    (entry,) = scoreboard([incident]).entries
    assert (entry.result, entry.ahead) == (ScoreResult.LEAD, 10 * MINUTE)


async def test_a_component_that_goes_down_without_an_incident_confirms_it_too(
    world: World,
) -> None:
    await world.minutes(3, probe="gggbb", reports=3)
    world.page.set(CODE, "major_outage")
    await world.minutes(3)
    outage = world.page.open("Claude Code is down", {CODE: "major_outage"})
    await world.minutes(3)
    world.page.resolve(outage)
    await world.minutes(3)

    (incident,) = await world.incidents()
    assert incident.origin is Origin.PROVIDER
    assert incident.title == "Claude Code is down"
    # Its own time, by which the later post is recognized; not that of the suspicion.
    assert incident.started_at == datetime(2026, 3, 2, 11, 5, tzinfo=UTC)
    assert kinds(incident).count(EventKind.CONFIRMED) == 1
    assert not incident.is_open


async def test_what_the_provider_confirms_in_part_opens_no_second_thread(world: World) -> None:
    await world.minutes(3, probe="bbbbb", reports=3)
    outage = world.page.open("API errors", {API: "partial_outage"})
    await world.minutes(10, probe="bbbbb", reports=3)
    world.page.resolve(outage)
    await world.minutes(3, probe="bbbbb", reports=3)

    (incident,) = await world.incidents()
    assert {"api", "code"} <= set(incident.surfaces)
    assert kinds(incident).count(EventKind.CONFIRMED) == 1


async def test_an_incident_about_other_surfaces_is_another_thread(world: World) -> None:
    await world.minutes(3, probe="gggbb", reports=3)
    world.page.open("claude.ai is slow", {CLAUDE_AI: "degraded_performance"})
    await world.minutes(2, probe="bbbbbb", reports=3)

    suspected, official = sorted(await world.incidents(), key=lambda i: i.origin.value)[::-1]
    assert suspected.origin is Origin.SUSPECTED
    assert official.origin is Origin.PROVIDER


async def test_a_running_incident_that_grows_to_what_we_suspect_takes_it_over(
    world: World,
) -> None:
    outage = world.page.open("claude.ai is slow", {CLAUDE_AI: "degraded_performance"})
    await world.minutes(3, reports=3)
    await world.minutes(3, probe="gggbb", reports=3)
    both = {CODE: "partial_outage", CLAUDE_AI: "partial_outage"}
    world.page.update(outage, "identified", both)
    await world.minutes(20, probe="gggbb", reports=3)

    found = {i.origin: i for i in await world.incidents()}
    ours = found[Origin.SUSPECTED]
    assert not ours.is_open
    assert ours.ending is Ending.HANDED_OVER
    assert ours.events[-1].note == "The provider now tracks this as “claude.ai is slow”."
    assert {e.result for e in scoreboard(found.values()).entries} == {
        ScoreResult.LEAD,
        ScoreResult.LAG,
    }


async def test_a_suspicion_about_what_the_page_admits_opens_nothing_but_is_remembered(
    world: World,
) -> None:
    world.page.open("Code is slow", {CODE: "degraded_performance"})
    await world.minutes(2)
    await world.minutes(5, probe="gggbb", reports=3)

    (incident,) = await world.incidents()
    assert incident.origin is Origin.PROVIDER
    (entry,) = scoreboard([incident]).entries
    assert entry.result is ScoreResult.LAG


async def test_reports_after_the_providers_end_open_nothing(world: World) -> None:
    outage = world.page.open("Code is down", {CODE: "major_outage"})
    await world.minutes(5, reports=9)
    world.page.resolve(outage)
    await world.minutes(20, reports=0)

    assert [i.origin for i in await world.incidents()] == [Origin.PROVIDER]
