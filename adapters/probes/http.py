"""One look at one target by httpx: what came back, or how it failed. Judging is the core's.

Follows no redirect, reads no more than it needs, and waits no longer than `TIMEOUT` in all. The
key goes only to targets that need one, and only to their own host.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field

import httpx

from adapters.http import ACCEPT_ENCODING, UNANSWERED, BodyError, read_body
from bot.catalog.targets import Target, TargetKind
from bot.evidence.probes import ProbeResponse

TIMEOUT = 10.0  # seconds for a whole look; a generation of one token takes some seconds
LONGEST = 16_384  # bytes; error bodies have some hundreds

# https://platform.claude.com/docs/en/api/versioning
API_VERSION = "2023-06-01"


@dataclass(slots=True)
class HttpProbe:
    """`Probe` over httpx. `client` brings the honest User-Agent."""

    client: httpx.AsyncClient
    key: str | None = field(default=None, repr=False)
    timeout: float = TIMEOUT

    async def look(self, target: Target) -> ProbeResponse:
        headers, body = dict(ACCEPT_ENCODING), None
        if target.kind in {TargetKind.API, TargetKind.MODELS, TargetKind.GENERATION}:
            headers["anthropic-version"] = API_VERSION
        if target.kind in {TargetKind.MODELS, TargetKind.GENERATION} and self.key:
            headers["x-api-key"] = self.key
        if target.kind is TargetKind.GENERATION:  # the smallest there is
            message = {"role": "user", "content": "."}
            body = {"model": target.model, "max_tokens": 1, "messages": [message]}
        request = self.client.stream(
            "POST" if body else "GET",
            target.url,
            headers=headers,
            json=body,
            follow_redirects=False,
        )
        try:
            async with asyncio.timeout(self.timeout), request as response:
                text = await read_body(response, LONGEST, cut=True)
        except (TimeoutError, httpx.TimeoutException):
            return ProbeResponse(failure="timeout")
        except (*UNANSWERED, BodyError, ssl.SSLError, OSError) as error:
            return ProbeResponse(failure=_how(error))
        said = text.decode("utf-8", "replace")
        return ProbeResponse(response.status_code, dict(response.headers), said)


def _how(error: BaseException) -> str:
    """Name the failure by the deepest cause that says more than "it failed"."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    if any(isinstance(c, ssl.SSLError) for c in causes):
        return "tls"
    if any(isinstance(c, socket.gaierror) for c in causes):
        return "dns"
    if isinstance(error, httpx.ConnectError):
        return "connect"
    return "cut"
