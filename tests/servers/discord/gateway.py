"""The gateway: sessions, shards, resuming. Plain text frames, or zlib-stream if asked to.

https://discord.com/developers/docs/events/gateway
"""

import asyncio
import contextlib
import json
import secrets
import time
import zlib
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, WSMsgType, web

from tests.servers.discord import payloads
from tests.servers.discord.world import Guild, Json, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT = 0, 1, 2, 6, 7
INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11
PRIVILEGED = (1 << 1) | (1 << 8) | (1 << 15)
GUILDS_INTENT = 1 << 0
PRESENCE = 3
# https://discord.com/developers/docs/events/gateway#rate-limiting; less the network's delay
GROUP_SECONDS = 5.0
ACCEPTED = {PRESENCE: "PRESENCE", 4: "VOICE", 8: "MEMBERS"}


@dataclass(slots=True)
class Session:
    """One shard's session; it outlives its connections."""

    id: str
    shard: int
    shards: int
    intents: int
    seq: int = 0
    events: list[Json] = field(default_factory=list)
    socket: "Socket | None" = None
    invalid: bool = False

    def sees(self, guild_id: int | None) -> bool:
        return self.shard == ((guild_id or 0) >> 22) % self.shards


class Socket:
    """A connection that can compress what it sends."""

    def __init__(self, ws: web.WebSocketResponse, request: web.Request, *, compress: bool) -> None:
        self.ws = ws
        self.transport = request.transport
        self._deflate = zlib.compressobj() if compress else None

    async def send(self, op: int, d: object, *, t: str | None = None, s: int | None = None) -> None:
        text = json.dumps({"op": op, "d": d, "t": t, "s": s})
        with contextlib.suppress(ConnectionError):
            if self._deflate is None:
                await self.ws.send_str(text)
                return
            data = self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
            await self.ws.send_bytes(data)


