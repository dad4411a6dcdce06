"""Polls status pages by HTTP, whatever their format, within limits of size, time and pace.

Promises: one request for each document that the format needs; what did not change is not sent
again (304); whatever the page answers becomes a `Snapshot` or one `SourceError`. It keeps nothing
that matters: a fresh one behaves the same, with a request more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from adapters.http import (
    ACCEPT_ENCODING,
    UNANSWERED,
    BodyError,
    cached_for,
    certificate_refused,
    read_body,
    seconds_to_wait,
)
from adapters.providers.kinds import CHECKS, KINDS, OLDER
from adapters.providers.port import Page
from bot.domain.errors import SourceError
from bot.domain.page import PageIncident, Snapshot
from bot.ports import Clock, NeededLists

# Unpacked. The largest real history list seen has 0.9 MB (GitHub).
MAX_BYTES = 8_000_000
TIMEOUT = 15.0  # seconds for a whole answer, however slowly it drips

# A poll of a Statuspage that needs both lists asks three times.
BURST = 3


class Pacer:
    """Spaces requests to one host: one in `seconds`, after a burst of `BURST`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._due: dict[str, float] = {}  # by host: when all that were let through are paid for

    async def turn(self, host: str) -> None:
        """Wait until the host may be asked; several pages of one host share its pace."""
        now = asyncio.get_running_loop().time()
        due = max(self._due.get(host, now), now) + self.seconds
        self._due[host] = due
        await asyncio.sleep(due - now - BURST * self.seconds)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One HTTP answer, as the recorder writes it."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Remembered:
    """The last good answer of one address, with what a server can confirm it by."""

    conditions: dict[str, str]
    body: bytes


# A header of an answer, and the one that asks whether it still holds (RFC 9110, 13.1).
CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


@dataclass(slots=True)
class StatusPage:
    """`PageSource` over httpx. `heard` is called with every answer (the recorder listens)."""

    provider: str
    base_url: str
    client: httpx.AsyncClient
    clock: Clock
    heard: Callable[[HttpAnswer], None] | None = None
    timeout: float = TIMEOUT
    login: tuple[str, str] | None = field(default=None, repr=False)  # name and password
    kind: str = "statuspage"
    link: str = ""  # where people read the page, if that is not what is polled
    # The components that the catalogue knows, each with its names.
    components: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pacer: Pacer | None = None  # None: no pace is kept
    _remembered: dict[str, _Remembered] = field(default_factory=dict)

    async def poll(self, needed: NeededLists) -> Snapshot:
        cached: list[tuple[float, float]] = []

        async def fetch(url: str) -> bytes:
            body, answer = await self._read(url)
            cached.append(cached_for(answer.headers))
            return body

        try:
            snapshot = await KINDS[self.kind](self._page, fetch).poll(needed)
        except SourceError:
            self._remembered.clear()  # a body that was cut off must not be confirmed by its tag
            raise
        if snapshot.list_failure:
            self._remembered.clear()
        # As old as its oldest document, and good for as long as the first of them expires.
        return replace(
            snapshot,
            age=timedelta(seconds=max((age for age, _ in cached), default=0.0)),
            good_for=timedelta(seconds=min((left for _, left in cached), default=0.0)),
        )

    async def older(self, number: int) -> tuple[PageIncident, ...] | None:
        """As `PagedSource.older`."""
        read = OLDER.get(self.kind)
        return await read(self._page, self.fetch, number) if read else None

    async def check(self) -> list[str]:
        """Sentences about what is amiss with the page, besides what a poll shows.

        Raises:
            SourceError: what is asked besides cannot be read.
        """
        check = CHECKS.get(self.kind)
        return await check(self._page, self.fetch) if check else []

    @property
    def _page(self) -> Page:
        return Page(self.provider, self.base_url, self.components, self.link or self.base_url)

    async def fetch(self, url: str) -> bytes:
        """Ask for one address; a 304 gives again what came before."""
        body, _ = await self._read(url)
        return body

    async def _read(self, url: str) -> tuple[bytes, HttpAnswer]:
        """As `fetch`, with the answer as it came."""
        known = self._remembered.get(url)
        headers = ACCEPT_ENCODING | (known.conditions if known else {})
        try:
            answer = await self._fetch(url, headers)
        except SourceError:
            # Whatever was wrong with it, the next request carries nothing of the last answer.
            self._remembered.pop(url, None)
            raise
        if self.heard is not None:
            self.heard(answer)
        if answer.status == httpx.codes.NOT_MODIFIED and known is not None:
            return known.body, answer
        if answer.status != httpx.codes.OK:
            raise SourceError(
                f"{url} answered {answer.status}",
                retry_after=seconds_to_wait(answer.headers.get("retry-after"), self.clock()),
            )
        conditions = {
            asks: value
            for says, asks in CONDITIONS.items()
            # Another value could not be sent.
            if (value := answer.headers.get(says, "")) and value.isascii() and value.isprintable()
        }
        if conditions:
            self._remembered[url] = _Remembered(conditions, answer.body)
        else:
            self._remembered.pop(url, None)
        return answer.body, answer

    async def _fetch(self, url: str, headers: dict[str, str]) -> HttpAnswer:
        if self.pacer is not None:
            await self.pacer.turn(urlsplit(url).netloc)
        try:
            async with (
                asyncio.timeout(self.timeout),
                self.client.stream("GET", url, headers=headers, auth=self.login) as response,
            ):
                body = await read_body(response, MAX_BYTES)
        except TimeoutError:
            raise SourceError(f"{url} gave no whole answer within {self.timeout:g} s") from None
        except (*UNANSWERED, BodyError) as error:
            reason = certificate_refused(error) or str(error).strip() or type(error).__name__
            raise SourceError(f"{url} cannot be read: {reason}") from error
        return HttpAnswer(str(response.url), response.status_code, dict(response.headers), body)
