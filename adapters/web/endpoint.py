"""Endpoints of the HTTP API as values, of which routes and the OpenAPI description are made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.web.limits import Error, RequestRefused

if TYPE_CHECKING:
    from adapters.web.app import Web


class Query(BaseModel):
    """The parameters behind the question mark. One that is not known is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the API."""

    path: str
    summary: str
    handle: Callable[[Web, Request], Awaitable[Response]]
    method: str = "GET"
    query: type[Query] = Query
    body: type[BaseModel] | None = None  # None: none, or a foreign form
    answer: type[BaseModel] | None = None  # None: nothing but its status, or no JSON
    needs_token: bool = False
    error: type[BaseModel] = Error  # what a refusal answers
    refuses: tuple[str, ...] = ()  # statuses that no other endpoint answers with


Q = TypeVar("Q", bound=Query)


def read_query(request: Request, kind: type[Q]) -> Q:
    """Read the parameters.

    Raises:
        RequestRefused: 422, naming the parameter that is unknown or wrong.
    """
    try:
        return kind.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise RequestRefused(422, "malformed", sentence(error)) from None


def sentence(error: ValidationError) -> str:
    """Name the first place that is wrong, and never its value."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    first = problems[0]
    place = ".".join(str(part)[:40] for part in first["loc"] if part != "[key]")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    said = "is no parameter of this address" if first["type"] == "extra_forbidden" else first["msg"]
    return f"{place or 'the body'}: {said}{more}"


def answer_with(request: Request, document: BaseModel, **headers: str) -> Response:
    """Return the document, or 304 where the client has it already."""
    body = document.model_dump(mode="json")
    tag = f'W/"{hashlib.sha256(json.dumps(_lasting(body)).encode()).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", **headers}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    return JSONResponse(body, headers=headers)


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has what bears this tag."""
    known = request.headers.get("if-none-match", "").split(",")
    return tag in {part.strip() for part in known}


# What changes with the time alone: ages, moments of polling, and the jitter of an advice.
_PASSING = frozenset({"at", "age", "checked_at", "retry_after"})


def _lasting(value: Any) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(value, dict):
        return {name: _lasting(v) for name, v in sorted(value.items()) if name not in _PASSING}
    if isinstance(value, list):
        return [_lasting(entry) for entry in value]
    return value
