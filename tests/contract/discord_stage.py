"""A stage for Discord: the messenger over a local Discord, connected by the real discord.py."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import discord

from adapters.discord.events import SessionEvents
from adapters.discord.gateway import make_client, point_at
from adapters.discord.messenger import DiscordMessenger
from adapters.discord.refs import Ref
from adapters.discord.rest import RestClient
from adapters.discord.settings import DiscordSettings
from bot.domain.subscription import Channel
from bot.messenger import Messenger
from tests.contract.messenger_contract import Shown
from tests.servers.discord import DiscordServer, Fault
from tests.servers.discord import Message as Stored

POSTS = r"/channels/\d+/(messages|threads)"
FAULTS: dict[str, dict[str, Any]] = {
    "lost_after": {"what": "drop_after"},
    "lost_before": {"what": "drop_before"},
    "limited": {"what": "ratelimit", "retry_after": 0.5},
    "gone": {"what": "error", "status": 403, "code": 50013},
    "tenant_gone": {"what": "error", "status": 404, "code": 10004},
    "malformed": {"what": "error", "status": 400, "code": 50035},
}


class DiscordStage:
    """`kind` is the kind of the channel, by the name Discord's documentation uses."""

    def __init__(self, server: DiscordServer, messenger: DiscordMessenger) -> None:
        self.server = server
        self.discord = messenger
        self.messenger: Messenger = messenger
        self.secret = server.token
        self.guild = 0
        self.channel = Channel("discord", "0", "0")
        self.other = self.channel
        self.foreign = Channel("discord", "404", "404")

    async def build(self, kind: str) -> None:
        director = self.server.director
        self.guild = await director.add_guild()
        self.channel = await self.new_channel(kind)
        self.other = await self.new_channel("TEXT")

    async def new_channel(self, kind: str) -> Channel:
        number = await self.server.director.add_channel(self.guild, kind.lower(), kind)
        return Channel("discord", str(self.guild), str(number))

    def messages(self, channel: Channel) -> list[Stored]:
        """Everything that stands in a channel and its threads, in order."""
        world = self.server.world
        place = int(channel.id)
        homes = [
            place,
            *(t.id for t in world.guilds[self.guild].threads.values() if t.parent == place),
        ]
        found = [m for home in homes for m in world.channels[home].messages.values()]
        return sorted(found, key=lambda message: message.id)

    async def shown(self, channel: Channel) -> Sequence[Shown]:
        world = self.server.world
        place = int(channel.id)
        threads = world.guilds[self.guild].threads
        shown = []
        for message in self.messages(channel):
            assert not message.pinged
            root = self._root(message, place)
            is_root = root is None
            made = is_root and message.id in threads and message.channel == place
            ref = Ref(message.channel, message.id, threaded=made)
            text = json.dumps(message.body, ensure_ascii=False)
            shown.append(Shown(str(ref), str(root) if root else None, text))
        return shown

    def _root(self, message: Stored, place: int) -> Ref | None:
        if message.channel == place:
            if message.reference is None:
                return None
            return self._root_ref(place, int(message.reference["message_id"]))
        if message.channel == message.id:
            return None
        is_post = message.channel in self.server.world.channels[message.channel].messages
        home = message.channel if is_post else place
        return self._root_ref(home, message.channel)

    def _root_ref(self, place: int, root: int) -> Ref:
        threads = self.server.world.guilds[self.guild].threads
        return Ref(place, root, threaded=root in threads and place != root)

    def fail(self, fault: str) -> None:
        self.server.faults.add(Fault(method="POST", path=POSTS, **FAULTS[fault]))


@contextlib.asynccontextmanager
async def connected(
    server: DiscordServer, messenger: DiscordMessenger
) -> AsyncIterator[discord.Client]:
    """A client as the program makes it, with the gateway open."""
    point_at(server.url, server.gateway_url)
    client = make_client(0, 1)
    SessionEvents(client, messenger.rest, messenger.channels.guilds)
    await client.login(server.token)
    running = asyncio.create_task(client.connect())
    try:
        await server.gateway.wait_connected()
        yield client
    finally:
        await client.close()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def reads_history(messenger: DiscordMessenger, channel: Channel, may: bool) -> None:
    """Return when the messenger knows that the bot may read back what stands there, or not."""
    async with asyncio.timeout(60):
        while (await messenger.channels.held(channel)).read_message_history is not may:  # noqa: ASYNC110 - told by the gateway
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def another_messenger(
    server: DiscordServer, **limits: int
) -> AsyncIterator[DiscordMessenger]:
    """A messenger that knows nothing and is not connected. `limits`: of `RestClient`."""
    settings = DiscordSettings(token=server.token, api_url=server.url)
    rest = RestClient(settings, time.monotonic, requests_per_second=None, **limits)
    messenger = DiscordMessenger(rest, clock=server.world.clock, monotonic=time.monotonic)
    try:
        yield messenger
    finally:
        await messenger.close()
        await rest.close()


@contextlib.asynccontextmanager
async def discord_stage(
    server: DiscordServer, kind: str = "TEXT", **limits: int
) -> AsyncIterator[DiscordStage]:
    async with another_messenger(server, **limits) as messenger, connected(server, messenger):
        stage = DiscordStage(server, messenger)
        await stage.build(kind)
        yield stage
