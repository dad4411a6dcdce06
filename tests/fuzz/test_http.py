"""The HTTP API against its own description: requests that fit it, and requests that do not."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import given
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from adapters.web.app import ENDPOINTS
from adapters.web.endpoint import Endpoint, Query
from adapters.web.openapi import description
from tests.contract.web_bench import AUTH, Running, node, running
from tests.fuzz.inputs import bounded

__all__ = ["node", "running"]  # fixtures

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def attack(running: Running, endpoint: Endpoint, mode: GenerationMode) -> None:
    """Try it from a thread: schemathesis waits for each answer."""
    address = str(running.http.base_url)
    schema = schemathesis.openapi.from_dict(description(ENDPOINTS))
    path = re.sub(r"{(\w+):path}", r"{\1}", endpoint.path)
    operation = schema[path][endpoint.method.lower()]

    @bounded(15)
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_it(case: schemathesis.Case[Any]) -> None:
        running.seconds += 1.0  # nobody is told to slow down
        response = case.call(base_url=address, headers=AUTH)
        case.validate_response(response, checks=CHECKS)

    try_it()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
async def test_what_is_asked_as_described_is_answered_as_described(
    running: Running, endpoint: Endpoint
) -> None:
    await asyncio.to_thread(attack, running, endpoint, GenerationMode.POSITIVE)


@pytest.mark.parametrize(
    "endpoint",
    [one for one in ENDPOINTS if one.body or one.query is not Query],
    ids=lambda one: f"{one.method} {one.path}",
)
async def test_what_is_asked_otherwise_is_refused_as_described(
    running: Running, endpoint: Endpoint
) -> None:
    await asyncio.to_thread(attack, running, endpoint, GenerationMode.NEGATIVE)
