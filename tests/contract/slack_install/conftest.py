"""An installable bot and a Slack of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.slack_bot import SlackBot, slack_bot

# slack_sdk 3.47 makes its Authorization header in a way that aiohttp 3.14 warns of.
from tests.contract.slack_install.kit import SECRET
from tests.servers.slack import SlackServer, running_slack


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack() as slack:
        yield slack


@pytest.fixture
async def bot(server: SlackServer) -> AsyncIterator[SlackBot]:
    world = server.world
    async with slack_bot(
        server,
        "http",
        bot_token="",
        client_id=world.client_id,
        client_secret=world.client_secret,
        secret_key=SECRET,
    ) as running:
        yield running
