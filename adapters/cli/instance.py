"""Asks a running isclaudedown over its HTTP API, for commands on another machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
from pydantic import ValidationError

from adapters.http import ACCEPT_ENCODING, UNANSWERED, BodyError, no_cookies, read_body
from bot import __version__
from bot.domain.errors import SourceError
from bot.status.schema import Document

TIMEOUT = 5.0  # seconds for a whole answer, however slowly it drips; it answers from its store
MAX_BYTES = 2_000_000  # 20 providers give some 100 KB


async def ask_instance(url: str, surfaces: Sequence[str]) -> Document:
    """Return its document of these surfaces (none: of all).

    Raises:
        SourceError: it gave no answer that can be read.
    """
    headers = {"User-Agent": f"isclaudedown/{__version__}", **ACCEPT_ENCODING}
    query = {"surface": ",".join(surfaces)} if surfaces else {}
    try:
        async with (
            asyncio.timeout(TIMEOUT),
            httpx.AsyncClient(headers=headers, cookies=no_cookies(), timeout=TIMEOUT) as http,
            http.stream("GET", f"{url}/v1/verdict", params=query) as answer,
        ):
            answer.raise_for_status()
            body = await read_body(answer, MAX_BYTES)
        return Document.model_validate_json(body)
    except httpx.HTTPStatusError as error:
        raise SourceError(f"{url} answered {error.response.status_code}") from error
    except (*UNANSWERED, TimeoutError) as error:
        raise SourceError(f"{url} gave no answer ({type(error).__name__})") from error
    except BodyError as error:
        raise SourceError(f"{url} cannot be read: {error}") from error
    except ValidationError as error:
        raise SourceError(f"{url} answered something else than a verdict") from error
