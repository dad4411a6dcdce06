"""Which events of the log become a sentence at the prompt, and which sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.terminal.operator import OperatorNotices
from bot.catalog.catalog import Catalog
from bot.catalog.providers import generic
from bot.domain.message import Message

NOBODY = "http://127.0.0.1:9"  # the discard port: nobody listens
NAMELESS = "http://status.invalid"  # RFC 6761: this name never resolves


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def nothing(_: Message) -> None:
    """Shows nothing."""


def notices(page: str = NAMELESS, *others: str) -> OperatorNotices:
    return OperatorNotices(Catalog({"acme": generic("acme", page=page)}), nothing, others)


FAILED = {"event": "page.failed", "provider": "acme", "reason": "it answered 503"}
SEEN = {"event": "page.recovered", "provider": "acme"}


async def test_a_page_out_of_sight_is_told_from_a_machine_that_is_offline() -> None:
    assert await notices(NAMELESS, NOBODY).sentence(FAILED) == (
        "I can't see status.invalid: its name does not resolve, other sites do not answer either, "
        "so this machine is probably offline"
    )
    assert await notices(NOBODY).sentence(FAILED) == (
        "I can't see 127.0.0.1:9: its name resolves, but it gives no answer"
    )


async def test_a_page_that_answers_badly_is_said_so(site: str) -> None:
    assert await notices(site).sentence(FAILED) == (
        f"I can't read {site.removeprefix('http://')}: it answered 503"
    )
    assert "other sites answer" in await notices(NAMELESS, site).sentence(FAILED)


async def test_what_goes_on_is_said_once_and_once_more_when_it_is_over() -> None:
    told = notices()

    said = [await told.sentence(event) for event in (FAILED, FAILED, SEEN, SEEN, FAILED)]

    assert [bool(one) for one in said] == [True, False, True, False, True]
    assert said[2] == "I can see status.invalid again"


async def test_a_store_that_fails_in_several_loops_is_one_sentence() -> None:
    told = notices()
    failed = {
        "event": "store.failed",
        "level": "error",
        "reason": "Redis: refused",
        "advice": "Start it.",
    }

    said = [
        await told.sentence(one)
        for one in ({**failed, "loop": "a"}, {**failed, "loop": "b"}, {"event": "store.recovered"})
    ]

    assert "Redis: refused. Start it. News" in said[0]
    assert said[1:] == ["", "Redis answers again"]


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"event": "settings.odd", "reason": "X is set"}, "X is set"),
        ({"event": "something.broke", "level": "error"}, "Something failed (something.broke)"),
        ({"event": "page.odd", "level": "warning", "provider": "acme"}, ""),
        ({"event": "bot.started", "level": "info"}, ""),
    ],
)
async def test_only_what_needs_the_operator_is_said(event: dict[str, str], says: str) -> None:
    assert (await notices().sentence(event)).startswith(says)
    assert bool(says) is bool(await notices().sentence(event))


@pytest.fixture
async def site() -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
