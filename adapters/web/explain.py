"""Whose fault the error in a log was: `POST /v1/explain`.

The log is searched for known errors and forgotten. Nothing of it is in the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.web.endpoint import Endpoint, Query, read_query
from adapters.web.limits import body_of
from bot.status.document import explanation_document
from bot.status.explain import explain_log, known_errors
from bot.status.schema import ExplanationDocument

if TYPE_CHECKING:
    from adapters.web.app import Web

MOST_LOG = 65_536  # bytes; what failed stands at the end of a log


async def explain(web: Web, request: Request) -> Response:
    read_query(request, Query)
    text = (await body_of(request, MOST_LOG)).decode("utf-8", "replace")
    view = await web.status.view()
    said = explain_log(text, view.verdicts, known_errors())
    return JSONResponse(explanation_document(said, view).model_dump(mode="json"))


EXPLAINING = (
    Endpoint(
        "/v1/explain",
        "Whose fault the last known error in a log is",
        explain,
        method="POST",
        answer=ExplanationDocument,
    ),
)
