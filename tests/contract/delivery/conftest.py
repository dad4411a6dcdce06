"""A Redis that the tests of delivery share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.redis import standalone


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with standalone() as node:
        yield node.url
