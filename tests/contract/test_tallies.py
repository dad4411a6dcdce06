"""What people of a channel report stands on the root there, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.redis.connect import open_database
from adapters.redis.database import Database
from adapters.redis.journal import RedisJournal
from adapters.redis.witness import RedisReports
from bot.cards import Card
from bot.catalog import load_catalog, only
from bot.engine.state import State
from bot.errors import DeliveryError
from bot.model import (
    Channel,
    Impact,
    Incident,
    News,
    NewsKind,
    Origin,
    Severity,
    Thread,
)
from bot.tallies import Tallies
from bot.witness import Voice
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
    news=(News(1, NewsKind.OPENED, "k1", NOW, NOW, Severity.MAJOR, "investigating"),),
)


@dataclass
class Wall:
    """What stands on each root."""

    shown: dict[str, str] = field(default_factory=dict)
    edits: int = 0
    fails: bool = False

    async def revise(self, channel: Channel, root: str, message: str, card: Card, key: str) -> None:
        assert (root, key) == (message, f"{channel}/claude/i1/root")
        if self.fails:
            raise DeliveryError("later")
        self.edits += 1
        self.shown[root] = card.plain


class Roots:
    """Every channel but one has a thread."""

    async def thread(self, channel: Channel, incident: str) -> Thread | None:
        assert incident == OUTAGE.key
        return Thread(root=f"root of {channel.id}") if channel in {OPS, DEV} else None


@dataclass
class Scene:
    tallies: Tallies
    reports: RedisReports
    wall: Wall
    journal: RedisJournal

    async def happens(self, incident: Incident) -> None:
        fence = await self.journal.acquire("claude", "test")
        assert fence is not None
        stored = await self.journal.load("claude")
        state = State("claude", NOW, NOW, incidents={incident.id: incident})
        await self.journal.commit(
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
    wall, reports, journal = Wall(), RedisReports(database, b"s"), RedisJournal(database)
    tallies = Tallies(
        reports,
        Roots(),
        journal,
        {"slack": wall},  # type: ignore[dict-item]  # what is used of a messenger, no more
        CATALOG,
        lambda: NOW,
        lambda _, line, __: Card("root", line),
    )
    made = Scene(tallies, reports, wall, journal)
    await made.happens(OUTAGE)
    yield made
    await database.close()


async def report(scene: Scene, channel: Channel, *people: str, surface: str = "code") -> None:
    for person in people:
        await scene.reports.add(Voice(channel, person, surface), NOW)


async def test_the_root_shows_who_many_report_what_here(scene: Scene) -> None:
    await report(scene, OPS, "U1", "U2")
    await report(scene, OPS, "U3", surface="api")
    await report(scene, DEV, "U9")

    await scene.tallies.refresh()

    assert scene.wall.shown == {
        "root of C1": "3 here report trouble: 2 Claude Code, 1 API",
        "root of C2": "1 here reports trouble: 1 Claude Code",
    }
    assert scene.tallies.words(OPS, OUTAGE) == scene.wall.shown["root of C1"]


async def test_a_root_is_changed_only_when_its_line_does(scene: Scene) -> None:
    await report(scene, OPS, "U1")
    for _ in range(3):
        await scene.tallies.refresh()
    assert scene.wall.edits == 1

    await scene.reports.withdraw(Voice(OPS, "U1", "code"))
    await scene.tallies.refresh()

    assert scene.wall.shown["root of C1"] == ""


async def test_reports_about_something_else_do_not_stand_there(scene: Scene) -> None:
    await report(scene, OPS, "U1", surface="console")

    await scene.tallies.refresh()

    assert scene.wall.edits == 0


async def test_a_change_that_failed_is_tried_again(scene: Scene) -> None:
    scene.wall.fails = True
    await report(scene, OPS, "U1")
    await scene.tallies.refresh()
    scene.wall.fails = False

    await scene.tallies.refresh()

    assert scene.wall.edits == 1


async def test_replicas_that_do_not_lead_know_the_line_but_change_nothing(scene: Scene) -> None:
    scene.tallies.may_paint = lambda: False
    await report(scene, OPS, "U1")

    await scene.tallies.refresh()

    assert scene.wall.edits == 0
    assert scene.tallies.words(OPS, OUTAGE)


async def test_the_root_of_what_is_over_is_left_alone(scene: Scene) -> None:
    await scene.happens(replace(OUTAGE, ended_at=NOW + timedelta(minutes=5)))
    await report(scene, OPS, "U1")

    await scene.tallies.refresh()

    assert scene.wall.edits == 0
