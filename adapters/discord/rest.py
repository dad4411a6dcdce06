"""Client of Discord's REST API: our own over aiohttp, for one bot token.

discord.py keeps the gateway, the cache and the command tree. Its HTTP client waits for a 429
inside the call and repeats 5xx by itself; the worker keeps the time here, lets other channels go
on meanwhile, and looks before it repeats. So a call has a time limit, its turn included, and says
in its error whether it may have been carried out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Final, NoReturn

import aiohttp
import orjson
import structlog

from adapters.chat.http import Json, encode, open_session
from adapters.discord.attachment import Attachment, form_of
from adapters.discord.errors import (
    BOT_BUCKET,
    DiscordRefused,
    DiscordUnreachable,
    TokenRefused,
    of_limit,
    of_server_error,
    refuses_the_bot,
)
from adapters.discord.rate_limit import (
    INVALID,
    MOST_INVALID,
    REQUESTS_PER_SECOND,
    CircuitBreaker,
    LimitWindow,
    RestRateLimiter,
    SharedLimits,
)
from adapters.discord.request import RestRequest
from adapters.discord.settings import DiscordSettings
from bot import __version__
from bot.domain.errors import RateLimited, Uncertain

log = structlog.get_logger()

# One call, its turn included; the worker gives ten seconds to all calls of a step.
CALL_SECONDS: Final = 8.0
# The worker keeps fewer messages in flight than this: a guess.
CONNECTIONS: Final = 200
# https://docs.discord.com/developers/reference#user-agent
_AGENT: Final = f"DiscordBot (isclaudedown, {__version__})"
_PAUSES: Final = (0.5, 1.5)
# What aiohttp raises before a request goes out; RuntimeError: the session was closed.
_NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, RuntimeError)
_ME: Final = "/users/@me"


class RestClient:
    """Sends requests. The session opens with the first one; `close` ends it for good."""

    def __init__(
        self,
        settings: DiscordSettings,
        monotonic: Callable[[], float],
        *,
        requests_per_second: float | None = REQUESTS_PER_SECOND,
        most_invalid: int = MOST_INVALID,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._limiter = RestRateLimiter(monotonic, requests_per_second, BOT_BUCKET)
        self._breaker = CircuitBreaker(monotonic, BOT_BUCKET, most_invalid)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._me: Json = {}
        self._checking_token = asyncio.Lock()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401 - any JSON
        *,
        query: dict[str, str] | None = None,
        seconds: float = CALL_SECONDS,
        attachment: Attachment | None = None,
        **parameters: str | int,
    ) -> Json:
        """Return the JSON object of the answer (empty where there is none).

        `seconds`: for the turn and all attempts together. `attachment`: sent beside the body.

        Raises:
            DiscordRefused: Discord answered no, and that may mean something to the caller.
            Uncertain: it may have been carried out (never of GET, PATCH, PUT: repeat those).
            DiscordUnreachable: it was not, or may be repeated. RateLimited: it was not.
        """
        request = RestRequest(method, path, parameters, query, body, attachment)
        answer = await self._send(request, seconds)
        return answer if isinstance(answer, dict) else {}

    async def read_list(
        self, path: str, query: dict[str, str] | None = None, **parameters: str | int
    ) -> list[Json]:
        """Return the JSON list that a GET is answered with. Raises as `call` does."""
        answer = await self._send(RestRequest("GET", path, parameters, query, None), CALL_SECONDS)
        return answer if isinstance(answer, list) else []

    async def user_id(self) -> str:
        """Return the bot's own id, asked once. Raises as `call` does."""
        if not self._me:
            self._me = await self.call("GET", _ME)
        return str(self._me.get("id", ""))

    def share_limits(self, shared: SharedLimits) -> None:
        """Count refused requests together with other replicas."""
        self._breaker.shared = shared

    async def close(self) -> None:
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _send(self, request: RestRequest, seconds: float) -> object:
        """Send it until there is an answer, as often as that is harmless and time is left."""
        late = self._monotonic() + seconds
        for pause in (*_PAUSES, None):
            try:
                return await self._attempt(request, late - self._monotonic())
            except DiscordUnreachable:
                left = late - self._monotonic()
                if not request.is_repeatable or pause is None or left < 2 * pause:
                    raise
                await asyncio.sleep(pause)
            except DiscordRefused as refused:
                if request.is_of_interaction or not refuses_the_bot(refused):
                    raise
                await self._check_token()
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, request: RestRequest, seconds: float) -> object:
        slot: AbstractAsyncContextManager[LimitWindow | None] = nullcontext()
        if not request.is_of_interaction:
            if (stopped := self._breaker.wait()) > 0:
                raise RateLimited(self._breaker.reason, retry_after=stopped, bucket=BOT_BUCKET)
            # Half of the time for the turn: what begins has time to be answered.
            slot = self._limiter.slot(request.route, request.major, seconds / 2)
        began = self._monotonic()
        async with slot as window:
            left = seconds - (self._monotonic() - began)
            status, headers, raw = await self._exchange(request, left)
            # A 429 that others caused does not count.
            is_refusal = status in INVALID and headers.get("X-RateLimit-Scope") != "shared"
            if is_refusal and await self._breaker.count():
                log.error("discord.stopped", reason=self._breaker.reason)
            if window is not None:
                window.read(headers, self._monotonic(), accepted=status < 400)
                self._limiter.learn(request.route, request.major, window, headers)
        return self._read(request, status, headers, raw)

    async def _exchange(
        self, request: RestRequest, seconds: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send it once; return status, headers and body of the answer."""
        session = self._session
        if session is None and not self._closed:
            session = self._session = open_session(connections=CONNECTIONS, seconds=CALL_SECONDS)
        if session is None:
            raise DiscordUnreachable("the program is ending")
        headers = {"User-Agent": _AGENT}
        data: aiohttp.FormData | bytes | None = None
        if request.attachment is not None:
            data = form_of(request.body, request.attachment)  # which names its own content type
        elif request.body is not None:
            data = encode(request.body)
        if request.attachment is None:
            headers["Content-Type"] = "application/json"
        if not request.is_of_interaction:
            headers["Authorization"] = f"Bot {self._settings.token}"
        try:
            async with session.request(
                request.method,
                self._settings.base + request.path.format_map(request.parameters),
                data=data,
                params=request.query,
                headers=headers,
                # A connection is given up first, so that its time-out can be told from the other.
                timeout=aiohttp.ClientTimeout(total=seconds, connect=seconds / 2),
            ) as response:
                return response.status, response.headers, await response.read()
        except _NOT_SENT as error:
            raise DiscordUnreachable(type(error).__name__) from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise request.without_answer(type(error).__name__) from None

    def _read(
        self, request: RestRequest, status: int, headers: Mapping[str, str], raw: bytes
    ) -> object:
        """Return what the answer says, or raise what it means."""
        try:
            answer = orjson.loads(raw) if raw else None
        except orjson.JSONDecodeError:
            answer = None  # a proxy's page
        if status < 400:
            return answer
        fields = answer if isinstance(answer, dict) else {}
        if status == 429:
            limited = of_limit(fields, headers)
            if limited.bucket and not request.is_of_interaction:
                self._limiter.block(limited.retry_after)
            raise limited
        code = fields.get("code")
        if status >= 500:
            error = of_server_error(status, code)
            raise request.without_answer(error.reason) if isinstance(error, Uncertain) else error
        raise DiscordRefused(status, code if isinstance(code, int) else 0)

    async def _check_token(self) -> NoReturn:
        """Ask whether the token is refused; one 401 may be a mistake of Discord's.

        Raises:
            TokenRefused: it is, and nothing is sent for a while. DeliveryError: it is not.
        """
        async with self._checking_token:
            try:
                if self._breaker.wait() <= 0:
                    await self._attempt(RestRequest("GET", _ME, {}, None, None), CALL_SECONDS)
                    raise DiscordUnreachable("Discord refused the token once, and then accepted it")
            except DiscordRefused as refused:
                if not refuses_the_bot(refused):
                    raise DiscordUnreachable(str(refused)) from None
                if self._breaker.open(TokenRefused.REASON):
                    status, code = refused.status, refused.code
                    log.error("discord.token_refused", status=status, code=code)  # noqa: TRY400 - a traceback may hold a token or a text
            raise TokenRefused(self._breaker.wait())
