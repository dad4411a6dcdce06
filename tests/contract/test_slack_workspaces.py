"""Slack limits each workspace by itself."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from adapters.chat.http import open_session
from adapters.slack.client import SlackClients, Workspace, identify, web_client
from adapters.slack.messenger import SlackMessenger
from bot.domain.errors import (
    RateLimited,
)
from bot.domain.subscription import Channel
from tests.contract.messenger_contract import card
from tests.servers.slack import SlackServer, running_slack


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack() as slack:
        yield slack


class TwoWorkspaces:
    """Two installations, as the store of a distributed app has them."""

    def __init__(self, *workspaces: Workspace) -> None:
        self._known = {one.tenant: one for one in workspaces}

    async def find(self, tenant: str) -> Workspace:
        return self._known[tenant]


async def test_a_workspace_that_has_had_enough_holds_up_no_other(server: SlackServer) -> None:
    other = server.world.add_workspace("T2")
    other.add_channel("C7")
    async with open_session(connections=10, seconds=10) as session:
        tokens = (server.team.token, other.token)
        both = [await identify(web_client(one, server.api_url, session)) for one in tokens]
        clients = SlackClients(TwoWorkspaces(*both), base_url=server.api_url, session=session)
        messenger = SlackMessenger(clients, monotonic=time.monotonic)
        full, free = Channel("slack", "T1", "C1"), Channel("slack", "T2", "C7")
        before = await messenger.open_thread(full, card(), "k/before")
        server.fail("ratelimited", "chat.postMessage", retry_after=60)
        for _ in range(2):
            with pytest.raises(RateLimited):
                await messenger.open_thread(full, card(), "k/root")
        await messenger.open_thread(free, card(), "k/root")
        # Changing a message has a limit of its own.
        await messenger.revise(full, before, before, card("Over"), "k/before")
    assert server.world.calls["chat.postMessage"] == 3, "the full one was not asked again"
    assert [m.text for m in other.channels["C7"].messages.values()]
