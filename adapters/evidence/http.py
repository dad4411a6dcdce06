"""One question to a place of the crowd by HTTP, within limits of size and time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime

import httpx

from adapters.http import ACCEPT_ENCODING, UNANSWERED, BodyError, read_body, seconds_to_wait
from bot.domain.errors import SourceError

MAX_BYTES = 4_000_000
TIMEOUT = 10.0  # seconds for a whole answer


async def ask(
    client: httpx.AsyncClient,
    url: str,
    now: datetime,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    method: str = "GET",
) -> object:
    """Return the JSON of the answer, whatever value it is.

    Raises:
        SourceError: no usable answer; `retry_after` where the place asks for patience. Nothing of
            what was sent or answered is in the text: it may hold a token.
    """
    host = httpx.URL(url).host
    asked = client.build_request(
        method, url, params=params, headers={**ACCEPT_ENCODING, **(headers or {})}
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            response = await client.send(asked, auth=auth, stream=True)
            try:
                body = await read_body(response, MAX_BYTES)
            finally:
                await response.aclose()
    except TimeoutError:
        raise SourceError(f"{host} gave no whole answer within {TIMEOUT:g} s") from None
    except (*UNANSWERED, BodyError) as error:
        raise SourceError(f"{host} cannot be read: {type(error).__name__}") from None
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise Refused(f"{host} refuses us (401)")
    if response.status_code == httpx.codes.NOT_FOUND:
        raise NotThere(f"{host} answered 404")
    if response.status_code != httpx.codes.OK:
        patience = response.headers.get("retry-after")
        reset = response.headers.get("x-ratelimit-reset", "")
        wait = seconds_to_wait(patience, now)
        if (
            wait is None
            and response.headers.get("x-ratelimit-remaining") == "0"
            and reset.isdecimal()
        ):
            wait = max(0.0, float(reset) - now.timestamp())
        raise SourceError(f"{host} answered {response.status_code}", retry_after=wait)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise SourceError(f"{host} sent something that is not JSON") from None


class NotThere(SourceError):
    """The place does not have what was asked for."""


class Refused(SourceError):
    """The place does not accept who we say we are: a token that expired, say."""
