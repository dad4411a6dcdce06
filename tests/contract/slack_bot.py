"""The bot's Slack half as a whole on a local Slack and a real Redis, heard in either way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette

from adapters.redis.client import open_database
from adapters.redis.incidents import RedisIncidentStore
from adapters.redis.queue import RedisQueue
from adapters.redis.subscriptions import RedisSubscriptions
from adapters.slack.platform import Slack, open_slack
from adapters.slack.settings import SlackSettings
from bot.catalog.catalog import load_catalog, only
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.domain.subscription import Channel, Subscription
from bot.ports import Messenger
from tests.commands_kit import commands_over
from tests.servers.redis import standalone
from tests.servers.slack import SlackServer, eventually


@dataclass
class SlackBot:
    server: SlackServer
    slack: Slack
    subscriptions: RedisSubscriptions
    queue: RedisQueue
    http: str = ""

    async def subscription(self, channel: str = "C1", tenant: str = "T1") -> Subscription | None:
        return await self.subscriptions.get(Channel("slack", tenant, channel))


def options_for(server: SlackServer, mode: str) -> SlackSettings:
    return SlackSettings(
        bot_token=server.team.token,
        app_token=server.world.app_token if mode == "socket" else "",
        signing_secret=server.world.signing_secret if mode == "http" else "",
        api_url=server.api_url,
    )


@asynccontextmanager
async def slack_bot(
    server: SlackServer, mode: str, *, wait: bool = True, **changes: object
) -> AsyncIterator[SlackBot]:
    """`mode` is socket or http; `changes` replace options. `wait`: until it is connected."""
    options = options_for(server, mode).model_copy(update=changes)
    async with AsyncExitStack() as stack:
        node = stack.enter_context(standalone())
        database = await open_database(node.url)
        stack.push_async_callback(database.close)
        incident_store = RedisIncidentStore(database)
        subscriptions = RedisSubscriptions(database, incident_store)
        queue = RedisQueue(database, "test")
        slack = await stack.enter_async_context(
            open_slack(options, database, monotonic=time.monotonic, wall=time.time)
        )
        messengers: dict[str, Messenger] = {"slack": slack.messenger}
        catalog = only(load_catalog(), ["claude"])
        commands = commands_over(database, messengers, catalog, utc_now)
        reach = ChannelLifecycle(subscriptions, queue, utc_now)
        slack.listen(
            commands, subscriptions=subscriptions, reach=reach, catalog=catalog, clock=utc_now
        )
        bot = SlackBot(server, slack, subscriptions, queue)
        running = asyncio.create_task(slack.run())
        stack.push_async_callback(_end, running)
        if slack.routes:
            bot.http = await stack.enter_async_context(served(slack))
            server.outbound.request_url = bot.http + "/slack/events"
        if options.app_token and wait:
            await eventually(lambda: len(server.sockets.connections) >= 2)
        yield bot


def utc_now() -> datetime:
    return datetime.now(UTC)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def served(slack: Slack) -> AsyncIterator[str]:
    """The routes under uvicorn on a free port; its address."""
    config = uvicorn.Config(Starlette(routes=slack.routes), port=0, log_level="error", ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
