"""The server as a whole, and what a test does with it: type a command, press a button, look."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import orjson
from aiohttp import web

from tests.servers.slack import control, payloads
from tests.servers.slack.api import Api
from tests.servers.slack.faults import Fault, Faults
from tests.servers.slack.outbound import Delivery, Outbound
from tests.servers.slack.sockets import Sockets
from tests.servers.slack.world import Channel, Json, Message, Workspace, World

T = TypeVar("T")


class SlackServer:
    """A whole Slack at `url` (Web API at `api_url`). It starts with one workspace, `T1`.

    `T1` has the channels C1 (#ops, bot inside), C2 (#dev, public, bot outside), G1 (private, bot
    inside) and the users U1 (ada) and U2 (bob).
    """

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.sockets = Sockets()
        self.faults = Faults(self.world.now)
        self.api = Api(self.world, self.faults)
        self.outbound = Outbound(self.world, self.sockets)
        self.team = self.world.add_workspace("T1")
        self.team.add_user("U2", "bob")
        self.team.add_channel("C1", "ops", members={"U1", "U2"})
        self.team.add_channel("C2", "dev", bot_is_member=False, members={"U1"})
        self.team.add_channel("G1", "secret", private=True, members={"U1"})
        self.url = ""
        self._runner: web.ServerRunner | None = None

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=1024)
        await site.start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        self.api.base_url = self.url

    async def stop(self) -> None:
        await self.sockets.send_disconnect("link_disabled")
        await self.outbound.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith("/api/"):
            return await self.api.handle(request)
        if path.startswith("/link"):
            ticket = request.query.get("ticket", "")
            if ticket not in self.api.tickets:
                return web.Response(status=403)
            self.api.tickets.discard(ticket)
            return await self.sockets.serve(request)
        if path.startswith("/response/"):
            return await self._take_response(request)
        if path.startswith("/control/"):
            return await control.handle(self, request)
        return web.Response(status=404)

    async def _take_response(self, request: web.BaseRequest) -> web.StreamResponse:
        url = self.world.response_urls.get(request.path.rpartition("/")[2])
        if url is None:
            return web.Response(status=404, text="invalid_url")
        if self.world.response_urls_fail:
            return web.Response(status=500, text="fatal_error")
        body: Json = orjson.loads(await request.read())
        kinds = {block["type"] for block in body.get("blocks", [])}
        if kinds & self.world.refused_blocks:
            return web.Response(status=400, text="invalid_blocks")
        error = payloads.take_response(url, body, self.world.now())
        if error is not None:
            self.world.violate(f"response_url: {error}")
            return web.json_response({"ok": False, "error": error}, status=404)
        return web.Response(text="ok")

    def response_address(self, id_: str) -> str:
        return f"{self.url}/response/{id_}"

    def channel(self, id_: str, team: str | None = None) -> Channel:
        return (self.world.workspaces[team] if team else self.team).channels[id_]

    def messages(self, channel: str, team: str | None = None) -> list[Message]:
        """The channel's messages that still stand, oldest first, replies included."""
        found = self.channel(channel, team).messages.values()
        return sorted((m for m in found if not m.deleted), key=lambda m: float(m.ts))

    def direct_messages(self, user: str = "U1", team: str | None = None) -> list[Message]:
        """What the app wrote to `user` alone."""
        return self.messages(self._team(team).direct(user).id, team)

    def roots(self, channel: str, team: str | None = None) -> list[Message]:
        return [m for m in self.messages(channel, team) if m.thread_ts is None]

    def thread(self, channel: str, ts: str, team: str | None = None) -> list[Message]:
        return [m for m in self.messages(channel, team) if m.thread_ts == ts]

    def fail(self, kind: Any, method: str = "*", **what: Any) -> Fault:
        """Arrange a fault (see `Fault`); it stays until used up."""
        fault = Fault(kind, method, **what)
        self.faults.faults.append(fault)
        return fault

    async def command(
        self, text: str, channel: str = "C1", user: str = "U1", team: str | None = None
    ) -> Delivery:
        """`user` types `/isclaudedown <text>` in `channel`."""
        workspace = self._team(team)
        place = workspace.channels[channel]
        url = self.world.new_response_url(workspace.id, channel, user)
        payload = payloads.command(
            self.world, workspace, place, user, self.response_address(url.id),
            command="/isclaudedown", text=text,
        )  # fmt: skip
        return await self.outbound.send("slash_commands", payload, url)

    async def click(
        self,
        message: Message | Json,
        action_id: str,
        *,
        user: str = "U1",
        channel: str = "C1",
        team: str | None = None,
    ) -> Delivery:
        """`user` presses the button `action_id` of a stored message or of an ephemeral answer."""
        workspace = self._team(team)
        stored = isinstance(message, Message)
        shown = message.to_json(metadata=False) if isinstance(message, Message) else message
        shown = {"ts": self.world.next_ts(), "type": "message"} | shown
        url = self.world.new_response_url(workspace.id, channel, user, shown["ts"])
        payload = payloads.click_on_message(
            self.world, workspace, workspace.channels[channel], user,
            self.response_address(url.id),
            message=shown, action=find_action(shown, action_id), ephemeral=not stored,
        )  # fmt: skip
        return await self.outbound.send("interactive", payload, url)

    async def click_view(
        self,
        view: Json,
        action_id: str,
        choice: str = "",
        *,
        user: str = "U1",
        team: str | None = None,
    ) -> Delivery:
        """`user` presses a button of a modal or the home, or takes `choice` (a value) of a menu."""
        action = find_action(view, action_id, choice=choice)
        payload = payloads.click_on_view(self.world, self._team(team), user, view, action)
        return await self.outbound.send("interactive", payload)

    async def shortcut(self, callback_id: str, text: str = "", *, user: str = "U1") -> Delivery:
        """`user` takes a global shortcut, or with `text` one of a message in C1 that says it."""
        if not text:
            payload = payloads.shortcut(self.world, self.team, user, callback_id)
            return await self.outbound.send("interactive", payload)
        url = self.world.new_response_url(self.team.id, "C1", user)
        payload = payloads.message_shortcut(
            self.world, self.team, self.channel("C1"), user, self.response_address(url.id),
            callback_id=callback_id,
            message={"type": "message", "user": "U2", "ts": self.world.next_ts(), "text": text},
        )  # fmt: skip
        return await self.outbound.send("interactive", payload, url)

    async def say(self, text: str, *, user: str = "U1") -> Delivery:
        """`user` types `text` in the conversation with the app."""
        channel = self.team.direct(user).id
        ts = self.world.next_ts()
        said = {"type": "message", "channel_type": "im", "channel": channel, "user": user}
        return await self.event(said | {"text": text, "ts": ts})

    async def pick(self, view: Json, action_id: str, channel: str, *, user: str = "U1") -> Delivery:
        """`user` takes another channel in a form's picker, which says so at once."""
        action = find_action(view, action_id) | {"selected_conversation": channel}
        payload = payloads.click_on_view(self.world, self.team, user, view, action)
        return await self.outbound.send("interactive", payload)

    async def submit(
        self, view: Json, values: Json, *, user: str = "U1", team: str | None = None
    ) -> Delivery:
        """`user` sends a modal; `values` is block_id -> action_id -> value, as in `view.state`."""
        payload = payloads.view_submission(self.world, self._team(team), user, view, values)
        return await self.outbound.send("interactive", payload)

    async def event(
        self, inner: Json, *, team: str | None = None, event_id: str | None = None
    ) -> Delivery:
        payload = payloads.event(self.world, self._team(team), inner, event_id)
        return await self.outbound.send("events_api", payload)

    async def open_home(self, user: str = "U1", team: str | None = None) -> Delivery:
        channel = self._team(team).direct(user).id
        inner = {"type": "app_home_opened", "user": user, "channel": channel, "tab": "home"}
        return await self.event(inner, team=team)

    def agree(self, team: str = "T1", **what: Any) -> str:
        """A person presses Allow on the install page: the code that Slack sends to the app."""
        code = f"code-{self.world.serial()}"
        self.world.oauth_codes[code] = {"team": team} | what
        return code

    def revoke(self, team: str | None = None, error: str = "token_revoked") -> None:
        self.world.tokens[self._team(team).token].revoked = error

    def views(self, team: str | None = None) -> list[Json]:
        return [v for v in self._team(team).views.values() if v["type"] == "modal"]

    def _team(self, id_: str | None) -> Workspace:
        return self.world.workspaces[id_] if id_ else self.team


