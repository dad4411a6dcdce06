"""A store on one Redis and on a cluster of three."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.redis.store import Store, open_store
from tests.contract.store.kit import HERE
from tests.servers.redis import cluster, standalone


@pytest.fixture(scope="package", params=["one server", "cluster"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with contextlib.ExitStack() as running:
        if request.param == "cluster":
            nodes = running.enter_context(cluster(3))
            yield nodes[0].url.replace("redis://", "redis+cluster://").removesuffix("/0")
        else:
            yield running.enter_context(standalone()).url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url, lease=0.2) as opened:
        yield opened
        await opened.subscriptions.remove(HERE)
