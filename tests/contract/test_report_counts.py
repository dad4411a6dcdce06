"""What people of a channel report stands on the root there, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.redis.client import open_database
from adapters.redis.database import Database
from adapters.redis.evidence import RedisReports
from adapters.redis.incidents import RedisIncidentStore
from bot.catalog.catalog import load_catalog, only
from bot.delivery.report_counts import Tallies
from bot.domain.errors import DeliveryError
from bot.domain.incident import EventKind, Impact, Incident, IncidentEvent, Origin
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.state import State
from bot.domain.subscription import Channel, ThreadRecord
from bot.evidence.stores import UserReport
from tests.servers.redis import Node, standalone

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)
CATALOG = only(load_catalog(), ["claude"])
OPS, DEV = Channel("slack", "T1", "C1"), Channel("slack", "T1", "C2")
OUTAGE = Incident(
    provider="claude",
    id="i1",
    title="down",
    phase="investigating",
    origin=Origin.PROVIDER,
    started_at=NOW,
    severity=Severity.MAJOR,
    worst=Severity.MAJOR,
    surfaces={s: Impact(Severity.MAJOR, Severity.MAJOR) for s in ("code", "api")},
    events=(IncidentEvent(1, EventKind.OPENED, "k1", NOW, NOW, Severity.MAJOR, "investigating"),),
)


@dataclass
class Wall:
    """What stands on each root."""

    shown: dict[str, str] = field(default_factory=dict)
    edits: int = 0
    fails: bool = False

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        assert (root, key) == (message, f"{channel}/claude/i1/root")
        if self.fails:
            raise DeliveryError("later")
        self.edits += 1
        self.shown[root] = card.plain


class Roots:
    """Every channel but one has a thread."""

    async def thread(self, channel: Channel, incident: str) -> ThreadRecord | None:
        assert incident == OUTAGE.key
        return ThreadRecord(root=f"root of {channel.id}") if channel in {OPS, DEV} else None


@dataclass
class Scene:
    report_counts: Tallies
    reports: RedisReports
    wall: Wall
    incident_store: RedisIncidentStore

    async def happens(self, incident: Incident) -> None:
        fence = await self.incident_store.acquire("claude", "test")
        assert fence is not None
        stored = await self.incident_store.load("claude")
        state = State("claude", NOW, NOW, incidents={incident.id: incident})
        await self.incident_store.commit(
            "claude", fence=fence, version=stored.version, state=state, changed=[incident]
        )


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with standalone() as running:
        yield running


@pytest.fixture
async def scene(node: Node) -> AsyncIterator[Scene]:
    database: Database = await open_database(node.url)
    await database.call("FLUSHALL")
    wall, reports, incident_store = (
        Wall(),
        RedisReports(database, b"s"),
        RedisIncidentStore(database),
    )
    report_counts = Tallies(
        reports,
        Roots(),
        incident_store,
        {"slack": wall},  # type: ignore[dict-item]  # what is used of a messenger, no more
        CATALOG,
        lambda: NOW,
        lambda _, line, __: Message("root", line),
    )
    made = Scene(report_counts, reports, wall, incident_store)
    await made.happens(OUTAGE)
    yield made
    await database.close()


async def report(scene: Scene, channel: Channel, *people: str, surface: str = "code") -> None:
    for person in people:
        await scene.reports.add(UserReport(channel, person, surface), NOW)


async def test_the_root_shows_who_many_report_what_here(scene: Scene) -> None:
    await report(scene, OPS, "U1", "U2")
    await report(scene, OPS, "U3", surface="api")
    await report(scene, DEV, "U9")

    await scene.report_counts.refresh()

    assert scene.wall.shown == {
        "root of C1": "3 here report trouble: 2 Claude Code, 1 API",
        "root of C2": "1 here reports trouble: 1 Claude Code",
    }
    assert scene.report_counts.words(OPS, OUTAGE) == scene.wall.shown["root of C1"]


async def test_a_root_is_changed_only_when_its_line_does(scene: Scene) -> None:
    await report(scene, OPS, "U1")
    for _ in range(3):
        await scene.report_counts.refresh()
    assert scene.wall.edits == 1

    await scene.reports.withdraw(UserReport(OPS, "U1", "code"))
    await scene.report_counts.refresh()

    assert scene.wall.shown["root of C1"] == ""


async def test_reports_about_something_else_do_not_stand_there(scene: Scene) -> None:
    await report(scene, OPS, "U1", surface="console")

    await scene.report_counts.refresh()

    assert scene.wall.edits == 0


async def test_a_change_that_failed_is_tried_again(scene: Scene) -> None:
    scene.wall.fails = True
    await report(scene, OPS, "U1")
    await scene.report_counts.refresh()
    scene.wall.fails = False

    await scene.report_counts.refresh()

    assert scene.wall.edits == 1


async def test_replicas_that_do_not_lead_know_the_line_but_change_nothing(scene: Scene) -> None:
    scene.report_counts.may_paint = lambda: False
    await report(scene, OPS, "U1")

    await scene.report_counts.refresh()

    assert scene.wall.edits == 0
    assert scene.report_counts.words(OPS, OUTAGE)


async def test_the_root_of_what_is_over_is_left_alone(scene: Scene) -> None:
    await scene.happens(replace(OUTAGE, ended_at=NOW + timedelta(minutes=5)))
    await report(scene, OPS, "U1")

    await scene.report_counts.refresh()

    assert scene.wall.edits == 0
