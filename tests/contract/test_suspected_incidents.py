"""Suspected incidents from end to end of the left half: page, evidence, engine, journal, plan."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from adapters.providers.statuspage import parse_history, parse_summary, with_history
from adapters.redis.client import open_database
from adapters.redis.database import Database
from adapters.redis.evidence import RedisCrowd, RedisProbes, RedisReports, RedisTraffic
from adapters.redis.incidents import RedisIncidentStore
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.catalog.providers import POLL_SECONDS
from bot.delivery.plan import plan
from bot.delivery.steps import Act
from bot.domain.errors import SourceError
from bot.domain.incident import Ending, EventKind, Incident, Origin
from bot.domain.page import Severity, Snapshot
from bot.domain.subscription import Channel, Subscription, ThreadRecord
from bot.evidence.collector import Collector
from bot.evidence.crowd import BLUESKY, DOWNDETECTOR, CrowdCount
from bot.evidence.probes import ProbeHistory
from bot.evidence.scoreboard import ScoreResult, scoreboard
from bot.evidence.stores import Batch, EvidenceStores, UserReport
from bot.evidence.traffic import CallResult
from bot.loops.watcher import Watcher
from bot.ports import NeededLists
from tests.servers.redis import Node, standalone
from tests.servers.statuspage import API, CLAUDE_AI, CODE, Page

CATALOG = only(load_catalog(), ["claude"])
MINUTE = timedelta(minutes=1)
OPS = Channel("slack", "T1", "C1")
ELSEWHERE = Channel("discord", "G1", "D1")


@dataclass
class World:
    """A watcher over a page that a test changes, and over evidence that it makes up."""

    database: Database
    now: datetime = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
    provider: str = "claude"
    broken: bool = False
    # Since when the channel is subscribed whose people report; None: it is not.
    subscribed_at: datetime | None = datetime(2025, 1, 1, tzinfo=UTC)
    page: Page = field(init=False)

    def __post_init__(self) -> None:
        self.page = Page(lambda: self.now)
        self.incident_store = RedisIncidentStore(self.database)
        self.probes, self.traffic = RedisProbes(self.database), RedisTraffic(self.database)
        self.reports = RedisReports(self.database, b"s")
        self.crowd = RedisCrowd(self.database)
        collector = Collector(
            EvidenceStores(self.probes, self.traffic, self.reports, self.crowd), CATALOG
        )
        self.watcher = Watcher(
            page=self,
            incident_store=self.incident_store,
            catalog=CATALOG,
            clock=lambda: self.now,
            rng=random.Random(1),
            holder="test",
            poll_seconds=30,
            on_commit=lambda: None,
            signals=collector.gather,
        )

    async def poll(self, needed: NeededLists) -> Snapshot:
        if self.broken:
            raise SourceError("503")
        summary = parse_summary(orjson.dumps(self.page.summary()), "claude")
        return with_history(summary, parse_history(orjson.dumps(self.page.history())))

    async def minutes(self, count: int, *, probe: str = "", reports: int = 0) -> None:
        """Let minutes pass; with a failing probe of the API and people who report code."""
        for _ in range(count):
            self.now += MINUTE
            if probe:
                record = ProbeHistory(
                    "the API", ("api", "code"), self.now, self.now, probe, "answers 529"
                )
                await self.probes.keep([record])
            for person in range(reports):
                report = UserReport(OPS, f"U{person}", "code", None, self.subscribed_at)
                await self.reports.add(report, self.now)
            await self.poll_once()

    async def poll_once(self) -> None:
        """As `Watcher.run` does, without its waiting."""
        self.watcher._fence = await self.incident_store.acquire("claude", "test")
        await self.watcher.poll()

    async def incidents(self) -> list[Incident]:
        return await self.incident_store.history("claude", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with standalone() as running:
        yield running


@pytest.fixture
async def world(node: Node) -> AsyncIterator[World]:
    database = await open_database(node.url)
    await database.call("FLUSHALL")
    made = World(database)
    try:
        await made.minutes(2)
        yield made
    finally:
        await database.close()


def kinds(incident: Incident) -> list[EventKind]:
    return [event.kind for event in incident.events]


def steps(incident: Incident, channel: Channel, now: datetime) -> list[tuple[Act, bool]]:
    """What a channel that has nothing yet would get, and whether it calls anybody."""
    wants = Subscription(channel, mention="<!subteam^S1>")
    return [(step.act, step.mention) for step in plan(incident, ThreadRecord(), wants, now).steps]


async def test_two_kinds_of_evidence_open_an_early_thread_that_calls_nobody(world: World) -> None:
    await world.minutes(1, probe="gggbb", reports=3)

    (incident,) = await world.incidents()
    assert (incident.origin, incident.severity) == (Origin.SUSPECTED, Severity.DEGRADED)
    assert set(incident.surfaces) == {"code"}
    assert incident.visibility == ()
    assert "3 people report trouble" in incident.events[0].text
    assert steps(incident, ELSEWHERE, world.now) == [(Act.OPEN, False)]


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
