"""Steering a server that runs as its own process: `/control/<what>`, JSON in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from tests.servers.slack.faults import Fault, RateLimit
from tests.servers.slack.outbound import Delivery
from tests.servers.slack.world import BOT_SCOPES, Json

if TYPE_CHECKING:
    from tests.servers.slack.server import SlackServer

MESSAGE_FIELDS = (
    "ts", "channel", "team", "text", "blocks", "metadata", "thread_ts", "broadcast",
    "versions", "deleted", "client_msg_id",
)  # fmt: skip


async def handle(server: SlackServer, request: web.BaseRequest) -> web.Response:
    """Carry out one control request; an unknown or wrong one is 400 with the reason."""
    what = request.path.rpartition("/")[2]
    try:
        if request.method == "GET":
            return _json(_read(server, what, dict(request.query)))
        raw = await request.read()
        body: Json = orjson.loads(raw) if raw else {}
        return _json(await _act(server, what, body))
    except (KeyError, LookupError, TypeError, ValueError) as error:
        return web.Response(status=400, text=f"{type(error).__name__}: {error}")


def _json(value: Any) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")


def _read(server: SlackServer, what: str, query: dict[str, str]) -> Any:
    world = server.world
    match what:
        case "messages":
            found = [
                m
                for m in world.every_message()
                if query.get("team") in {None, m.team} and query.get("channel") in {None, m.channel}
            ]
            fields = query["fields"].split(",") if "fields" in query else MESSAGE_FIELDS
            return [{name: getattr(m, name) for name in fields} for m in found]
        case "state":
            return _state(server)
        case "responses":
            return world.response_urls[query["id"]].got
    rest: dict[str, Callable[[], Any]] = {
        "ephemerals": lambda: [asdict(m) for t in world.workspaces.values() for m in t.ephemerals],
        "views": lambda: [v for t in world.workspaces.values() for v in t.views.values()],
        "homes": lambda: {t.id: t.homes for t in world.workspaces.values()},
        "log": lambda: world.call_log,
    }
    return rest[what]()


def _state(server: SlackServer) -> Json:
    world = server.world
    return {
        "calls": world.calls,
        "violations": world.violations,
        "sockets": len(server.sockets.connections),
        "opened": server.sockets.opened,
        "messages": sum(1 for _ in world.every_message()),
        "faults": [asdict(f) for f in server.faults.faults],
        "limits": [asdict(limit) for limit in server.faults.limits],
    }


async def _act(server: SlackServer, what: str, body: Json) -> Any:
    change = CHANGES.get(what)
    if change is None:
        return (await _speak(server, what, body)).to_json()
    return change(server, body) or {"ok": True}


async def _speak(server: SlackServer, what: str, body: Json) -> Delivery:
    """The ways in which people and Slack itself speak to the app."""
    match what:
        case "command":
            return await server.command(**body)
        case "event":
            return await server.event(body.pop("event"), **body)
        case "disconnect":
            await server.sockets.send_disconnect(**body)
            return Delivery({}, acked=True)
        case "home":
            return await server.open_home(**body)
        case _:
            return await _use(server, what, body)


async def _use(server: SlackServer, what: str, body: Json) -> Delivery:
    """Using a button or a modal that the app has shown."""
    match what:
        case "click":
            return await server.click(_message(server, body), body.pop("action_id"), **body)
        case "click-view":
            return await server.click_view(_view(server, body), body.pop("action_id"), **body)
        case "submit":
            return await server.submit(_view(server, body), body.pop("values"), **body)
    raise KeyError(what)


def _message(server: SlackServer, body: Json) -> Any:
    """The stored message with `ts`, or the message given whole as `message`."""
    if "message" in body:
        return body.pop("message")
    return server.channel(body.get("channel", "C1"), body.get("team")).messages[body.pop("ts")]


def _view(server: SlackServer, body: Json) -> Json:
    views = server.world.workspaces[body.get("team", "T1")].views
    return views[body.pop("view_id")]


def _set(server: SlackServer, body: Json) -> None:
    """delay, request_url, skew_seconds, forge, ack_seconds, check, history_limit ..."""
    homes: tuple[Any, ...] = (server.faults, server.outbound, server.sockets, server.world)
    for name, value in body.items():
        if name == "allowed_mentions":
            server.world.allowed_mentions |= set(value)
            continue
        home = next((h for h in homes if hasattr(h, name)), None)
        if home is None:
            raise KeyError(name)
        setattr(home, name, value)


def _channel(server: SlackServer, body: Json) -> None:
    """Make a channel, or change the one that is there; `ids` makes many."""
    team = server.world.workspaces[body.pop("team", "T1")]
    ids = body.pop("ids", None) or [body.pop("id")]
    name = body.pop("name", "")
    for id_ in ids:
        channel = team.channels.get(id_) or team.add_channel(id_, name)
        for field, value in body.items():
            if not hasattr(channel, field):
                raise KeyError(field)
            setattr(channel, field, value)


def _sockets(server: SlackServer, body: Json) -> None:
    match body["action"]:
        case "cut":
            server.sockets.cut()
        case "silence":
            server.sockets.silence()
        case other:
            raise KeyError(other)


def _forget(server: SlackServer, _body: Json) -> None:
    """Forget all messages, calls and violations; keep workspaces and channels."""
    world = server.world
    for team in world.workspaces.values():
        team.ephemerals.clear()
        for channel in team.channels.values():
            channel.messages.clear()
            channel.replies.clear()
    world.calls.clear()
    world.call_log.clear()
    world.violations.clear()


def _fault(server: SlackServer, body: Json) -> None:
    server.faults.faults.append(Fault(**body))


def _limit(server: SlackServer, body: Json) -> None:
    server.faults.limits.append(RateLimit(**body))


def _clear(server: SlackServer, _body: Json) -> None:
    server.faults.faults.clear()
    server.faults.limits.clear()
    server.faults.delay = 0.0


def _workspace(server: SlackServer, body: Json) -> Json:
    """A new workspace: id, and optionally token, enterprise, scopes."""
    scopes = frozenset(body.get("scopes", BOT_SCOPES))
    team = server.world.add_workspace(
        body["id"], token=body.get("token"), scopes=scopes, enterprise=body.get("enterprise")
    )
    return {"token": team.token}


def _user(server: SlackServer, body: Json) -> None:
    server.world.workspaces[body.get("team", "T1")].add_user(body["id"], body.get("name", ""))


def _revoke(server: SlackServer, body: Json) -> None:
    server.revoke(body.get("team"), body.get("error", "token_revoked"))


CHANGES: dict[str, Callable[[SlackServer, Json], Json | None]] = {
    "faults": _fault,
    "limits": _limit,
    "clear-faults": _clear,
    "settings": _set,
    "workspace": _workspace,
    "channel": _channel,
    "user": _user,
    "revoke": _revoke,
    "sockets": _sockets,
    "forget": _forget,
}
