"""What exporters send by OTLP, taken over real sockets; nothing of a person is kept."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

from tests.contract.web_bench import AUTH, NOW, Running, node, running
from tests.shared import shared_path

__all__ = ["node", "running"]  # fixtures

JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def attribute(name: str, value: object) -> dict[str, Any]:
    kind = "intValue" if isinstance(value, int) else "stringValue"
    return {"key": name, "value": {kind: str(value)}}


def record(event: str, **attributes: object) -> dict[str, Any]:
    secrets = {"user.email": "ann@example.com", "session.id": "s-e-c-r-e-t", "prompt": "a secret"}
    named = {"event.name": event, **secrets, **attributes}
    return {"attributes": [attribute(name, value) for name, value in named.items()]}


def export(*records: object) -> dict[str, Any]:
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}


async def counted(running: Running) -> dict[str, tuple[int, int]]:
    return {c.surface: (c.good, c.bad) for c in await running.web.traffic.counts(NOW)}


async def test_requests_and_their_last_errors_are_counted_by_model(running: Running) -> None:
    answer = await running.post(
        "/v1/logs",
        export(
            record("api_request", model="claude-opus-5"),
            record("claude_code.api_error", model="claude-opus-5", status_code=529),
            record("api_retries_exhausted", model="claude-opus-5", status_code="529"),
            record("api_error", model="claude-opus-5", status_code="undefined"),
            record("api_error", model="claude-opus-5", status_code="400"),
            record("tool_result"),
        ),
        **JSON,
    )

    assert (answer.status_code, answer.content) == (200, b"{}")
    assert await counted(running) == {"api": (1, 1), "opus": (1, 1)}


async def test_nothing_of_a_person_or_session_is_kept(running: Running) -> None:
    await running.post("/v1/logs", export(record("api_request", model="claude-opus-5")), **JSON)

    for key in await running.database.call("KEYS", "*"):
        kept = await running.database.call("DUMP", key)
        assert not any(word in kept for word in (b"secret", b"ann@", b"s-e-c-r-e-t"))


@pytest.mark.parametrize("name", ["numbers_typed", "numbers_as_strings"])
async def test_the_recorded_exports_are_read_alike_in_both_forms(
    running: Running, name: str
) -> None:
    folder = shared_path("samples/claude-code")
    found = []
    for ending, kind in (("json", JSON), ("pb", PROTOBUF)):
        await running.database.call("FLUSHALL")
        body = (folder / f"otlp_logs_{name}.{ending}").read_bytes()
        packed = {**kind, "Content-Encoding": "gzip"}
        answer = await running.post("/v1/logs", gzip.compress(body), **packed)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind["Content-Type"])
        found.append(await counted(running))

    assert found[0] == found[1] == {"api": (1, 1), "opus": (1, 1)}


async def test_the_real_exporter_is_content_and_counted(running: Running) -> None:
    exporter = OTLPLogExporter(endpoint=f"{running.http.base_url}/v1/logs", headers=AUTH)
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    said = LogRecord(
        body="claude_code.api_error",
        severity_number=SeverityNumber.INFO,
        attributes={"event.name": "api_error", "model": "claude-sonnet-5", "status_code": 529},
    )
    await asyncio.to_thread(provider.get_logger("com.anthropic.claude_code.events").emit, said)
    await asyncio.to_thread(provider.shutdown)

    assert await counted(running) == {"api": (0, 1), "sonnet": (0, 1)}


async def test_metrics_traces_and_unknown_records_are_taken_and_ignored(running: Running) -> None:
    for path in ("/v1/metrics", "/v1/traces"):
        assert (await running.post(path, {"resourceMetrics": []}, **JSON)).content == b"{}"
        assert (await running.post(path, b"", **PROTOBUF)).content == b""
    for body in (b"", b"{}", b'{"resourceLogs": [null, {"scopeLogs": 3}]}'):
        assert (await running.post("/v1/logs", body, **JSON)).status_code == 200
    assert (await running.post("/v1/logs", b"", **PROTOBUF)).status_code == 200
    assert await counted(running) == {}


async def test_records_that_cannot_be_decoded_are_named_by_their_number(running: Running) -> None:
    answer = await running.post("/v1/logs", export(record("api_request"), 3, "x"), **JSON)

    assert answer.status_code == 200
    assert answer.json()["partialSuccess"]["rejectedLogRecords"] == "2"
    assert await counted(running) == {"api": (1, 0)}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", JSON, 400),
        (b"[]", JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b"\xff\xff", PROTOBUF, 400),
        (b"no gzip", {**JSON, "Content-Encoding": "gzip"}, 400),
        (gzip.compress(b" " * 30_000_000), {**JSON, "Content-Encoding": "gzip"}, 413),
        (b"{}", {**JSON, "Content-Encoding": "br"}, 415),
        (b"{}", {"Content-Type": "text/plain"}, 415),
    ],
)
async def test_what_cannot_be_taken_is_refused_so_that_it_is_not_sent_again(
    running: Running, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await running.post("/v1/logs", body, **headers)

    assert answer.status_code == status
    if headers == JSON:
        assert answer.json()["message"]


async def test_an_exporter_without_the_token_is_refused(running: Running) -> None:
    body = ExportLogsServiceRequest().SerializeToString()
    answer = await running.http.post("/v1/logs", content=body, headers=PROTOBUF)

    assert answer.status_code == 401
    assert answer.content[:1] == b"\x12"
