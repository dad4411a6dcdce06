"""The HTTP API over real sockets, on a real Redis."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from adapters.redis.connect import open_database
from adapters.redis.database import Database
from adapters.redis.journal import RedisJournal
from adapters.redis.witness import RedisProbes, RedisReports, RedisTraffic
from adapters.web import openapi
from adapters.web.app import MOST_COUNTS, WRITE_BURST, Web, build
from adapters.web.metrics import Measured, Metrics
from adapters.web.server import serving
from bot.catalog import load_catalog, only
from bot.engine.state import ComponentState, State
from bot.errors import SettingsError
from bot.model import Severity
from bot.oracle import Oracle
from bot.witness import Witness
from tests.servers.redis import Node, standalone

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)
TOKEN = "t0ken"
AUTH = {"Authorization": f"Bearer {TOKEN}"}
COMPONENTS = {
    "rwppv331jlwc": "claude.ai",
    "k8w3r06qmzrp": "Claude API (api.anthropic.com)",
    "yyzkbfz2thpt": "Claude Code",
}


@dataclass
class Running:
    """The application as it is served, and what it works with."""

    http: httpx.AsyncClient
    database: Database
    web: Web
    hints: list[str] = field(default_factory=list)
    seconds: float = 0.0

    async def page_says(self, **severities: Severity) -> None:
        """Store a state in which these components (by surface) are that bad."""
        names = {"claude.ai": "ai", "Claude API (api.anthropic.com)": "api", "Claude Code": "code"}
        components = {
            id_: ComponentState(
                name, severity := severities.get(names[name], Severity.UP), severity, NOW
            )
            for id_, name in COMPONENTS.items()
        }
        journal = RedisJournal(self.database)
        fence = await journal.acquire("claude", "test")
        assert fence is not None
        stored = await journal.load("claude")
        state = State("claude", NOW, NOW, components=components)
        await journal.commit("claude", fence=fence, version=stored.version, state=state, changed=())

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
    catalog = only(load_catalog(), ["claude"])
    traffic = RedisTraffic(database)
    witness = Witness(RedisProbes(database), traffic, RedisReports(database, b"s"), catalog)
    oracle = Oracle(catalog, RedisJournal(database), witness, lambda: NOW)
    made: Running
    hints: list[str] = []
    web = Web(
        oracle,
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


async def test_a_verdict_is_told_with_its_evidence_and_what_to_do(running: Running) -> None:
    await running.page_says(api=Severity.MAJOR)

    answer = await running.get("/v1/verdict/api")

    (verdict,) = answer.json()["verdicts"]
    assert (verdict["severity"], verdict["suspected"]) == ("major_outage", False)
    assert verdict["evidence"][0]["source"] == "page"
    assert verdict["retry"]["do"] == "stop"
    assert answer.json()["exit_code"] == 20
    assert 900 <= int(answer.headers["retry-after"]) <= 1350


async def test_what_is_up_has_no_retry_after(running: Running) -> None:
    answer = await running.get("/v1/verdict/code")

    assert answer.json()["verdicts"][0]["retry"]["do"] == "retry_now"
    assert "retry-after" not in answer.headers


async def test_an_alias_is_understood_and_an_unknown_surface_named(running: Running) -> None:
    assert (await running.get("/v1/verdict/claude%20code")).json()["verdicts"][0][
        "surface"
    ] == "code"
    unknown = await running.get("/v1/verdict/opsu")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_surface")
    assert "opus" in unknown.json()["error"]["message"]


async def test_the_same_answer_later_is_304_and_news_are_not(running: Running) -> None:
    first = await running.get("/v1/verdict")
    running.web.oracle.clock = lambda: NOW + timedelta(seconds=40)
    again = await running.get("/v1/verdict", **{"If-None-Match": first.headers["etag"]})
    await running.page_says(api=Severity.DEGRADED)
    news = await running.get("/v1/verdict", **{"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert news.status_code == 200


async def test_the_answers_are_as_the_description_says(running: Running) -> None:
    described = (await running.get("/openapi.json")).json()
    assert described == json.loads(json.dumps(openapi.description()))
    schema = {"$ref": "#/components/schemas/Verdicts", "components": described["components"]}
    await running.page_says(api=Severity.PARTIAL)

    Draft202012Validator(schema).validate((await running.get("/v1/verdict")).json())


async def test_counts_become_evidence_and_raise_a_suspicion(running: Running) -> None:
    body = {
        "counts": [
            {"surface": "api", "model": "claude-opus-4-6", "outcomes": {"529": 80, "2xx": 20}}
        ]
    }

    assert (await running.post("/v1/signals", body)).status_code == 202

    for surface in ("api", "opus"):
        (verdict,) = (await running.get(f"/v1/verdict/{surface}")).json()["verdicts"]
        assert (verdict["severity"], verdict["suspected"]) == ("degraded", True)
        assert "80 of our own 100 requests failed" in {e["says"] for e in verdict["evidence"]}


async def test_a_batch_with_an_id_counts_once(running: Running) -> None:
    body = {"id": "b-1", "counts": [{"outcomes": {"2xx": 30}}]}

    assert [(await running.post("/v1/signals", body)).json()["counted"] for _ in "ab"] == [
        True,
        False,
    ]


def logged(status: str, code: str = "", *, provider: str = "anthropic", error: str = "") -> Any:
    return {
        "status": status,
        "custom_llm_provider": provider,
        "model": "claude-opus-4-6",
        "messages": [{"role": "user", "content": "a secret"}],
        "error_information": {"error_code": code, "error_class": error},
    }


async def test_litellms_log_is_counted_and_nothing_of_its_prompts_is_kept(
    running: Running,
) -> None:
    batch = [
        *[logged("failure", "529") for _ in range(6)],
        logged("failure", "500"),
        logged("failure", "", error="litellm.Timeout"),
        logged("failure", "429"),
        logged("failure", "400"),
        logged("success"),
        logged("failure", "500", provider="openai"),
        "nonsense",
    ]

    assert (await running.post("/v1/signals/litellm", batch)).json() == {"counted": True}

    counts = {c.surface: c for c in await running.web.traffic.counts(NOW)}
    assert {s: (c.good, c.bad) for s, c in counts.items()} == {"api": (1, 8), "opus": (1, 8)}
    for key in await running.database.call("KEYS", "*"):
        assert b"secret" not in await running.database.call("DUMP", key)


async def test_litellms_other_forms_are_taken_too(running: Running) -> None:
    lines = "\n".join(json.dumps(logged("success")) for _ in range(3))
    await running.post("/v1/signals/litellm", lines)
    await running.post("/v1/signals/litellm", logged("success"))

    assert [c.good for c in await running.web.traffic.counts(NOW)] == [4, 4]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 422, "malformed"),
        (b"\xff\xfe", 422, "malformed"),
        (b"[" * 5000, 422, "malformed"),
        ({"counts": []}, 422, "malformed"),
        ({"counts": [{"outcomes": {"200": 1}}]}, 422, "malformed"),
        ({"counts": [{"outcomes": {"2xx": -1}}]}, 422, "malformed"),
        ({"counts": [{"outcomes": {"2xx": 10**12}}]}, 422, "malformed"),
        ({"counts": [{"outcomes": {"2xx": 1}, "user": "x"}]}, 422, "malformed"),
        ({"counts": [{"outcomes": {"2xx": 1}, "surface": "nope"}]}, 422, "unknown_surface"),
        ({"counts": [{"outcomes": {"2xx": 1}}] * 101}, 422, "malformed"),
        (b"x" * (MOST_COUNTS + 1), 413, "too_large"),
    ],
)
async def test_a_bad_body_is_refused_with_its_reason_and_counts_nothing(
    running: Running, body: Any, status: int, code: str
) -> None:
    answer = await running.post("/v1/signals", body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"]
    assert await running.web.traffic.counts(NOW) == []


async def test_an_oversized_body_without_a_length_is_stopped_while_it_comes(
    running: Running,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    answer = await running.http.post("/v1/signals", content=endless(), headers=AUTH)

    assert answer.status_code == 413


async def test_writing_needs_the_token_and_is_off_without_one(running: Running) -> None:
    body = json.dumps({"counts": [{"outcomes": {"2xx": 1}}]})
    for given in (b"", b"Bearer wrong", b"Bearer t0ken\xe9"):
        headers = {b"Authorization": given}
        answer = await running.http.post("/v1/signals", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    running.web.token = None
    assert (await running.post("/v1/signals", body)).status_code == 403
    assert await running.web.traffic.counts(NOW) == []


async def test_a_flood_is_told_when_to_come_back_and_may_then(running: Running) -> None:
    body = {"counts": [{"outcomes": {"2xx": 1}}]}
    answers = await asyncio.gather(
        *(running.post("/v1/signals", body) for _ in range(WRITE_BURST + 10))
    )
    refused = [answer for answer in answers if answer.status_code == 429]

    assert len(refused) == 10
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    running.seconds += int(refused[0].headers["retry-after"])
    assert (await running.post("/v1/signals", body)).status_code == 202
    assert (await running.get("/v1/verdict")).status_code == 200, "reading has its own rate"


async def test_a_webhook_is_a_hint_for_its_page_and_says_nothing_without_the_secret(
    running: Running,
) -> None:
    await running.post("/hooks/statuspage/s3cret", {"page": {"id": "tymt9n04zgry"}})
    await running.post("/hooks/statuspage/s3cret", b"not JSON")
    wrong = await running.post("/hooks/statuspage/wrong", {})
    never = await running.post("/nothing/here", {})

    assert running.hints == ["claude", "claude"]
    assert (wrong.status_code, wrong.json()) == (never.status_code, never.json())


async def test_errors_have_one_shape_whatever_was_asked(running: Running) -> None:
    for answer in (
        await running.get("/nowhere"),
        await running.get("/v1/signals"),
        await running.http.delete("/v1/verdict"),
    ):
        assert answer.status_code in {404, 405}
        assert set(answer.json()["error"]) == {"code", "message"}


async def test_a_store_that_is_away_is_said_and_health_stays(running: Running, node: Node) -> None:
    with standalone() as gone:
        away = await open_database(gone.url)
    running.web.oracle.journal = RedisJournal(away)

    answer = await running.get("/v1/verdict")

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_away")
    assert (await running.get("/health")).status_code == 200
    await away.close()


async def test_readiness_says_what_is_wrong(running: Running) -> None:
    async def trouble() -> str:
        return "the page was last seen 9 min ago"

    assert (await running.get("/ready")).status_code == 200
    running.web.ready = trouble
    answer = await running.get("/ready")
    assert (answer.status_code, answer.json()["trouble"]) == (503, await trouble())


async def test_metrics_count_events_and_measure_when_asked(running: Running) -> None:
    async def measure() -> Measured:
        return Measured(page_age={"claude": 12.0}, counts={"slack": {"opened": 3}})

    running.web.measure = measure
    running.web.metrics.count_event(None, "", {"event": "incident.news", "kind": "opened"})
    failed = {"event": "delivery.failed", "error": "ChannelGone", "channel": "slack/T1/C1"}
    running.web.metrics.count_event(None, "", failed)
    running.web.metrics.count_event(None, "", {"event": "a sentence. Not an event"})

    text = (await running.get("/metrics")).text

    assert 'isclaudedown_page_age_seconds{provider="claude"} 12.0' in text
    assert 'isclaudedown_deliveries{platform="slack",what="opened"} 3.0' in text
    assert 'isclaudedown_events_total{event="incident.news",kind="opened"} 1.0' in text
    assert 'isclaudedown_events_total{event="delivery.failed",kind="ChannelGone"} 1.0' in text
    assert "sentence" not in text
    assert "C1" not in text


async def test_the_scoreboard_is_empty_but_whole_at_first(running: Running) -> None:
    assert (await running.get("/v1/scoreboard")).json() == {
        "counts": {"lead": 0, "lag": 0, "miss": 0, "false_alarm": 0},
        "median_lead": None,
        "entries": [],
    }


async def test_other_routes_are_served_beside_ours(running: Running) -> None:
    assert (await running.get("/elsewhere")).text == "mounted"


async def test_an_address_in_use_is_a_setting_to_mend(running: Running) -> None:
    app, port = build(running.web), running.http.base_url.port or 0
    with pytest.raises(SettingsError, match=str(port)):
        async with serving(app, "127.0.0.1", port):
            pass
