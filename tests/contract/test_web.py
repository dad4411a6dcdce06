"""What the HTTP API tells, over real sockets, on a real Redis."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from adapters.redis.client import open_database
from adapters.redis.incidents import RedisIncidentStore
from adapters.web.app import ENDPOINTS
from adapters.web.metrics import Measured
from adapters.web.server import listen
from bot import __version__
from bot.cli import cli
from bot.domain.page import Severity
from tests.contract.web_bench import NOW, Running, incident, node, running
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
    running.web.status.clock = lambda: NOW + timedelta(seconds=40)
    again = await running.get("/v1/verdict", **{"If-None-Match": first.headers["etag"]})
    await running.page_says(api=Severity.DEGRADED)
    event = await running.get("/v1/verdict", **{"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert event.status_code == 200


async def test_the_answers_are_as_the_description_says(running: Running) -> None:
    described = (await running.get("/openapi.json")).json()
    await running.page_says(incident("i1", api=Severity.PARTIAL), api=Severity.PARTIAL)

    for path, asked in {
        "/v1/verdict": "/v1/verdict",
        "/v1/verdict/{surface}": "/v1/verdict/api",
        "/v1/incidents": "/v1/incidents",
        "/v1/incidents/{key}": "/v1/incidents/claude/i1",
        "/v1/incidents/{key}/report": "/v1/incidents/claude/i1/report",
        "/v1/history": "/v1/history?days=400",
        "/v1/uptime": "/v1/uptime?days=30&slo=99.9",
        "/v1/scoreboard": "/v1/scoreboard",
    }.items():
        well = described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        schema = {**well["schema"], "components": described["components"]}
        Draft202012Validator(schema).validate((await running.get(asked)).json())


async def test_the_description_is_itself_valid_openapi(running: Running) -> None:
    described = (await running.get("/openapi.json")).json()
    assert set(described["paths"]) == {
        re.sub(r"{(\w+):path}", r"{\1}", endpoint.path) for endpoint in ENDPOINTS
    }
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


async def test_the_command_prints_the_schema_of_that_document(running: Running) -> None:
    printed = CliRunner().invoke(cli, ["schema"])
    Draft202012Validator(json.loads(printed.stdout)).validate(
        (await running.get("/v1/verdict")).json()
    )


async def test_several_surfaces_may_be_asked_for_and_incidents_are_narrowed(
    running: Running,
) -> None:
    await running.page_says(
        incident("i1", api=Severity.PARTIAL), incident("i2", code=Severity.DEGRADED)
    )
    answer = (await running.get("/v1/verdict?surface=api,claude.ai")).json()

    assert {one["surface"] for one in answer["verdicts"]} == {"api", "claude.ai"}
    assert [one["id"] for one in answer["incidents"]] == ["i1"]
    assert (await running.get("/v1/incidents?surface=code")).json()["incidents"][0]["id"] == "i2"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/verdict?surfaces=api",
        "/v1/history?days=0",
        "/v1/history?days=soon",
        "/v1/verdict/api?at=now",
    ],
)
async def test_a_parameter_that_is_not_known_is_refused_by_name(
    running: Running, path: str
) -> None:
    answer = await running.get(path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "malformed")
    assert path.partition("?")[2].partition("=")[0] in answer.json()["error"]["message"]


async def test_an_incident_is_found_by_its_key_or_its_id_with_its_texts(running: Running) -> None:
    await running.page_says(incident("i1", api=Severity.PARTIAL))

    for name in ("claude/i1", "i1"):
        found = (await running.get(f"/v1/incidents/{name}")).json()
        assert found["events"][0]["text"] == "We are investigating."
    missing = await running.get("/v1/incidents/nowhere")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "unknown_incident")


async def test_what_the_people_of_one_workspace_suspect_is_not_for_everybody(
    running: Running,
) -> None:
    title = "Suspected trouble, not confirmed"
    theirs = incident("theirs1", code=Severity.DEGRADED)
    await running.page_says(replace(theirs, title=title, visibility=("slack/T1",)))

    for path in ("/v1/verdict", "/v1/incidents", "/v1/history", "/", "/history", "/feed.atom"):
        answer = await running.get(path)
        assert answer.status_code == 200
        assert title not in answer.text
        assert "theirs1" not in answer.text
    assert (await running.get(f"/v1/incidents/{theirs.key}")).status_code == 404


async def test_uptime_and_reports_are_served_with_their_figures(running: Running) -> None:
    await running.page_says(incident("i1", api=Severity.PARTIAL), api=Severity.PARTIAL)

    figures = (await running.get("/v1/uptime?surface=api&days=2&slo=99.9")).json()
    (api,) = figures["surfaces"]
    assert api["surface"] == "api"
    assert api["budget"]["target"] == 0.999
    assert api["official"]["unknown"] + api["official"]["known"] == 2 * 86400
    assert len(api["days"]) == 3
    report = (await running.get("/v1/incidents/i1/report")).json()
    assert report["incident"]["id"] == "i1"
    assert report["markdown"].startswith("# ")
    assert (await running.get("/v1/incidents/nowhere/report")).status_code == 404
    assert (await running.get("/v1/uptime?surface=nothing")).status_code == 404
    assert (await running.get("/v1/uptime?slo=101")).status_code == 422


async def test_charts_are_served_as_pictures_on_light_and_on_dark_paper(running: Running) -> None:
    await running.page_says(incident("i1", api=Severity.PARTIAL), api=Severity.PARTIAL)

    light = await running.get("/picture/uptime.png?surface=api&days=30")
    dark = await running.get("/picture/uptime.png?surface=api&days=30&dark=true")
    for picture in (light, dark):
        assert picture.headers["content-type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")
        assert len(picture.content) <= 60_000
    assert light.content != dark.content
    story = await running.get("/picture/incident/claude/i1.png")
    assert story.headers["content-type"] == "image/png"
    for address in ("/picture/incident/nowhere.png", "/picture/uptime.png?surface=nothing"):
        assert (await running.get(address)).status_code == 404


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
    running.web.status.snapshot.incident_store = RedisIncidentStore(away)

    answer = await running.get("/v1/verdict")

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_away")
    assert answer.headers["Retry-After"] == "5"
    assert (await running.get("/health")).status_code == 200
    await away.close()


async def test_an_answer_in_two_pieces_is_not_held_back() -> None:
    """Accepted sockets are of the kind for which asyncio switches Nagle's algorithm off: else the
    second piece waits 40 ms for the acknowledgement of the first.
    """
    loop = asyncio.get_running_loop()
    accepted: asyncio.Future[int] = loop.create_future()

    class Connection(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            socket_ = transport.get_extra_info("socket")
            accepted.set_result(socket_.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    with listen("127.0.0.1", 0) as listening:
        server = await loop.create_server(Connection, sock=listening)
        _, writer = await asyncio.open_connection(*listening.getsockname())
        assert await accepted
        writer.close()
        server.close()


async def test_readiness_says_what_is_wrong(running: Running) -> None:
    async def trouble() -> str:
        return "the page was last read 9 min ago"

    assert (await running.get("/ready")).status_code == 200
    running.web.trouble = trouble
    answer = await running.get("/ready")
    assert (answer.status_code, answer.json()["trouble"]) == (503, await trouble())


async def test_workspaces_that_nothing_is_sent_to_are_said_and_keep_it_ready(
    running: Running,
) -> None:
    async def measure() -> Measured:
        return Measured(silenced={"slack": 2, "discord": 0})

    running.web.measure = measure
    answer = await running.get("/ready")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "silenced": {"slack": 2}})


async def test_metrics_say_what_is_known_and_what_was_counted(running: Running) -> None:
    await running.page_says(api=Severity.PARTIAL)

    async def measure() -> Measured:
        return Measured(
            view=await running.web.status.view(),
            polls={"claude": Counter(good=3, failed=0)},
            deliveries={"slack": {"opened": 3}},
            probes={"login": False},
        )

    running.web.measure = measure
    text = (await running.get("/metrics")).text

    for line in (
        'isclaudedown_surface_severity{provider="claude",surface="api"} 3.0',
        'isclaudedown_surface_suspected{provider="claude",surface="api"} 0.0',
        'isclaudedown_polls_total{outcome="failed",provider="claude"} 0.0',
        'isclaudedown_deliveries_total{outcome="opened",platform="slack"} 3.0',
        'isclaudedown_probe_success{target="login"} 0.0',
        "process_resident_memory_bytes ",
        f'isclaudedown_build_info{{version="{__version__}"}} 1.0',
    ):
        assert line in text


async def test_openmetrics_is_given_to_whoever_asks_for_it(running: Running) -> None:
    answer = await running.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_the_scoreboard_is_empty_but_whole_at_first(running: Running) -> None:
    assert (await running.get("/v1/scoreboard")).json() == {
        "schema": 1,
        "counts": {"lead": 0, "lag": 0, "miss": 0, "false_alarm": 0},
        "median_lead": None,
        "entries": [],
    }


async def test_other_routes_are_served_beside_ours(running: Running) -> None:
    assert (await running.get("/elsewhere")).text == "mounted"
