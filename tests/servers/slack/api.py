"""The Web API over HTTP: finds the method, applies faults and limits, answers like Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import urlencode

import orjson
from aiohttp import web

from tests.servers.slack import chat, conversations, surfaces
from tests.servers.slack.calls import Call, authenticate, bearer, read_arguments
from tests.servers.slack.faults import Fault, Faults
from tests.servers.slack.world import Json, Refused, World

METHODS: dict[str, Callable[[Call], Json]] = {
    "auth.test": surfaces.auth_test,
    "bots.info": conversations.bot_info,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.get_permalink,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post_message,
    "chat.unfurl": chat.unfurl,
    "chat.update": chat.update,
    "conversations.history": conversations.history,
    "conversations.info": conversations.info,
    "conversations.join": conversations.join,
    "conversations.list": conversations.list_,
    "conversations.members": conversations.members,
    "conversations.open": conversations.open_,
    "conversations.replies": conversations.replies,
    "users.conversations": conversations.of_user,
    "users.info": conversations.user_info,
    "views.open": surfaces.views_open,
    "views.publish": surfaces.views_publish,
    "views.update": surfaces.views_update,
}


class Api:
    """Answers `/api/<method>`. `tickets` are the one-use addresses of Socket Mode."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults
        self.base_url = ""
        self.tickets: set[str] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        method = request.path.rpartition("/")[2]
        try:
            args = await read_arguments(request)
        except Refused as refused:
            return _answer({"ok": False, "error": refused.error})
        token = bearer(request.headers, args)
        known = self.world.tokens.get(token)
        team = known.team if known else ""
        self._count(method, team, args)
        if self.faults.delay:
            await asyncio.sleep(self.faults.delay)
        fault = self.faults.hit(method, team, args)
        if fault and (spoilt := await _spoil_before(fault, request)) is not None:
            return spoilt
        answer = self._carry_out(method, args, token, request)
        if fault and (spoilt := await _spoil_after(fault, request)) is not None:
            return spoilt
        scopes = {"x-oauth-scopes": ",".join(sorted(known.scopes))} if known else {}
        return _answer(answer, headers=scopes)

    def _count(self, method: str, team: str, args: Json) -> None:
        self.world.calls[method] = self.world.calls.get(method, 0) + 1
        if not self.world.open_world:
            entry = (self.world.now(), method, team, str(args.get("channel", "")))
            self.world.call_log.append(entry)

    def _carry_out(self, method: str, args: Json, token: str, request: web.BaseRequest) -> Json:
        try:
            if method == "apps.connections.open":
                return {"ok": True, "url": self._open_ticket(token, args)}
            if method == "oauth.v2.access":
                return {"ok": True} | surfaces.oauth_access(self.world, args, request.headers)
            if method in METHODS:
                call = authenticate(self.world, method, args, token, self.base_url)
                return {"ok": True} | METHODS[method](call)
        except Refused as refused:
            return {"ok": False, "error": refused.error} | refused.extra
        self.world.violate(f"{method}: this server does not know that method")
        return {"ok": False, "error": "unknown_method"}

    def _open_ticket(self, token: str, args: Json) -> str:
        if token != self.world.app_token:
            raise Refused("not_allowed_token_type" if token.startswith("xoxb") else "invalid_auth")
        ticket = f"t{self.world.serial()}"
        self.tickets.add(ticket)
        query = {"ticket": ticket} | ({"debug_reconnects": "true"} if "debug" in args else {})
        return f"{self.base_url.replace('http', 'ws', 1)}/link/?{urlencode(query)}"


def _answer(body: Json, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    kind = "application/json; charset=utf-8"
    return web.Response(
        body=orjson.dumps(body), status=status, headers={"Content-Type": kind} | (headers or {})
    )


async def _spoil_before(fault: Fault, request: web.BaseRequest) -> web.Response | None:
    """Faults under which nothing happens."""
    match fault.kind:
        case "error":
            return _answer({"ok": False, "error": fault.error} | fault.extra)
        case "ratelimited":
            headers = {"Retry-After": str(fault.retry_after)}
            return _answer({"ok": False, "error": "ratelimited"}, 429, headers)
        case "status":
            return web.Response(text="<html>upstream</html>", status=fault.status)
        case "drop_before":
            return _cut(request)
        case "slow_before":
            await asyncio.sleep(fault.seconds)
    return None


async def _spoil_after(fault: Fault, request: web.BaseRequest) -> web.Response | None:
    """Faults of which the caller learns only that something is wrong: the call was carried out."""
    match fault.kind:
        case "taken_error":
            return _answer({"ok": False, "error": fault.error} | fault.extra)
        case "taken_status":
            return web.Response(text="<html>upstream</html>", status=fault.status)
        case "drop_after":
            return _cut(request)
        case "slow_after":
            await asyncio.sleep(fault.seconds)
    return None


def _cut(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
