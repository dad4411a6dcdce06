"""A watcher over a page that a test changes, and over evidence that it makes up."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from adapters.providers.statuspage import parse_history, parse_summary, with_history
from adapters.redis.database import Database
from adapters.redis.evidence import RedisCrowd, RedisProbes, RedisReports, RedisTraffic
from adapters.redis.incidents import RedisIncidentStore
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.delivery.plan import plan
from bot.delivery.steps import Act
from bot.domain.errors import SourceError
from bot.domain.incident import EventKind, Incident
from bot.domain.page import Snapshot
from bot.domain.subscription import Channel, Subscription, ThreadRecord
from bot.evidence.collector import Collector
from bot.evidence.probes import ProbeHistory
from bot.evidence.stores import EvidenceStores, UserReport
from bot.loops.watcher import Watcher
from bot.ports import NeededLists
from tests.servers.statuspage import Page

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


def kinds(incident: Incident) -> list[EventKind]:
    return [event.kind for event in incident.events]


def steps(incident: Incident, channel: Channel, now: datetime) -> list[tuple[Act, bool]]:
    """What a channel that has nothing yet would get, and whether it calls anybody."""
    wants = Subscription(channel, mention="<!subteam^S1>")
    return [(step.act, step.mention) for step in plan(incident, ThreadRecord(), wants, now).steps]
