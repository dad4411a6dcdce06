"""Calls of Discord's REST API through discord.py, with time limits and errors of ours.

discord.py waits for a 429 inside the call and repeats 5xx by itself. Neither fits here: the
courier keeps the time, lets other channels go on meanwhile, and looks before it repeats. So a
trace on discord.py's session ends a call at such an answer; it also tells whether a request went
out without a clear answer (then its outcome is uncertain), and counts refusals for the budget.
"""

from __future__ import annotations

import asyncio
import json
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
import discord
import structlog
from discord.http import Route

from adapters.discord.circuit_breaker import REFUSED_FOR, CircuitBreaker, RequestGate
from adapters.discord.errors import (
    BOT_BUCKET,
    DiscordRefused,
    DiscordUnreachable,
    of_limit,
    of_server_error,
    refuses_the_bot,
)
from bot.domain.errors import DeliveryError, RateLimited, Uncertain

Json = dict[str, Any]

log = structlog.get_logger()

# One call; the courier gives ten seconds to all calls of a step.
CALL_SECONDS: Final = 8.0
# What discord.py is told about waiting inside a call; it takes no less.
PATIENCE_SECONDS: Final = 30.0
_REPEATABLE: Final = frozenset({"GET", "PATCH", "PUT"})


@dataclass(slots=True)
class _Attempt:
    """What became of the requests of one call so far."""

    repeatable: bool
    unclear: bool = False  # a request went out, and no answer told what became of it

    def error(self, reason: str) -> DeliveryError:
        """Return our error for a call that got no clear answer."""
        return Uncertain(reason) if self.unclear else DiscordUnreachable(reason)


class _Ended(Exception):
    """An answer that discord.py would act on itself; `error` is what the caller gets."""

    def __init__(self, error: DeliveryError) -> None:
        super().__init__(error.reason)
        self.error = error


_attempt: ContextVar[_Attempt | None] = ContextVar("attempt", default=None)


class RestClient:
    """The way to Discord. `attach` a client once it is logged in; before, nothing is reachable."""

    def __init__(self, budget: CircuitBreaker, gate: RequestGate) -> None:
        self._budget = budget
        self._gate = gate
        self._client: discord.Client | None = None

    def attach(self, client: discord.Client | None) -> None:
        self._client = client

    @property
    def client(self) -> discord.Client | None:
        return self._client

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        seconds: float = CALL_SECONDS,
        free: bool = False,
        **params: str | int,
    ) -> Json:
        """Return the answer's JSON object (empty where there is none).

        `free`: answers to interactions do not count against the bot's limit.

        Raises:
            Refused: Discord answered no, and that may mean something to the caller.
            Uncertain: it may have been carried out. Unreachable: it was not. RateLimited.
        """
        route = Route(method, path, metadata=None, **params)
        if not free:
            await self._gate()
        answer = await self._ask(route, {} if body is None else {"json": body}, seconds)
        return answer if isinstance(answer, dict) else {}

    async def read(self, path: str, query: Json | None = None, **params: str | int) -> list[Json]:
        """Return the JSON list that a GET is answered with. Raises as `call` does."""
        route = Route("GET", path, metadata=None, **params)
        await self._gate()
        answer = await self._ask(route, {"params": query or {}}, CALL_SECONDS)
        return answer if isinstance(answer, list) else []

    async def replace(self, path: str, body: list[Json], **params: str | int) -> None:
        """PUT a list in place of what is there. Raises as `call` does."""
        await self._gate()
        route = Route("PUT", path, metadata=None, **params)
        await self._ask(route, {"json": body}, 2 * CALL_SECONDS)

    async def _ask(self, route: Route, keywords: Json, seconds: float) -> object:
        if (stopped := self._budget.wait()) > 0:
            raise RateLimited(self._budget.reason, retry_after=stopped, bucket=BOT_BUCKET)
        if self._client is None:
            raise DiscordUnreachable("Discord is not connected yet")
        attempt = _Attempt(repeatable=route.method in _REPEATABLE)
        before = _attempt.set(attempt)
        try:
            async with asyncio.timeout(seconds):
                return await self._translated(self._client, route, keywords, attempt)
        except TimeoutError:
            raise attempt.error("Discord did not answer in time") from None
        finally:
            _attempt.reset(before)

    async def _translated(
        self, client: discord.Client, route: Route, keywords: Json, attempt: _Attempt
    ) -> object:
        try:
            return await _request(client, route, keywords)
        except _Ended as ended:
            raise ended.error from None
        except discord.RateLimited as limited:
            raise RateLimited("429", retry_after=limited.retry_after) from None
        except discord.HTTPException as error:
            raise self._refused(DiscordRefused(error.status, error.code)) from None
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            # RuntimeError: the session was closed, since the program ends or connects anew.
            raise attempt.error(type(error).__name__) from None

    def _refused(self, refused: DiscordRefused) -> Exception:
        if not refuses_the_bot(refused):
            return refused
        reason = "Discord refuses the bot's token"
        if self._budget.stop(reason):
            log.error("discord.token_refused", status=refused.status, code=refused.code)
        return RateLimited(reason, retry_after=REFUSED_FOR, bucket=BOT_BUCKET)

    # --- the trace ----------------------------------------------------------------------------

    def trace(self) -> aiohttp.TraceConfig:
        """Return what discord.py's session is to be traced with."""
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_went_out)
        trace.on_request_end.append(self._answered)
        return trace

    async def _answered(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        status, headers = params.response.status, params.response.headers
        if self._budget.count(status, shared=headers.get("X-RateLimit-Scope") == "shared"):
            log.error("discord.stopped", reason=self._budget.reason)
        attempt = _attempt.get()
        if attempt is None:  # an interaction's answer: discord.py does what it does
            return
        if status == 429:
            raise _Ended(of_limit(await _body(params.response), headers))
        if status >= 500 and not attempt.repeatable:
            # It may have been carried out, and no nonce protects all that we create.
            code = (await _body(params.response)).get("code")
            raise _Ended(of_server_error(status, code))
        attempt.unclear = attempt.unclear and status >= 500


async def _body(response: aiohttp.ClientResponse) -> Json:
    try:
        body = json.loads(await response.read())
    except (ValueError, aiohttp.ClientError):
        return {}
    return body if isinstance(body, dict) else {}


async def _request(client: discord.Client, route: Route, keywords: Json) -> object:
    answer: object = await client.http.request(route, **keywords)
    return answer


async def _went_out(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    params: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    # Whether a question was heard does not matter.
    if (attempt := _attempt.get()) and params.method != "GET":
        attempt.unclear = True
