"""The HTTP API as it is served, over a real Redis, for its tests."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from adapters.redis.client import open_database
from adapters.redis.database import Database
from adapters.redis.evidence import RedisCrowd, RedisProbes, RedisReports, RedisTraffic
from adapters.redis.incidents import RedisIncidentStore
from adapters.web.app import Web, build
from adapters.web.metrics import Metrics
from adapters.web.server import serving
from bot.domain.incident import EventKind, Impact, Incident, IncidentEvent, Origin
from bot.domain.page import Severity
from bot.domain.state import ComponentState, State
from bot.evidence.collector import Collector
from bot.evidence.stores import EvidenceStores
from bot.status.service import StatusService
from bot.status.snapshot import SharedSnapshot
from tests.delivery_kit import CLAUDE
from tests.servers.redis import Node, standalone

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)
TOKEN = "t0ken"
AUTH = {"Authorization": f"Bearer {TOKEN}"}
COMPONENTS = {
    "rwppv331jlwc": "claude.ai",
    "k8w3r06qmzrp": "Claude API (api.anthropic.com)",
    "yyzkbfz2thpt": "Claude Code",
}


def incident(id_: str, **severities: Severity) -> Incident:
    """An open one, half an hour old, that touches these surfaces."""
    began = NOW - timedelta(minutes=30)
    worst = max(severities.values(), key=lambda severity: severity.rank)
    text = "We are investigating."
    opened = IncidentEvent(
        1, EventKind.OPENED, f"{id_}-1", began, began, worst, "investigating", text
    )
    return Incident(
        "claude",
        id_,
        "Elevated errors",
        "investigating",
        Origin.PROVIDER,
        began,
        worst,
        worst,
        surfaces={surface: Impact(now, now) for surface, now in severities.items()},
        timeline=((began, worst),),
        events=(opened,),
    )


@dataclass
class Running:
    """The application as it is served, and what it works with."""

    http: httpx.AsyncClient
    database: Database
    web: Web
    hints: list[str] = field(default_factory=list)
    seconds: float = 0.0

    async def page_says(self, *incidents: Incident, **severities: Severity) -> None:
        """Store a state with these incidents, in which components (by surface) are that bad."""
        names = {"claude.ai": "ai", "Claude API (api.anthropic.com)": "api", "Claude Code": "code"}
        components = {
            id_: ComponentState(
                name, severity := severities.get(names[name], Severity.UP), severity, NOW
            )
            for id_, name in COMPONENTS.items()
        }
        incident_store = RedisIncidentStore(self.database)
        fence = await incident_store.acquire("claude", "test")
        assert fence is not None
        stored = await incident_store.load("claude")
        running = {one.id: one for one in incidents}
        state = State("claude", NOW, NOW, components=components, incidents=running)
        await incident_store.commit(
            "claude", fence=fence, version=stored.version, state=state, changed=incidents
        )
        self.forget()

    def forget(self) -> None:
        """Let pages read everything anew, as they would a minute later."""
        self.seconds += 100

    def at(self, now: datetime) -> None:
        """Go on as if it were that late."""
        self.web.clock = self.web.status.clock = self.web.status.snapshot.clock = lambda: now
        self.forget()

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers=headers)

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return await self.http.post(path, content=content, headers=AUTH | headers)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with standalone() as running:
        yield running


@pytest.fixture
async def running(node: Node) -> AsyncIterator[Running]:
    database = await open_database(node.url)
    await database.call("FLUSHALL")
    traffic = RedisTraffic(database)
    collector = Collector(
        EvidenceStores(
            RedisProbes(database), traffic, RedisReports(database, b"s"), RedisCrowd(database)
        ),
        CLAUDE,
    )
    incident_store = RedisIncidentStore(database)
    snapshot = SharedSnapshot(incident_store, collector, lambda: NOW)
    status_service = StatusService(CLAUDE, incident_store, snapshot, lambda: NOW)
    made: Running
    hints: list[str] = []
    web = Web(
        status_service,
        traffic,
        Metrics(),
        lambda: NOW,
        lambda: made.seconds,
        random.Random(1),
        token=TOKEN,
        webhook_secret="s3cret",
        hint=hints.append,
    )
    app = build(web, [Route("/elsewhere", lambda _: PlainTextResponse("mounted"))])
    async with (
        serving(app, "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        made = Running(http, database, web, hints)
        await made.page_says()
        yield made
    await database.close()