async def eventually(look: Callable[[], T | None], patience: float = 60.0) -> T:
    """What `look` gives once it gives something true.

    Raises:
        TimeoutError: it never did.
    """
    async with asyncio.timeout(patience):
        for pause in itertools.chain([0.0], itertools.repeat(0.01)):
            await asyncio.sleep(pause)
            if found := look():
                return found
    raise TimeoutError


def find_action(node: Any, action_id: str, block_id: str = "", choice: str = "") -> Json:
    """What Slack reports when the element `action_id` below `node` is used.

    `choice` is the value of one of its options.

    Raises:
        LookupError: there is no such element, or none with that option.
    """
    if isinstance(node, dict):
        block_id = node.get("block_id", block_id)
        options = {o["value"]: o for o in node.get("options", ())}
        if node.get("action_id") == action_id and (not choice or choice in options):
            if choice:
                taken = {"action_id": action_id, "type": node["type"], "block_id": block_id}
                return taken | {"selected_option": options[choice]}
            known = {k: node[k] for k in ("action_id", "type", "value", "text") if k in node}
            return known | {"block_id": block_id, "action_ts": "1700000000.000001"}
        children = list(node.values())
    else:
        children = node if isinstance(node, list) else []
    for child in children:
        try:
            return find_action(child, action_id, block_id, choice)
        except LookupError:
            continue
    raise LookupError(action_id)


@asynccontextmanager
async def running_slack(world: World | None = None, *, port: int = 0) -> AsyncIterator[SlackServer]:
    """A Slack inside this event loop.

    Raises:
        AssertionError: at the end, if it was sent anything that real Slack refuses or that pings.
    """
    server = SlackServer(world)
    await server.start(port)
    try:
        yield server
    finally:
        await server.stop()
    if server.world.violations:
        raise AssertionError("sent to Slack:\n" + "\n".join(server.world.violations[:20]))
