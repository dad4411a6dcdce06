"""Polls one Statuspage by HTTP, within limits of size and time.

Promises: at most one request for the summary a poll, and one for each list that is needed; a 304
costs no parsing; whatever the page answers becomes a `Snapshot` or one `SourceError`. It keeps
nothing that matters: a fresh one behaves the same, with a request more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar, cast

import httpx

from adapters.http import ACCEPT_ENCODING, BodyError, read_body
from adapters.providers.statuspage import parse_history, parse_summary, with_history
from bot.domain.errors import SourceError
from bot.domain.page import PageList, Snapshot
from bot.ports import Clock, NeededLists

T = TypeVar("T")

# Unpacked. The largest real history list seen has 0.9 MB (GitHub).
MAX_BYTES = 8_000_000
TIMEOUT = 15.0  # seconds for a whole answer, however slowly it drips

SUMMARY = "/api/v2/summary.json"
HISTORY = "/api/v2/incidents.json"
MAINTENANCES = "/api/v2/scheduled-maintenances.json"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, as the recorder writes it."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class _Remembered:
    """The last good answer of one address, to be confirmed by its ETag."""

    etag: str
    value: object


@dataclass(slots=True)
class StatusPage:
    """`PageSource` over httpx. `heard` is called with every answer (the recorder listens)."""

    provider: str
    base_url: str
    client: httpx.AsyncClient
    clock: Clock
    heard: Callable[[Answer], None] | None = None
    timeout: float = TIMEOUT
    _remembered: dict[str, _Remembered] = field(default_factory=dict)

    async def poll(self, needed: NeededLists) -> Snapshot:
        summary = await self._get(SUMMARY, self._summary)
        lists = needed(summary)
        if PageList.INCIDENTS not in lists:
            return summary
        try:
            recent = await self._get(HISTORY, parse_history)
        except SourceError as error:
            # An outage is told from the summary alone; the list is asked for again.
            return replace(summary, list_failure=str(error))
        if PageList.MAINTENANCES in lists:
            # incident.io's variant has no such list (404).
            with suppress(SourceError):
                recent = (*recent, *await self._get(MAINTENANCES, parse_history))
        return with_history(summary, recent)

    def _summary(self, body: bytes) -> Snapshot:
        return parse_summary(body, self.provider)

    async def _get(self, path: str, parse: Callable[[bytes], T]) -> T:
        """Ask for one address; a 304 gives again what was parsed from it before."""
        url = self.base_url + path
        known = self._remembered.get(path)
        headers = ACCEPT_ENCODING | ({"If-None-Match": known.etag} if known else {})
        try:
            answer = await self._fetch(url, headers)
        except SourceError:
            # Whatever was wrong with it, the next request carries nothing of the last answer.
            self._remembered.pop(path, None)
            raise
        if self.heard is not None:
            self.heard(answer)
        if answer.status == httpx.codes.NOT_MODIFIED and known is not None:
            return cast("T", known.value)
        if answer.status != httpx.codes.OK:
            raise SourceError(
                f"{url} answered {answer.status}",
                retry_after=seconds_to_wait(answer.headers.get("retry-after"), self.clock()),
            )
        value = parse(answer.body)
        etag = answer.headers.get("etag", "")
        if etag.isascii() and etag.isprintable() and etag:  # another one could not be sent
            self._remembered[path] = _Remembered(etag, value)
        else:
            self._remembered.pop(path, None)
        return value

    async def _fetch(self, url: str, headers: dict[str, str]) -> Answer:
        try:
            async with (
                asyncio.timeout(self.timeout),
                self.client.stream("GET", url, headers=headers) as response,
            ):
                body = await read_body(response, MAX_BYTES)
        except TimeoutError:
            raise SourceError(f"{url} gave no whole answer within {self.timeout:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, BodyError) as error:
            reason = str(error).strip() or type(error).__name__
            raise SourceError(f"{url} cannot be read: {reason}") from error
        return Answer(str(response.url), response.status_code, dict(response.headers), body)


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """Read a Retry-After header: seconds, or a date (RFC 9110, 10.2.3). None if it says nothing."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
