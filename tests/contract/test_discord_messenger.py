"""The Discord messenger keeps every messenger's promises in every kind of channel."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.discord_stage import DiscordStage, discord_stage
from tests.contract.messenger_contract import MessengerContract
from tests.servers.discord import DiscordServer, serve


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with serve() as running:
        yield running


@pytest.fixture(params=["TEXT", "FORUM", "ANNOUNCEMENT", "VOICE"])
async def stage(
    server: DiscordServer, request: pytest.FixtureRequest
) -> AsyncIterator[DiscordStage]:
    async with discord_stage(server, request.param) as one:
        yield one


class TestDiscordMessenger(MessengerContract):
    """The shared promises."""
