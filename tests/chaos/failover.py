"""Redis with replicas, whose primary a test kills; and patience until the next one answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest

from bot.domain.errors import StoreError
from tests.servers.redis import Node, cluster, sentinel


@contextmanager
def one_of_a_cluster() -> Iterator[tuple[str, Node]]:
    with cluster(3, replicas=1) as nodes:
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
        yield f"redis+cluster://{hosts}", nodes[0]


FAIL_OVERS = [pytest.param(one_of_a_cluster, id="cluster"), pytest.param(sentinel, id="sentinel")]


async def insist(work: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await work()
        except StoreError:
            await asyncio.sleep(0.2)
        else:
            return
