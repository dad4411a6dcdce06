"""The API described for programs (OpenAPI 3.1); `docs/api.md` describes it for people."""

from __future__ import annotations

from typing import Any

from bot import __version__
from bot.domain.page import Severity
from bot.evidence.sources import source_names
from bot.evidence.traffic import CallResult


def description() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "isclaudedown", "version": __version__},
        "paths": {
            "/v1/verdict": {"get": _verdict("All surfaces that are watched", [])},
            "/v1/verdict/{surface}": {"get": _verdict("One surface", [_SURFACE])},
            "/v1/scoreboard": {
                "get": {
                    "summary": "How early, late or wrong our own suspicions were",
                    "responses": {"200": _json("Scoreboard")},
                }
            },
            "/v1/signals": {"post": _signals("Counts of your own traffic", "Counts")},
            "/v1/signals/litellm": {
                "post": _signals("What LiteLLM's generic_api callback posts", "LiteLLM")
            },
            "/health": {"get": _plain("This process is alive")},
            "/ready": {"get": _plain("The store answers and the pages were seen lately")},
            "/metrics": {"get": _plain("Prometheus metrics")},
        },
        "components": {
            "schemas": {
                "Verdicts": _VERDICTS,
                "Verdict": _ONE,
                "Scoreboard": {"type": "object"},
                "Counts": _COUNTS,
                "LiteLLM": {"type": ["array", "object"]},
                "Error": _ERROR,
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _ref(name: str) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


def _json(name: str, text: str = "OK") -> dict[str, Any]:
    return {"description": text, "content": {"application/json": _ref(name)}}


def _plain(summary: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "responses": {"200": {"description": "yes"}, "503": {"description": "no"}},
    }


def _verdict(summary: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": [*parameters, _IF_NONE_MATCH],
        "responses": {
            "200": {
                **_json("Verdicts"),
                "headers": {
                    "ETag": {"schema": {"type": "string"}},
                    "Retry-After": {
                        "description": "seconds to wait before retrying; absent: retry now",
                        "schema": {"type": "integer"},
                    },
                },
            },
            "304": {"description": "nothing but the time changed"},
            "404": _json("Error", "no such surface"),
            "429": _json("Error", "slow down"),
            "503": _json("Error", "our store does not answer"),
        },
    }


def _signals(summary: str, schema: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "security": [{"token": []}],
        "requestBody": {"required": True, "content": {"application/json": _ref(schema)}},
        "responses": {
            "202": {"description": "counted (or counted before, with the same id)"},
            "401": _json("Error", "no token, or a wrong one"),
            "403": _json("Error", "writing is switched off"),
            "413": _json("Error", "too large"),
            "422": _json("Error", "malformed; the message names the place"),
            "429": _json("Error", "slow down"),
            "503": _json("Error", "our store does not answer"),
        },
    }


_SURFACE = {"name": "surface", "in": "path", "required": True, "schema": {"type": "string"}}
_IF_NONE_MATCH = {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}
_TIME = {"type": ["string", "null"], "format": "date-time"}
_SECONDS = {"type": ["integer", "null"]}
_ONE = {
    "type": "object",
    "required": ["surface", "severity", "suspected", "evidence", "retry"],
    "properties": {
        "surface": {"type": "string"},
        "severity": {"enum": [severity.value for severity in Severity]},
        "reason": {"type": ["string", "null"]},
        "since": _TIME,
        "checked_at": _TIME,
        "age": _SECONDS,
        "suspected": {"type": "boolean"},
        "evidence": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "source": {"enum": [str(name) for name in source_names()]},
                    "severity": {"enum": [severity.value for severity in Severity]},
                    "says": {"type": "string"},
                    "since": _TIME,
                    "at": _TIME,
                    "age": _SECONDS,
                    "from_text": {"type": "boolean"},
                },
            },
        },
        "incidents": {"type": "array", "items": {"type": "string"}},
        "retry": {
            "type": ["object", "null"],
            "properties": {
                "do": {"enum": ["retry_now", "back_off", "switch", "stop"]},
                "wait": {"type": "integer"},
                "retry_after": {"type": "integer"},
                "use": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
}
_VERDICTS = {
    "type": "object",
    "required": ["at", "exit_code", "verdicts", "incidents"],
    "properties": {
        "at": _TIME,
        "exit_code": {"enum": [0, 10, 20, 30]},
        "verdicts": {"type": "array", "items": {"$ref": "#/components/schemas/Verdict"}},
        "incidents": {"type": "array", "items": {"type": "object"}},
    },
}
_COUNTS = {
    "type": "object",
    "required": ["counts"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "maxLength": 100, "pattern": r"^[\w.:-]+$"},
        "counts": {
            "type": "array",
            "minItems": 1,
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["outcomes"],
                "additionalProperties": False,
                "properties": {
                    "surface": {"type": "string", "default": "api"},
                    "model": {"type": ["string", "null"]},
                    "outcomes": {
                        "type": "object",
                        "minProperties": 1,
                        "propertyNames": {"enum": [result.value for result in CallResult]},
                        "additionalProperties": {"type": "integer", "minimum": 0},
                    },
                },
            },
        },
    },
}
_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}
