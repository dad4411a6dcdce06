"""What the HTTP API takes, and refuses, over real sockets, on a real Redis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.web.app import WRITE_BURST
from adapters.web.writing import MOST_COUNTS
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from tests.contract.web_bench import AUTH, NOW, Running, node, running

__all__ = ["node", "running"]  # fixtures


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
    lower = await running.http.post(
        "/v1/signals", content=body, headers={"Authorization": "bearer  t0ken"}
    )
    assert lower.status_code == 202
    await running.database.call("FLUSHALL")
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


async def test_a_webhook_of_one_page_looks_at_no_other(running: Running) -> None:
    running.web.status.catalog = only(load_catalog(), ["claude", "openai"])
    for page in ("tymt9n04zgry", "nobody's"):
        await running.post("/hooks/statuspage/s3cret", {"page": {"id": page}})

    assert running.hints == ["claude", "claude", "openai"]
