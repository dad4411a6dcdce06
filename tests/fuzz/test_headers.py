"""Answers of a page with any status and any headers, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.http import StatusPage
from adapters.providers.opened import page_sources
from bot.catalog.catalog_file import load_catalog
from bot.domain.errors import SourceError
from tests.fuzz.inputs import bounded
from tests.unit.providers.samples import SAMPLES

ROW = """
[acme]
label = "Acme"
page = "{url}"

[[acme.surface]]
id = "api"
label = "Acme API"
[acme.surface.components]
c1 = ["API"]
"""
NAMES = st.sampled_from(
    [
        *("Content-Encoding", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection"),
        *("ETag", "Last-Modified", "Retry-After", "Location", "Date", "Age", "Set-Cookie", "Vary"),
        *("Link", "WWW-Authenticate", "Content-Range", "Trailer", "Upgrade", "X" * 300),
    ]
)
# Whatever latin-1 has but the end of a line.
VALUES = st.one_of(
    st.sampled_from(
        [
            *("gzip", "gzip, gzip", "br", "deflate", "chunked", "identity", "", " ", "-1", "0"),
            *("5", "9" * 30, "1e9", "nan", "Thu, 99 Foo 2026", "Thu, 01 Jan 1970 00:00:00 GMT"),
            *("/", "//", "http://", "http://[", "http://x:99999/", "\xe9", "a" * 5_000, "close"),
        ]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40),
)
STATUSES = st.sampled_from(
    [*(200, 201, 204, 206, 301, 302, 303, 304, 307, 400, 401), *(404, 429, 500, 503, 599, 999, 100)]
)


@dataclass(slots=True)
class RawServer:
    """Answers every request with the same bytes, and closes."""

    url: str
    bytes_: bytes = b""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.bytes_)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def says(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.bytes_ = f"HTTP/1.1 {status} x\r\n{head}\r\n".encode("latin-1") + body


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    made = RawServer("")
    listening = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield made


@pytest.fixture
async def page(server: RawServer) -> AsyncIterator[StatusPage]:
    catalog = load_catalog(ROW.format(url=server.url))
    async with page_sources(catalog, lambda: datetime.now(UTC)) as pages:
        yield pages["acme"]


@bounded(60)
@given(
    status=STATUSES,
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=5),
    length=st.booleans(),
    cut=st.integers(0, 400),
)
async def test_any_answer_is_a_page_or_one_error_and_the_next_good_one_is_read(
    server: RawServer,
    page: StatusPage,
    status: int,
    headers: list[tuple[str, str]],
    length: bool,
    cut: int,
) -> None:
    (body,) = SAMPLES["statuspage"].bodies().values()
    size = [("Content-Length", str(len(body)))]
    server.says(status, [*headers, *(size if length else [])], body[: len(body) - cut])
    with suppress(SourceError):
        await page.poll(lambda _: ())

    server.says(200, size, body)
    assert (await page.poll(lambda _: ())).components


@pytest.mark.parametrize("name", ["ETag", "Last-Modified", "Set-Cookie"])
async def test_what_no_client_can_send_back_blinds_nobody(
    server: RawServer, page: StatusPage, name: str
) -> None:
    (body,) = SAMPLES["statuspage"].bodies().values()
    server.says(200, [("Content-Length", str(len(body))), (name, "a=caf\xe9")], body)

    for _ in range(2):
        assert (await page.poll(lambda _: ())).components
