"""A world of its own for each test, over one real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.redis.client import open_database
from tests.contract.suspected_incidents.kit import (
    World,
)
from tests.servers.redis import Node, standalone


@pytest.fixture(scope="package")
def node() -> Iterator[Node]:
    with standalone() as running:
        yield running


@pytest.fixture
async def world(node: Node) -> AsyncIterator[World]:
    database = await open_database(node.url)
    await database.call("FLUSHALL")
    made = World(database)
    try:
        await made.minutes(2)
        yield made
    finally:
        await database.close()
