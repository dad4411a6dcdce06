"""A Slack of ours and the app in it, by socket and by signed request."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.slack_bot import SlackBot, slack_bot
from tests.servers.slack import SlackServer, running_slack


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack() as slack:
        slack.sockets.ack_seconds = 3.0
        yield slack


@pytest.fixture(params=["socket", "http"])
async def bot(server: SlackServer, request: pytest.FixtureRequest) -> AsyncIterator[SlackBot]:
    async with slack_bot(server, request.param) as running:
        yield running


@pytest.fixture
async def by_socket(server: SlackServer) -> AsyncIterator[SlackBot]:
    async with slack_bot(server, "socket") as running:
        yield running
