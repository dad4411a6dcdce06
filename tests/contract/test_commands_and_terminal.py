"""Commands, delivery and the terminal together, on a real Redis and over a real pipe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.terminal import CONSOLE
from bot.catalog import load_catalog, only
from bot.commands import Commands, Request
from bot.delivery.drawing import Cards
from bot.model import NewsKind
from tests.contract.test_terminal_messenger import TerminalStage
from tests.delivery_kit import (
    Bot,
    commit,
    incident,
    more,
    running_bot,
    settled,
    subscribe,
    until,
    utc_now,
)
from tests.servers.redis import Node, standalone
from tests.unit.wording.examples import spoken

CATALOG = only(load_catalog(), ["claude"])
OUTAGE = incident(NewsKind.OPENED)
TITLE = "API errors · major outage"


@dataclass
class Desk:
    """Somebody at a terminal, with the delivery running behind it."""

    bot: Bot
    stage: TerminalStage
    commands: Commands

    async def type(self, text: str) -> str:
        answer = await self.commands.answer(Request(CONSOLE, "local", "Ana", text))
        await settled(self.bot.store, "terminal")
        return spoken(answer.card)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with standalone() as running:
        yield running


@pytest.fixture
async def desk(node: Node, tmp_path: Path) -> AsyncIterator[Desk]:
    stage = TerminalStage(tmp_path)
    node.client().flushall()
    async with running_bot(node.url, stage.messenger) as bot:
        bot.tools.cards = Cards(CATALOG)
        commands = Commands(
            catalog=CATALOG,
            journal=bot.store.journal,
            subscriptions=bot.store.subscriptions,
            threads=bot.store.queue,
            messengers={"terminal": stage.messenger},
            judge=lambda *_: (),
            clock=utc_now,
        )
        yield Desk(bot, stage, commands)
    stage.close()


async def test_subscribing_in_an_outage_shows_it_at_once_as_joined_midway(desk: Desk) -> None:
    await commit(desk.bot.store, OUTAGE)
    assert "Going on right now" in await desk.type("subscribe api")
    assert TITLE in desk.stage.read()
    assert "Joined midway" in desk.stage.read()
    assert "thread in #console" in await desk.type("why")


async def test_an_incident_that_does_not_concern_the_channel_is_not_shown(desk: Desk) -> None:
    await commit(desk.bot.store, OUTAGE)
    await desk.type("subscribe opus")
    assert "API errors" not in desk.stage.read()
    assert "not told: it touched only API" in await desk.type("why")


async def test_subscribing_again_shows_no_second_root(desk: Desk) -> None:
    await commit(desk.bot.store, OUTAGE)
    for text in ("subscribe", "unsubscribe", "subscribe api", "subscribe +code"):
        await desk.type(text)
    assert desk.stage.read().count(TITLE) == 1


async def test_a_mute_stops_news_and_unmuting_brings_the_present_truth(desk: Desk) -> None:
    await desk.type("subscribe")
    await desk.type("mute 2h")
    await subscribe(desk.bot.store, replace(CONSOLE, id="another"))
    await commit(desk.bot.store, more(OUTAGE, NewsKind.UPDATE, NewsKind.UPDATE))
    await until(lambda: TITLE in desk.stage.read())  # the other channel has it
    await settled(desk.bot.store, "terminal")
    assert desk.stage.read().count(TITLE) == 1
    await desk.type("unmute")
    assert desk.stage.read().count(TITLE) == 2


async def test_what_was_announced_before_a_mute_still_gets_its_end(desk: Desk) -> None:
    await desk.type("subscribe")
    await commit(desk.bot.store, OUTAGE)
    await until(lambda: TITLE in desk.stage.read())
    await desk.type("mute 2h")
    await commit(desk.bot.store, more(OUTAGE, NewsKind.RESOLVED))
    await until(lambda: "Resolved" in desk.stage.read())
    await settled(desk.bot.store, "terminal")
    assert desk.stage.read().count("Resolved") == 1
