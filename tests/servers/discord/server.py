"""The server: one port for REST, gateway and control."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiohttp import web

from tests.servers.discord import (
    rest_interactions,
    rest_login,
    rest_messages,
    rest_pins,
    rest_threads,
    spec,
)
from tests.servers.discord.api import Api, Call, Handler
from tests.servers.discord.director import Director
from tests.servers.discord.faults import Fault, Faults
from tests.servers.discord.gateway import Gateway
from tests.servers.discord.limits import GENEROUS, Buckets, Limits
from tests.servers.discord.refusals import Refused
from tests.servers.discord.world import Json, World

BASE = "/api/v10"
TOKEN = "test.discord.token"
# They carry their own token and do not count against the bot's global limit.
INTERACTION_ROUTES = ("/interactions/", "/webhooks/")
NO_SPEC_ANSWER = frozenset({"/oauth2/applications/@me", "/applications/@me"})


def _now() -> datetime:
    return datetime.now(UTC)


class DiscordServer:
    """One Discord. `url` is the REST base, `gateway_url` the WebSocket."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = _now,
        limits: Limits = GENEROUS,
        validate: bool = True,
        compress: bool = False,
        token: str = TOKEN,
        latency: float = 0.0,
    ) -> None:
        self.world = World(clock, token=token)
        self.gateway = Gateway(self.world, compress=compress)
        self.faults = Faults()
        self.api = Api(self.world, self.gateway, Buckets(limits))
        self.director = Director(self.api, self.faults)
        self.users = self.director.users
        self.validate = validate
        self.latency = latency
        self.token = token
        self.requests: list[tuple[str, str, int, Any]] = []
        self.violations: list[str] = []
        self.uploads: list[tuple[str, bytes]] = []  # files that came with messages
        self.refuses_files = False
        self.invalid_requests = 0
        self.url = ""
        self.gateway_url = ""
        self._runner: web.AppRunner | None = None

    # life -----------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        app = web.Application(client_max_size=26 * 1024 * 1024)
        for module in (rest_login, rest_pins, rest_messages, rest_threads, rest_interactions):
            for method, path, handler in module.ROUTES:
                app.router.add_route(method, BASE + path, self._carry(path, handler))
        app.router.add_get("/gateway", self.gateway.connect)
        app.router.add_get("/gateway/", self.gateway.connect)
        app.router.add_post("/_control/{method}", self._control)
        app.router.add_route("*", "/{rest:.*}", self._unknown)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0]
        self.url = f"http://{bound[0]}:{bound[1]}{BASE}"
        self.gateway_url = f"ws://{bound[0]}:{bound[1]}/gateway"
        self.gateway.url = self.gateway_url

    async def stop(self) -> None:
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def check(self) -> None:
        """Raise AssertionError if anything sent to us broke Discord's description."""
        assert not self.violations, "\n".join(self.violations)

    # one request ----------------------------------------------------------

    def _carry(
        self, route: str, handler: Handler
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._answer(request, route, handler)

        return handle

    async def _answer(
        self, request: web.Request, route: str, handler: Handler
    ) -> web.StreamResponse:
        path = request.path.removeprefix(BASE)
        raw = await request.read()
        if self.latency:
            await asyncio.sleep(self.latency)
        fault = self.faults.striking(request.method, path)
        if fault is not None and not fault.after and fault.what not in ("drop_after", "slow"):
            return self._struck(request, fault, path)
        if fault is not None and fault.what == "slow" and not fault.after:
            await asyncio.sleep(fault.seconds)
        response = await self._serve(request, route, handler, raw)
        if fault is not None and fault.what == "slow" and fault.after:
            await asyncio.sleep(fault.seconds)
        if fault is not None and (
            fault.what == "drop_after" or (fault.after and fault.what != "slow")
        ):
            return self._struck(request, fault, path)
        return response

    async def _serve(
        self, request: web.Request, route: str, handler: Handler, raw: bytes
    ) -> web.Response:
        path = request.path.removeprefix(BASE)
        params = dict(request.match_info)
        free = path.startswith(INTERACTION_ROUTES)
        if not free and request.headers.get("Authorization") != f"Bot {self.world.token}":
            return self._reply(request, Refused(0).status, Refused(0).body(), {})
        verdict = self.api.buckets.ask(request.method, route, params, free=free)
        if verdict.retry_after is not None:
            scope = "global" if verdict.is_global else "user"
            return self._limited(request, verdict.retry_after, scope, verdict.headers)
        body: Any = None
        try:
            body = await self._body(request, raw)
            self._check_request(request.method, route, body, has_body=bool(raw))
            call = Call(request.method, route, params, dict(request.query), body)
            status, answer = await handler(self.api, call)
        except Refused as refused:
            return self._refuse(request, refused, verdict.headers)
        if self.validate and status != 204 and route not in NO_SPEC_ANSWER:
            wrong = spec.problem(request.method, route, answer, status)
            assert wrong is None, f"this server's own answer is wrong: {wrong}"
        return self._reply(request, status, answer, verdict.headers, body)

    def _check_request(self, method: str, route: str, body: Any, *, has_body: bool) -> None:
        if not self.validate or not has_body:
            return
        wrong = spec.problem(method, route, body)
        if wrong is not None:
            self.violations.append(wrong)
            raise Refused(50035, wrong)

    # answers --------------------------------------------------------------

    def _refuse(
        self, request: web.Request, refused: Refused, headers: dict[str, str]
    ) -> web.Response:
        if refused.status == 429:
            wait = float(refused.more["retry_after"])
            shown = refused.more.pop("header_retry_after", wait)
            extra = {**headers, "Retry-After": str(int(shown) + (shown % 1 > 0))}
            extra |= {"Via": "1.1 google", "X-RateLimit-Scope": "user"}
            return self._reply(request, 429, refused.body(), extra)
        if refused.code in (50035, 50006, 50109):
            self.violations.append(str(refused))
        return self._reply(request, refused.status, refused.body(), headers)

    def _limited(
        self, request: web.Request, wait: float, scope: str, headers: dict[str, str], code: int = 0
    ) -> web.Response:
        body: Json = {
            "message": "You are being rate limited.",
            "retry_after": round(wait, 3),
            "global": scope == "global",
        }
        if code:
            body["code"] = code
        extra = {"Retry-After": str(int(wait) + 1), "Via": "1.1 google", "X-RateLimit-Scope": scope}
        if scope == "global":
            extra["X-RateLimit-Global"] = "true"
        return self._reply(request, 429, body, {**headers, **extra})

    def _reply(
        self,
        request: web.Request,
        status: int,
        answer: Any,
        headers: dict[str, str],
        body: Any = None,
    ) -> web.Response:
        path = request.path.removeprefix(BASE)
        self.requests.append((request.method, path, status, body))
        if status in (401, 403, 429) and headers.get("X-RateLimit-Scope") != "shared":
            self.invalid_requests += 1
        if status == 204:
            return web.Response(status=204, headers=headers)
        # Exactly this content type: discord.py reads JSON under no other.
        headers = {**headers, "Content-Type": "application/json"}
        return web.Response(status=status, body=json.dumps(answer).encode(), headers=headers)

    def _struck(self, request: web.Request, fault: Fault, path: str) -> web.StreamResponse:
        match fault.what:
            case "ratelimit":
                return self._limited(request, fault.retry_after, fault.scope, {}, fault.code)
            case "error":
                body = {"message": f"{fault.status}: ordered by the test", "code": fault.code}
                return self._reply(request, fault.status, body, {})
            case "html" | "cloudflare":
                status = 429 if fault.what == "cloudflare" else fault.status
                self.requests.append((request.method, path, status, None))
                page = "<html><body>error code: 1015</body></html>"
                return web.Response(status=status, text=page, content_type="text/html")
            case _:
                self.requests.append((request.method, path, 0, None))
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=500)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        self.violations.append(f"no such route: {request.method} {request.path}")
        return self._reply(request, 404, {"message": "404: Not Found", "code": 0}, {})

    # control --------------------------------------------------------------

    async def _body(self, request: web.Request, raw: bytes) -> Any:
        if not raw:
            return None
        if request.content_type == "multipart/form-data":
            kind = request.headers["Content-Type"].encode()
            form = message_from_bytes(b"Content-Type: " + kind + b"\r\n\r\n" + raw)
            parts = {
                str(part.get_param("name", header="Content-Disposition")): part
                for part in form.walk()
                if not part.is_multipart()
            }
            payload = _content(parts.pop("payload_json"))
            self.uploads += [(str(part.get_filename()), _content(part)) for part in parts.values()]
            if self.refuses_files and parts:
                raise Refused(40005)
            return json.loads(payload)
        if request.content_type != "application/json":
            raise Refused(50109)
        try:
            return json.loads(raw)
        except ValueError as error:
            raise Refused(50109) from error

    async def _control(self, request: web.Request) -> web.Response:
        """`POST /_control/<director method>` with a JSON object (or list) of arguments."""
        name = request.match_info["method"]
        raw = await request.read()
        arguments = json.loads(raw) if raw else {}
        if name == "violations":
            return web.json_response(self.violations)
        method = None if name.startswith("_") else getattr(self.director, name, None)
        if method is None:
            return web.json_response({"error": f"no method {name}"}, status=404)
        given = isinstance(arguments, list)
        result = await (method(*arguments) if given else method(**arguments))
        return web.json_response(result)


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


@asynccontextmanager
async def serve(**options: Any) -> AsyncIterator[DiscordServer]:
    """Run a Discord in this process; leaving it fails on any violation."""
    server = DiscordServer(**options)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
    server.check()
