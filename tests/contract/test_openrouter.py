"""OpenRouter's figures over real sockets: read, limited, refused; kept in Redis and answered."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from adapters.evidence.checks import check_sources
from adapters.evidence.opened import open_crowd
from adapters.evidence.openrouter import OpenRouter, uptime
from adapters.redis.client import open_database
from adapters.redis.evidence import evidence_stores
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.domain.checks import Health
from bot.domain.errors import SourceError
from bot.evidence.collector import Collector
from bot.loops.crowd import CrowdLoop
from bot.settings import Settings
from tests.servers.openrouter import KEY, OpenRouterServer
from tests.servers.redis import standalone
from tests.shared import shared_path

NOW = datetime(2026, 9, 22, 13, 44, tzinfo=UTC)
CATALOG = only(load_catalog(), ["claude"])
MODELS = {"opus": "anthropic/claude-opus-5", "sonnet": "anthropic/claude-sonnet-5"}
TROUBLE = [
    ("Anthropic", "anthropic", 41.2, 98.7),
    ("Amazon Bedrock", "amazon-bedrock", 99.6, 99.8),
    ("Google", "google-vertex", 100, 99.9),
    ("Google", "google-vertex/europe", None, 99.1),
]
SAID = "Anthropic 41 % of requests well in 5 min, usual 99 %; Amazon Bedrock 100 %, Google 100 %"


@pytest.fixture
async def server() -> AsyncIterator[OpenRouterServer]:
    async with OpenRouterServer(list(TROUBLE)) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as opened:
        yield opened


def source(server: OpenRouterServer, client: httpx.AsyncClient, key: str = KEY) -> OpenRouter:
    return OpenRouter(client, server.url, key, MODELS)


async def test_opus_in_trouble_at_anthropic_and_well_by_bedrock_is_said_from_the_store(
    server: OpenRouterServer, client: httpx.AsyncClient
) -> None:
    with standalone() as node:
        database = await open_database(node.url)
        stores = evidence_stores(database, None)
        loop = CrowdLoop([], stores.crowd, lambda: NOW, random.Random(1))
        await loop.ask(source(server, client))
        evidence = (await Collector(stores, CATALOG).collect(NOW))(None)
        await database.close()
    assert [(p.source, p.surface, p.says) for p in evidence] == [("openrouter", "opus", SAID)]


async def test_models_are_asked_in_turn_and_each_keeps_its_own_time(
    server: OpenRouterServer, client: httpx.AsyncClient
) -> None:
    asking = source(server, client)
    later = NOW + timedelta(seconds=35)
    await asking.read(NOW)
    found = await asking.read(later)
    assert server.asked == [f"/models/{slug}/endpoints" for slug in MODELS.values()]
    assert [(one.surface, one.at) for one in found] == [("opus", NOW), ("sonnet", later)]


@pytest.mark.parametrize(
    ("fault", "wait"),
    [((429, {"Retry-After": "120"}), 120.0), ((402, {}), None), ((503, {}), None), ("html", None)],
)
async def test_a_quota_and_a_failure_are_unknown_and_the_next_model_is_asked_all_the_same(
    server: OpenRouterServer, client: httpx.AsyncClient, fault: object, wait: float | None
) -> None:
    asking = source(server, client)
    server.faults.append(fault)
    with pytest.raises(SourceError) as caught:
        await asking.read(NOW)
    assert caught.value.retry_after == wait
    assert [one.surface for one in await asking.read(NOW)] == ["sonnet"]


async def test_a_model_that_openrouter_does_not_have_is_unknown_and_delays_no_other(
    server: OpenRouterServer, client: httpx.AsyncClient
) -> None:
    asking = source(server, client)
    await asking.read(NOW)
    server.missing = {"anthropic/claude-sonnet-5"}
    assert [one.surface for one in await asking.read(NOW)] == ["opus"]
    assert asking.missing == server.missing
    server.missing = {"anthropic/claude-opus-5"}
    assert await asking.read(NOW) == []
    server.missing = set()
    assert [one.surface for one in await asking.read(NOW)] == ["sonnet"]
    assert asking.missing == {"anthropic/claude-opus-5"}


async def test_the_doctor_names_the_model_that_openrouter_does_not_have(
    server: OpenRouterServer,
) -> None:
    known = CATALOG.providers["claude"].crowd
    assert known is not None
    server.missing = {known.openrouter["sonnet"]}
    settings = Settings(openrouter_api_key=SecretStr(KEY), openrouter_url=server.url)
    found = [one async for one in check_sources(settings, CATALOG, lambda: NOW)]
    assert [(one.health, one.says) for one in found] == [
        (
            Health.WARNING,
            f"has no model {known.openrouter['sonnet']}, so nothing is known of it there",
        ),
        (Health.GOOD, "answers"),
    ]


async def test_the_doctor_says_why_a_source_is_unknown(server: OpenRouterServer) -> None:
    settings = Settings(openrouter_api_key=SecretStr("sk-or-expired"), openrouter_url=server.url)
    (found,) = [one async for one in check_sources(settings, CATALOG, lambda: NOW)]
    assert found.health is Health.WARNING
    assert found.says == "OpenRouter does not accept OPENROUTER_API_KEY"


async def test_a_key_that_expired_is_said_without_showing_it(
    server: OpenRouterServer, client: httpx.AsyncClient
) -> None:
    asking = source(server, client, "sk-or-expired")
    with pytest.raises(SourceError, match="does not accept OPENROUTER_API_KEY") as caught:
        await asking.read(NOW)
    assert "sk-or-expired" not in str(caught.value) + repr(asking)


@pytest.mark.parametrize("figure", [None, "41", True, -1, 101])
async def test_no_traffic_and_what_is_no_per_cent_are_unknown(
    server: OpenRouterServer, client: httpx.AsyncClient, figure: object
) -> None:
    server.endpoints = [("Anthropic", "anthropic", figure, 98.7), *TROUBLE[1:]]
    assert await source(server, client).read(NOW) == []


@pytest.mark.parametrize("answer", [None, [], {}, {"data": None}, {"data": {"endpoints": {}}}])
def test_another_shape_is_unknown(answer: object) -> None:
    with pytest.raises(SourceError, match="no list of endpoints"):
        uptime(answer, "opus", NOW)


def test_the_written_sample_is_read() -> None:
    sample = shared_path("samples/openrouter/model_endpoints_written.json")
    answer = json.loads(sample.read_text())
    found = uptime(answer, "opus", NOW)
    assert found is not None
    assert (found.percent, found.usual) == (41.2, 98.7)
    assert found.elsewhere == {"Amazon Bedrock": 99.6, "Google": 100}


async def test_the_key_switches_it_on() -> None:
    settings = Settings(openrouter_api_key=SecretStr(KEY))
    async with open_crowd(settings, CATALOG, None, lambda: NOW, lambda: True) as loop:  # type: ignore[arg-type]  # never read
        assert [one.name for one in loop.sources] == ["openrouter"]
