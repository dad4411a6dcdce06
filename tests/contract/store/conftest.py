"""A store on one Redis and on a cluster of three."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.redis.store import Store, open_store
from tests.contract.store.kit import HERE
from tests.servers.redis import KINDS, one_or_cluster


@pytest.fixture(scope="package", params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with one_or_cluster(request.param) as running:
        yield running


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url, lease=0.2) as opened:
        yield opened
        await opened.subscriptions.remove(HERE)
