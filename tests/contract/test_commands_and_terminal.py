"""Commands, delivery and the terminal together, on a real Redis and over a real pipe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.terminal import CONSOLE
from bot.catalog.catalog import Catalog, only
from bot.catalog.catalog_file import load_catalog
from bot.catalog.providers import generic
from bot.commands import Commands, Request
from bot.delivery.cache import MessageCache
from bot.domain.incident import EventKind, Impact
from bot.domain.page import Severity
from tests.commands_kit import commands_over
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
from tests.unit.messages.examples import spoken

CATALOG = only(load_catalog(), ["claude"])
OUTAGE = incident(EventKind.OPENED)
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
        return spoken(answer.message)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with standalone() as running:
        yield running


@pytest.fixture
async def responder(node: Node, tmp_path: Path) -> AsyncIterator[Desk]:
    stage = TerminalStage(tmp_path)
    node.client().flushall()
    async with running_bot(node.url, stage.messenger) as bot:
        bot.context.messages = MessageCache(CATALOG)
        commands = commands_over(
            bot.store.database, {"terminal": stage.messenger}, CATALOG, utc_now
        )
        yield Desk(bot, stage, commands)
    stage.close()


async def test_subscribing_in_an_outage_shows_it_at_once_as_joined_midway(responder: Desk) -> None:
    await commit(responder.bot.store, OUTAGE)
    assert "Going on right now" in await responder.type("subscribe api")
    assert TITLE in responder.stage.read()
    assert "Joined midway" in responder.stage.read()
    assert "thread in #console" in await responder.type("why")


async def test_a_page_known_by_its_url_is_named_by_its_own_names(responder: Desk) -> None:
    page = Catalog({"acme": generic("acme", page="https://status.acme.example", label="Acme")})

    async def learn() -> Catalog:
        return page.seen("acme", {"c1": "WebApp (EU)"})

    responder.bot.context.messages = MessageCache(page)
    responder.bot.context.learn = learn
    suffers = Impact(Severity.MAJOR, Severity.MAJOR)
    outage = replace(
        incident(EventKind.OPENED, provider="acme"), surfaces={"acme/webapp-eu": suffers}
    )
    await subscribe(responder.bot.store, CONSOLE)
    await commit(responder.bot.store, outage)
    await responder.bot.store.queue.mark_stale(CONSOLE, [outage])
    await settled(responder.bot.store, "terminal")
    assert "WebApp (EU)" in responder.stage.read()


async def test_an_incident_that_does_not_concern_the_channel_is_not_shown(responder: Desk) -> None:
    await commit(responder.bot.store, OUTAGE)
    await responder.type("subscribe opus")
    assert "API errors" not in responder.stage.read()
    assert "not told: it touched only API" in await responder.type("why")


async def test_subscribing_again_shows_no_second_root(responder: Desk) -> None:
    await commit(responder.bot.store, OUTAGE)
    for text in ("subscribe", "unsubscribe", "subscribe api", "subscribe +code"):
        await responder.type(text)
    assert responder.stage.read().count(TITLE) == 1


async def test_a_mute_stops_news_and_unmuting_brings_the_present_truth(responder: Desk) -> None:
    await responder.type("subscribe")
    await responder.type("mute 2h")
    await subscribe(responder.bot.store, replace(CONSOLE, id="another"))
    await commit(responder.bot.store, more(OUTAGE, EventKind.UPDATE, EventKind.UPDATE))
    await until(lambda: TITLE in responder.stage.read())  # the other channel has it
    await settled(responder.bot.store, "terminal")
    assert responder.stage.read().count(TITLE) == 1
    await responder.type("unmute")
    assert responder.stage.read().count(TITLE) == 2


async def test_what_was_announced_before_a_mute_still_gets_its_end(responder: Desk) -> None:
    await responder.type("subscribe")
    await commit(responder.bot.store, OUTAGE)
    await until(lambda: TITLE in responder.stage.read())
    await responder.type("mute 2h")
    await commit(responder.bot.store, more(OUTAGE, EventKind.RESOLVED))
    await until(lambda: "Resolved" in responder.stage.read())
    await settled(responder.bot.store, "terminal")
    assert responder.stage.read().count("Resolved") == 1
