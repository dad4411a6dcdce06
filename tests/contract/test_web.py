"""What the HTTP API tells, over real sockets, on a real Redis."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from adapters.redis.client import open_database
from adapters.redis.incidents import RedisIncidentStore
from adapters.web import openapi
from adapters.web.app import build
from adapters.web.metrics import Measured
from adapters.web.server import serving
from bot.domain.errors import SettingsError
from bot.domain.page import Severity
from tests.contract.web_bench import NOW, Running, node, running
from tests.servers.redis import Node, standalone

__all__ = ["node", "running"]  # fixtures


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
    running.web.status_service.clock = lambda: NOW + timedelta(seconds=40)
    again = await running.get("/v1/verdict", **{"If-None-Match": first.headers["etag"]})
    await running.page_says(api=Severity.DEGRADED)
    event = await running.get("/v1/verdict", **{"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert event.status_code == 200


async def test_the_answers_are_as_the_description_says(running: Running) -> None:
    described = (await running.get("/openapi.json")).json()
    assert described == json.loads(json.dumps(openapi.description()))
    schema = {"$ref": "#/components/schemas/Verdicts", "components": described["components"]}
    await running.page_says(api=Severity.PARTIAL)

    Draft202012Validator(schema).validate((await running.get("/v1/verdict")).json())


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
    running.web.status_service.incident_store = RedisIncidentStore(away)

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
