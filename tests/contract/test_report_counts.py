"""What people of a channel report stands on the root there, and nowhere else."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bot.domain.errors import StoreError
from bot.domain.incident import EventKind, Incident
from bot.domain.subscription import Channel
from bot.evidence.reports import ReportCount
from bot.evidence.stores import UserReport
from tests.delivery_kit import (
    Bot,
    channels,
    commit,
    incident,
    left,
    more,
    running_bot,
    settled,
    subscribe,
    utc_now,
)
from tests.servers.chat import ChatMessenger, ChatServer, Fault
from tests.servers.redis import Node, standalone

OPS, DEV = channels(2)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with standalone() as running:
        yield running


@dataclass
class Scene:
    """One incident of the API that two channels were told of."""

    bot: Bot
    server: ChatServer
    outage: Incident
    now: datetime

    async def happens(self, outage: Incident) -> None:
        self.outage = outage
        await commit(self.bot.store, outage)
        await self.bot.fanout.read_events()
        await settled(self.bot.store)

    async def report(self, channel: Channel, *people: str, surface: str = "api") -> None:
        for person in people:
            await self.bot.reports.add(UserReport(channel, person, surface), self.now)

    async def changed(self, channel: Channel, delay: float = 0.0) -> None:
        """What the command does that took a report or took it back."""
        await self.bot.store.queue.mark_stale(channel, [self.outage], delay=delay)
        await settled(self.bot.store)

    def shown(self, channel: Channel) -> list[str]:
        (root,) = [m for m in self.server.messages.values() if m.key == self.key(channel)]
        return [title.removeprefix("root claude/x1 ") for title in root.shown]

    def key(self, channel: Channel) -> str:
        return f"{channel}/{self.outage.key}/root"


@contextlib.asynccontextmanager
async def scene_on(node: Node, faults: list[Fault]) -> AsyncIterator[Scene]:
    made: list[Scene] = []

    def fails(what: str, _: str) -> Fault | None:
        return faults.pop() if what == "revise" and faults else None

    async with (
        ChatServer(
            faults=lambda what, _: faults.pop() if what == "revise" and faults else None
        ) as (server),
        ChatMessenger(server.url) as messenger,
        running_bot(
            node.url, messenger, reading=False, clock=lambda: made[0].now if made else utc_now()
        ) as bot,
    ):
        await bot.store.database.call("FLUSHALL")
        await subscribe(bot.store, OPS, DEV)
        made.append(Scene(bot, server, incident(EventKind.OPENED), utc_now()))
        await made[0].happens(made[0].outage)
        yield made[0]


@pytest.fixture
async def scene(node: Node) -> AsyncIterator[Scene]:
    async with scene_on(node, []) as made:
        yield made


async def test_the_root_shows_how_many_report_what_here(scene: Scene) -> None:
    await scene.report(OPS, "U1", "U2")
    await scene.report(DEV, "U9")
    await scene.changed(OPS)
    await scene.changed(DEV)

    assert scene.shown(OPS) == ["r1", "(2 here report trouble: 2 API) r1"]
    assert scene.shown(DEV) == ["r1", "(1 here reports trouble: 1 API) r1"]


async def test_a_root_is_changed_only_when_its_line_does(scene: Scene) -> None:
    await scene.report(OPS, "U1")
    for _ in range(3):
        await scene.changed(OPS)
    assert len(scene.shown(OPS)) == 2

    await scene.bot.reports.withdraw(UserReport(OPS, "U1", "api"))
    await scene.changed(OPS)

    assert scene.shown(OPS)[2:] == ["r1"]


async def test_reports_about_something_else_do_not_stand_there(scene: Scene) -> None:
    await scene.report(OPS, "U1", surface="console")
    await scene.changed(OPS)

    assert scene.shown(OPS) == ["r1"]


async def test_a_root_opened_while_people_report_shows_it_at_once(scene: Scene) -> None:
    await scene.report(OPS, "U1")
    second = incident(EventKind.OPENED, id_="x2")
    await commit(scene.bot.store, scene.outage, second)
    await scene.bot.fanout.read_events()
    await settled(scene.bot.store)

    titles = [m.shown[0] for m in scene.server.messages.values() if m.key.startswith(str(OPS))]
    assert titles[1] == "root claude/x2 (1 here reports trouble: 1 API) r1"


async def test_a_change_that_the_platform_refused_is_made_later(node: Node) -> None:
    async with scene_on(node, [Fault.LIMIT, Fault.ERROR]) as scene:
        await scene.report(OPS, "U1")
        await scene.changed(OPS)

        assert len(scene.shown(OPS)) == 2
        assert scene.bot.context.counts.refused == 1


async def test_reports_that_come_together_make_one_change(scene: Scene) -> None:
    for person in ("U1", "U2", "U3"):
        await scene.report(OPS, person)
        await scene.bot.store.queue.mark_stale(OPS, [scene.outage], delay=0.5)
    assert await left(scene.bot.store) == 1
    await settled(scene.bot.store)

    assert scene.shown(OPS)[1:] == ["(3 here report trouble: 3 API) r1"]


async def test_an_event_does_not_wait_for_reports_to_come_together(scene: Scene) -> None:
    await scene.report(OPS, "U1")
    await scene.bot.store.queue.mark_stale(OPS, [scene.outage], delay=3600)
    await scene.happens(more(scene.outage, EventKind.WORSE))

    assert scene.shown(OPS)[-1].endswith("r2")


async def test_a_line_goes_when_its_reports_have_expired(scene: Scene) -> None:
    await scene.report(OPS, "U1")
    await scene.changed(OPS)
    scene.now += timedelta(minutes=29)
    await scene.bot.fanout.sweep()
    await settled(scene.bot.store)
    assert len(scene.shown(OPS)) == 2

    scene.now += timedelta(minutes=2)
    assert await scene.bot.fanout.sweep() == 1, "only the channel with a line is looked at"
    await settled(scene.bot.store)

    assert scene.shown(OPS)[2:] == ["r1"]
    assert await scene.bot.fanout.sweep() == 0


async def test_the_root_of_what_is_over_is_left_alone(scene: Scene) -> None:
    await scene.happens(more(scene.outage, EventKind.RESOLVED))
    await scene.report(OPS, "U1")
    await scene.changed(OPS)

    assert scene.shown(OPS) == ["r1", "r2"]


async def test_an_opening_does_not_wait_for_counts_that_cannot_be_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: datetime) -> list[ReportCount]:
        raise StoreError("another slot, whose node is away")

    monkeypatch.setattr(scene.bot.reports, "everywhere", fails)
    second = incident(EventKind.OPENED, id_="x2")
    await commit(scene.bot.store, scene.outage, second)
    await scene.bot.fanout.read_events()
    await settled(scene.bot.store)

    titles = [m.shown[0] for m in scene.server.messages.values()]
    assert titles.count("root claude/x2 r1") == 2