class Gateway:
    """Accepts connections and sends events to the shards they concern."""

    def __init__(self, world: World, *, compress: bool = False) -> None:
        self.world = world
        self.compress = compress
        self.sessions: dict[str, Session] = {}
        self.heartbeat_ms = 41_250
        self.shards = 1
        self.max_concurrency = 1
        self.identifies = 0
        self.doubled = 0  # identifies of a shard that had a session already
        self.hasty = 0  # identifies within five seconds of another one of the same group
        self._identified: dict[int, float] = {}  # by group
        self.resumes = 0
        self.refuse_resume = False
        self.refuse_identify_with: int | None = None
        self.deaf = False
        self.presences: list[Json] = []
        self.url = ""
        self._sockets: set[Socket] = set()
        self._joined = asyncio.Event()

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(max_msg_size=4096 * 4)
        await ws.prepare(request)
        stream = request.query.get("compress") == "zlib-stream"
        socket = Socket(ws, request, compress=self.compress and stream)
        self._sockets.add(socket)
        session: Session | None = None
        try:
            await socket.send(HELLO, {"heartbeat_interval": self.heartbeat_ms})
            async for frame in ws:
                if frame.type is not WSMsgType.TEXT:
                    break
                session = await self._hear(socket, session, json.loads(frame.data))
        finally:
            self._sockets.discard(socket)
            if session is not None and session.socket is socket:
                session.socket = None
        return ws

    async def _hear(self, socket: Socket, session: Session | None, said: Json) -> Session | None:
        match said.get("op"):
            case 1:
                if not self.deaf:
                    await socket.send(HEARTBEAT_ACK, None)
            case 2:
                return await self._identify(socket, said["d"])
            case 6:
                return await self._resume(socket, said["d"])
            case op if op in ACCEPTED:
                if session is None:
                    await socket.ws.close(code=4003, message=b"Not authenticated.")
                elif op == PRESENCE:
                    self.presences.append(said["d"])
            case _:
                await socket.ws.close(code=4001, message=b"Unknown opcode.")
        return session

    async def _identify(self, socket: Socket, d: Json) -> Session | None:
        self.identifies += 1
        shard, shards = d.get("shard") or (0, 1)
        code = self._identify_refusal(d, shard, shards)
        if code is not None:
            await socket.ws.close(code=code)
            return None
        now, group = time.monotonic(), shard % self.max_concurrency
        self.hasty += now - self._identified.get(group, now - GROUP_SECONDS) < GROUP_SECONDS - 0.25
        self._identified[group] = now
        alive = [s.shard for s in self.sessions.values() if s.socket is not None]
        self.doubled += shard in alive
        session = Session(secrets.token_hex(16), shard, shards, d["intents"], socket=socket)
        self.sessions[session.id] = session
        await self._ready(session)
        self._joined.set()
        return session

    def _identify_refusal(self, d: Json, shard: int, shards: int) -> int | None:
        if self.refuse_identify_with is not None:
            return self.refuse_identify_with
        if d.get("token") != self.world.token:
            return 4004
        if not 0 <= shard < shards:
            return 4010
        if shards < self.shards:
            return 4011
        if not isinstance(d.get("intents"), int):
            return 4013
        return 4014 if d["intents"] & PRIVILEGED else None

    async def _ready(self, session: Session) -> None:
        world = self.world
        mine = [g for g in world.guilds.values() if g.bot_is_in and session.sees(g.id)]
        ready = {
            "v": 10,
            "user": payloads.me(world),
            "guilds": [{"id": str(g.id), "unavailable": True} for g in mine],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [session.shard, session.shards],
            "application": {"id": str(world.application), "flags": 0},
            "private_channels": [],
        }
        await self._send(session, "READY", ready)
        for guild in mine:
            if not guild.unavailable and session.intents & GUILDS_INTENT:
                await self._send(session, "GUILD_CREATE", payloads.guild_create(world, guild))

    async def _resume(self, socket: Socket, d: Json) -> Session | None:
        session = self.sessions.get(d.get("session_id", ""))
        known = session is not None and not session.invalid and not self.refuse_resume
        if session is None or not known or d.get("token") != self.world.token:
            await socket.send(INVALID_SESSION, False)
            return None
        self.resumes += 1
        session.socket = socket
        for event in [e for e in session.events if e["s"] > (d.get("seq") or 0)]:
            await socket.send(DISPATCH, event["d"], t=event["t"], s=event["s"])
        await self._send(session, "RESUMED", {"_trace": []})
        self._joined.set()
        return session

    async def _send(self, session: Session, name: str, data: Json) -> None:
        session.seq += 1
        session.events.append({"t": name, "d": data, "s": session.seq})
        del session.events[:-5000]
        if session.socket is not None and not self.deaf:
            await session.socket.send(DISPATCH, data, t=name, s=session.seq)

    async def dispatch(self, name: str, data: Json, *, guild: int | None) -> int:
        """Send an event to every session that sees this guild; returns to how many."""
        seeing = [s for s in self.sessions.values() if s.sees(guild) and not s.invalid]
        for session in seeing:
            await self._send(session, name, data)
        return sum(s.socket is not None for s in seeing)

    async def guild_event(self, guild: Guild, name: str, data: Json) -> None:
        if guild.bot_is_in and not guild.unavailable:
            await self.dispatch(name, data, guild=guild.id)

    def live_shards(self) -> list[int]:
        """Return the shards that are connected, each as often as it is."""
        return sorted(s.shard for s in self.sessions.values() if s.socket is not None)

    @property
    def connected(self) -> int:
        return sum(s.socket is not None for s in self.sessions.values())

    async def wait_connected(self, count: int = 1) -> None:
        """Return when this many shards are identified and connected."""
        while self.connected < count:
            self._joined.clear()
            await self._joined.wait()

    async def drop(self, *, code: int | None = None) -> None:
        """Cut every connection: with a close code, or without a word."""
        for socket in list(self._sockets):
            if code is not None:
                await socket.ws.close(code=code)
            elif socket.transport is not None:
                socket.transport.abort()

    async def send_raw(self, frame: str | bytes) -> None:
        """Send every connection something that may be no frame at all."""
        for socket in list(self._sockets):
            if isinstance(frame, str):
                await socket.ws.send_str(frame)
            else:
                await socket.ws.send_bytes(frame)

    async def ask_to_reconnect(self) -> None:
        for socket in list(self._sockets):
            await socket.send(RECONNECT, None)

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Invalidate every session; they must identify again unless resumable."""
        for session in self.sessions.values():
            session.invalid = not resumable
            if session.socket is not None:
                await session.socket.send(INVALID_SESSION, resumable)

    async def close(self) -> None:
        for socket in list(self._sockets):
            await socket.ws.close(code=WSCloseCode.GOING_AWAY)
