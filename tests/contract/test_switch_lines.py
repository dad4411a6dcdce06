"""What a team can use instead stands on the roots of its own channels, as of when they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.delivery.cache import MessageCache, TimedCache
from bot.delivery.steps import Step
from bot.delivery.switch_lines import SwitchLines
from bot.domain.errors import StoreError
from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.incident import EventKind, Incident
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.status.view import ProviderStatus, StatusView
from tests.delivery_kit import channels, commit, incident, running_bot, settled, subscribe, utc_now
from tests.servers.chat import ChatMessenger, ChatServer
from tests.servers.redis import Node, standalone
from tests.unit.messages.examples import spoken

BEDROCK = "bedrock/eu-west-1"
CATALOG = only(load_catalog(), ["claude", BEDROCK])


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with standalone() as running:
        yield running


class WholeMessages(MessageCache):
    """Messages with everything they say in the title, which the server of the tests keeps."""

    def of(self, step: Step, incident: Incident, now: datetime, **more: Any) -> Message:
        return replace(made := super().of(step, incident, now, **more), title=spoken(made))


def lines(
    severity: Severity = Severity.UP, *, fails: bool = False, usable: tuple[str, ...] = ()
) -> SwitchLines:
    """Bedrock is so; the first of two channels' teams can use it."""

    async def view() -> StatusView:
        if fails:
            raise StoreError("gone")
        at = utc_now()
        rows = tuple(
            Verdict(s, how, None, at, (Evidence(Source.PAGE, s, how, at),))
            for s, how in (("api", Severity.MAJOR), (BEDROCK, severity))
        )
        return StatusView(at, CATALOG, (ProviderStatus("claude", rows, checked_at=at),))

    async def teams() -> Mapping[str, tuple[str, ...]]:
        return {channels(2)[0].owner: ("bedrock",)} if not usable else {}

    return SwitchLines(TimedCache(view, 0.0), teams, usable)


async def roots(node: Node, switch_lines: SwitchLines) -> list[str]:
    """Return what the root of one channel shows, whole."""
    ops, _ = channels(2)
    async with (
        ChatServer() as server,
        ChatMessenger(server.url) as messenger,
        running_bot(node.url, messenger, messages=WholeMessages(CATALOG), reading=False) as bot,
    ):
        await bot.store.database.call("FLUSHALL")
        bot.context.switch_lines = switch_lines
        await subscribe(bot.store, ops)
        await commit(bot.store, incident(EventKind.OPENED))
        await bot.fanout.read_events()
        await settled(bot.store)
        return [str(message.shown) for message in server.messages.values()]


async def test_the_root_names_what_works(node: Node) -> None:
    (shown,) = await roots(node, lines())
    assert "You can use instead: Bedrock in eu-west-1 (official page, up at" in shown


@pytest.mark.parametrize("severity", [Severity.UNKNOWN, Severity.DEGRADED, Severity.MAJOR])
async def test_the_root_offers_nothing_that_is_not_known_to_work(
    node: Node, severity: Severity
) -> None:
    (shown,) = await roots(node, lines(severity))
    assert "instead" not in shown


async def test_the_operators_word_holds_for_teams_that_have_said_nothing(node: Node) -> None:
    (shown,) = await roots(node, lines(usable=("bedrock",)))
    assert "You can use instead: Bedrock in eu-west-1" in shown


async def test_an_incident_is_told_although_nobody_knows_what_works(node: Node) -> None:
    (shown,) = await roots(node, lines(fails=True))
    assert "instead" not in shown
