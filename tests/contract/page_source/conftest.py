"""A page over a real socket, and the source that reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.providers.http import StatusPage
from tests.contract.page_source.kit import NOW
from tests.servers.page import PageServer, page_server


@pytest.fixture
async def server() -> AsyncIterator[PageServer]:
    async with page_server() as server:
        yield server


@pytest.fixture
async def source(server: PageServer) -> AsyncIterator[StatusPage]:
    async with httpx.AsyncClient(follow_redirects=True, max_redirects=5) as client:
        yield StatusPage("claude", server.url, client, lambda: NOW)
