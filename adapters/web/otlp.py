"""Logs of Claude Code and of others, by OpenTelemetry (OTLP/HTTP, JSON or protobuf), as counts.

Of a record only the event's name, the model and the status are read, before anything is stored or
logged; people, sessions and prompts in it are dropped. An exporter must never retry for ever: what
is of no use is taken with success. The replies are those of OTLP 1.10:
https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from adapters.web.endpoint import Endpoint
from adapters.web.limits import RequestRefused, body_of
from adapters.web.signals import Totals, batches_of, count_call, result_of_status
from bot.evidence.traffic import CallResult

if TYPE_CHECKING:
    from adapters.web.app import Web

# https://opentelemetry.io/docs/specs/otlp/ recommends 20 MiB, counted after unpacking.
MOST_UNPACKED = 20 * 1024 * 1024
JSON, PROTOBUF = "application/json", "application/x-protobuf"
# Claude Code's events (https://code.claude.com/docs/en/monitoring-usage#events). `api_error` comes
# when a request is given up; `api_retries_exhausted` comes with the last of them, and is not
# counted again.
_SUCCESS, _FAILURE = "api_request", "api_error"
_READ = {"event.name", "model", "status_code"}


async def take_logs(web: Web, request: Request) -> Response:
    kind = _kind(request)
    body = _unpacked(await body_of(request, MOST_UNPACKED), request)
    totals = Totals()
    rejected = 0
    for record in _records(body, kind):
        if record is None:
            rejected += 1
            continue
        name = record.get("event.name", "").removeprefix("claude_code.")
        result = CallResult.OK if name == _SUCCESS else None
        if name == _FAILURE:
            result = result_of_status(record.get("status_code", ""))
        if result is not None:
            count_call(totals, "api", record.get("model"), {result: 1}, web.status.catalog)
    if totals:
        await web.traffic.add(batches_of(totals), web.clock())
    return _taken(kind, rejected)


async def ignore(_: Web, request: Request) -> Response:
    kind = _kind(request)
    await body_of(request, MOST_UNPACKED)
    return _taken(kind, 0)


def _kind(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {JSON, PROTOBUF}:
        raise RequestRefused(415, "unsupported", f"send {JSON} or {PROTOBUF}")
    return kind


def _unpacked(body: bytes, request: Request) -> bytes:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise RequestRefused(415, "unsupported", "send it as it is, or packed by gzip")
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        unpacked = unpack.decompress(body, MOST_UNPACKED + 1)
    except zlib.error:
        raise RequestRefused(400, "malformed", "this is no gzip") from None
    if len(unpacked) > MOST_UNPACKED:
        raise RequestRefused(413, "too_large", f"at most {MOST_UNPACKED} bytes unpacked")
    return unpacked


def _records(body: bytes, kind: str) -> Iterator[Mapping[str, str] | None]:
    """Yield of each record what is read of it; None: it cannot be decoded.

    Raises:
        RequestRefused: 400, the body is nothing of the kind.
    """
    if kind == PROTOBUF:
        yield from _of_protobuf(body)
        return
    try:
        document = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        raise RequestRefused(400, "malformed", "this is no JSON") from None
    if not isinstance(document, dict):
        raise RequestRefused(400, "malformed", "this is no export request")
    for resource in _listed(document, "resourceLogs"):
        for scope in _listed(resource, "scopeLogs"):
            for record in _listed(scope, "logRecords"):
                yield _of_json(record) if isinstance(record, dict) else None


def _listed(value: object, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _of_json(record: Mapping[str, Any]) -> Mapping[str, str]:
    read = {}
    for attribute in _listed(record, "attributes"):
        name = attribute.get("key") if isinstance(attribute, dict) else None
        if name in _READ and isinstance(value := attribute.get("value"), dict):
            read[name] = str(next(iter(value.values()), ""))
    body = record.get("body")
    if "event.name" not in read and isinstance(body, dict):
        read["event.name"] = str(body.get("stringValue", ""))
    return read


def _of_protobuf(body: bytes) -> Iterator[Mapping[str, str]]:
    # Some 20 ms and 2 MB that only a protobuf exporter needs.
    from google.protobuf.message import DecodeError  # noqa: PLC0415
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (  # noqa: PLC0415
        ExportLogsServiceRequest,
    )

    try:
        export = ExportLogsServiceRequest.FromString(body)
    except DecodeError:
        raise RequestRefused(400, "malformed", "this is no export request") from None
    for resource in export.resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                read = {
                    attribute.key: str(getattr(attribute.value, kind))
                    for attribute in record.attributes
                    if attribute.key in _READ and (kind := attribute.value.WhichOneof("value"))
                }
                read.setdefault("event.name", record.body.string_value)
                yield read


def _taken(kind: str, rejected: int) -> Response:
    if not rejected:
        return Response(b"" if kind == PROTOBUF else b"{}", media_type=kind)
    # Protobuf has been decoded whole or not at all: only JSON is ever taken in part.
    text = "these records could not be read"
    partial = {"rejectedLogRecords": str(rejected), "errorMessage": text}
    return Response(json.dumps({"partialSuccess": partial}), media_type=kind)


def refused_by_otlp(request: Request, status: int, text: str) -> Response | None:
    """A refusal as `google.rpc.Status`, for addresses of OTLP; None for the others."""
    if request.url.path not in {endpoint.path for endpoint in OTLP}:
        return None
    if request.headers.get("content-type", "").startswith(PROTOBUF):
        message = text.encode()[:127]  # field 2, a string whose length is one byte
        return Response(b"\x12" + bytes([len(message)]) + message, status, media_type=PROTOBUF)
    return Response(Status(message=text).model_dump_json(), status, media_type=JSON)


class Status(BaseModel):
    """`google.rpc.Status`, as far as we fill it: what a refusal of OTLP answers."""

    message: str


OTLP = (
    Endpoint(
        "/v1/logs",
        "OTLP logs: counts of Claude Code's requests",
        take_logs,
        "POST",
        needs_token=True,
        refuses=("400", "415"),
        error=Status,
    ),
    Endpoint(
        "/v1/metrics",
        "OTLP metrics, ignored",
        ignore,
        "POST",
        needs_token=True,
        refuses=("400", "415"),
        error=Status,
    ),
    Endpoint(
        "/v1/traces",
        "OTLP traces, ignored",
        ignore,
        "POST",
        needs_token=True,
        refuses=("400", "415"),
        error=Status,
    ),
)
