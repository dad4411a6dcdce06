"""What `POST /v1/explain` says of a log, over real sockets, on a real Redis."""

from __future__ import annotations

import json
from typing import Any

from bot.domain.page import Severity
from bot.status.explain import LONGEST
from bot.status.schema import ExplanationDocument
from tests.contract.web_bench import Running, node, running

__all__ = ["node", "running"]  # fixtures

OVERLOADED = 'API Error: 529 {"type":"error","error":{"type":"overloaded_error"}}'
NO_CREDIT = "Your credit balance is too low to access the API"


async def explained(running: Running, log: str) -> dict[str, Any]:
    answer = await running.http.post("/v1/explain", content=log.encode())
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    ExplanationDocument.model_validate_json(answer.content)
    return body


async def test_the_last_known_error_of_a_log_counts(running: Running) -> None:
    noise = "  at step (file.js:1)\n" * (2 * LONGEST // 20)
    assert (await explained(running, f"{NO_CREDIT}\n{noise}{OVERLOADED}\n{noise}"))[
        "side"
    ] == "theirs"
    assert (await explained(running, f"{OVERLOADED}\n{noise}{NO_CREDIT}\n{noise}"))[
        "side"
    ] == "yours"


async def test_an_error_is_found_wherever_it_stands(running: Running) -> None:
    for behind in range(LONGEST - 80, LONGEST + 20, 20):
        said = await explained(running, "x" * 5000 + f"\n{NO_CREDIT}\n" + "." * behind)
        assert said["side"] == "yours", behind


async def test_trouble_of_theirs_decides_and_what_nobody_sees_is_said(running: Running) -> None:
    unclear = "Connection error: Request timed out"
    before = await explained(running, unclear)
    assert (before["because"], before["unseen"]) == ([], [])
    await running.page_says(api=Severity.MAJOR)
    assert "api" in (await explained(running, unclear))["because"]
    await running.page_says(api=Severity.UNKNOWN)
    assert "api" in (await explained(running, unclear))["unseen"]


async def test_nothing_of_the_log_is_repeated(running: Running) -> None:
    said = await explained(running, f"{OVERLOADED} s3cret <script>")
    assert "s3cret" not in json.dumps(said)
    assert "<script>" not in json.dumps(said)


async def test_any_bytes_have_an_answer_and_too_many_none(running: Running) -> None:
    for log in (b"", b"\xff\xfe\x00", b"\n" * 65_536):
        answer = await running.http.post("/v1/explain", content=log)
        assert (answer.status_code, answer.json()["side"]) == (200, "unclear")
    assert (await running.http.post("/v1/explain", content=b"x" * 65_537)).status_code == 413
