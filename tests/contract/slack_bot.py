"""The bot's Slack half as a whole on a local Slack and a real Redis, heard in either way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette

from adapters.redis.store import Store, open_store
from adapters.slack.platform import Slack, open_slack
from adapters.slack.settings import SlackSettings
from bot.domain.subscription import Channel, Subscription
from bot.messenger import Messenger
from tests.commands_kit import commands_over
from tests.delivery_kit import CLAUDE
from tests.servers.redis import standalone
from tests.servers.slack import SlackServer, eventually


@dataclass
class SlackBot:
    server: SlackServer
    slack: Slack
    store: Store
    http: str = ""

    async def subscription(self, channel: str = "C1", tenant: str = "T1") -> Subscription | None:
        return await self.store.subscriptions.get(Channel("slack", tenant, channel))


def options_for(server: SlackServer, mode: str) -> SlackSettings:
    return SlackSettings(
        bot_token=server.team.token,
        app_token=server.world.app_token if mode == "socket" else "",
        signing_secret=server.world.signing_secret if mode == "http" else "",
        api_url=server.api_url,
    )


@asynccontextmanager
async def slack_bot(
    server: SlackServer,
    mode: str,
    *,
    wait: bool = True,
    page_url: str = "",
    redis: str = "",
    **changes: object,
) -> AsyncIterator[SlackBot]:
    """`mode` is socket or http; `changes` replace options. `wait`: until it is connected.

    `redis`: one that outlives this bot.
    """
    options = options_for(server, mode).model_copy(update=changes)
    async with AsyncExitStack() as stack:
        url = redis or stack.enter_context(standalone()).url
        store = await stack.enter_async_context(open_store(url))
        messengers: dict[str, Messenger] = {}
        commands = commands_over(store.database, messengers, CLAUDE, utc_now, page_url)
        slack = await stack.enter_async_context(
            open_slack(options, store, commands, CLAUDE, utc_now)
        )
        messengers["slack"] = slack.messenger
        bot = SlackBot(server, slack, store)
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
