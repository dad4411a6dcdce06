"""A Discord of ours and a messenger that speaks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.discord_sending.kit import Clock
from tests.contract.discord_stage import (
    DiscordStage,
    discord_stage,
)
from tests.servers.discord import DiscordServer, serve


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[DiscordServer]:
    async with serve(clock=clock) as running:
        yield running


@pytest.fixture
async def stage(server: DiscordServer) -> AsyncIterator[DiscordStage]:
    async with discord_stage(server) as one:
        yield one
