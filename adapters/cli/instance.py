"""Asks a running isclaudedown over its HTTP API, for commands on another machine."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
from pydantic import ValidationError

from adapters.http import UNANSWERED
from bot import __version__
from bot.domain.errors import SourceError
from bot.status.schema import Document

TIMEOUT = 10.0  # seconds; it answers from its store


async def ask_instance(url: str, surfaces: Sequence[str]) -> Document:
    """Return its document of these surfaces (none: of all).

    Raises:
        SourceError: it gave no answer that can be read.
    """
    headers = {"User-Agent": f"isclaudedown/{__version__}"}
    query = {"surface": ",".join(surfaces)} if surfaces else {}
    try:
        async with httpx.AsyncClient(headers=headers, timeout=TIMEOUT) as http:
            answer = await http.get(f"{url}/v1/verdict", params=query)
            answer.raise_for_status()
        return Document.model_validate_json(answer.content)
    except httpx.HTTPStatusError as error:
        raise SourceError(f"{url} answered {error.response.status_code}") from error
    except UNANSWERED as error:
        raise SourceError(f"{url} gave no answer ({type(error).__name__})") from error
    except ValidationError as error:
        raise SourceError(f"{url} answered something else than a verdict") from error
