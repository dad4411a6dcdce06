"""A local Slack for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.servers.slack import (
    SlackServer,
    running_slack,
)


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with running_slack() as server:
        yield server
