"""The API described for programs (OpenAPI 3.1), made from the endpoints and their classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from adapters.web.endpoint import Endpoint
from bot import __version__

_REFUSALS = {
    "400": "malformed",
    "401": "no token, or a wrong one",
    "403": "writing is switched off",
    "404": "no such thing",
    "413": "too large",
    "415": "sent in a form that is not taken",
    "422": "malformed; the message names the place",
    "429": "slow down",
    "503": "our store does not answer",
}


def description(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the whole description as JSON."""
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (e.error, "serialization") for e in endpoints
    ]
    models += [(e.answer, "serialization") for e in endpoints if e.answer]
    models += [(e.body, "validation") for e in endpoints if e.body]
    _, schemas = models_json_schema(
        list(dict.fromkeys(models)), ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        path = re.sub(r"{(\w+):path}", r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = operation_of(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "isclaudedown", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def operation_of(endpoint: Endpoint) -> dict[str, Any]:
    """One endpoint as OpenAPI describes it."""
    refused = {"401", "403", "413"} if endpoint.needs_token else set()
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)", endpoint.path)
    ]
    in_query = [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in endpoint.query.model_json_schema().get("properties", {}).items()
    ]
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "parameters": [*in_path, *in_query],
        "responses": {
            "200" if endpoint.method == "GET" else "2XX": _content(endpoint.answer, "well"),
            **{
                status: _content(endpoint.error, text)
                for status, text in _REFUSALS.items()
                if status in refused | set(endpoint.refuses) | {"404", "422", "429", "503"}
            },
        },
    }
    if endpoint.method == "GET" and endpoint.answer:
        operation["responses"]["304"] = {"description": "nothing but the time changed"}
    if endpoint.body:
        operation["requestBody"] = {"required": True, **_content(endpoint.body, "")}
        del operation["requestBody"]["description"]
    if endpoint.needs_token:
        operation["security"] = [{"token": []}]
    return operation


def _content(model: type[BaseModel] | None, text: str) -> dict[str, Any]:
    if model is None:
        return {"description": text}
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}
