"""What teams can use instead, in a real Redis: kept by team, and forgotten with it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.redis.alternatives import RedisAlternatives
from adapters.redis.client import open_database
from adapters.redis.database import Database
from adapters.redis.forget import forget_tenant
from tests.servers.redis import standalone


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    with standalone() as node:
        opened = await open_database(node.url)
        yield opened
        await opened.close()


async def test_each_team_has_its_own_and_the_last_word_counts(database: Database) -> None:
    teams = RedisAlternatives(database)
    await teams.put("slack/T1", ["openai", "bedrock/eu-west-1"])
    await teams.put("discord/5", ["mistral"])
    await teams.put("slack/T1", ["bedrock/eu-west-1"])

    assert await teams.of("slack/T1") == ("bedrock/eu-west-1",)
    assert await teams.of("slack/T2") == ()
    assert await teams.all() == {"slack/T1": ("bedrock/eu-west-1",), "discord/5": ("mistral",)}

    await teams.put("slack/T1", [])
    assert await teams.all() == {"discord/5": ("mistral",)}


async def test_a_forgotten_workspace_leaves_none(database: Database) -> None:
    teams = RedisAlternatives(database)
    await teams.put("slack/T1", ["openai"])

    assert await forget_tenant(database, "slack", "T1") == 1
    assert await teams.of("slack/T1") == ()
