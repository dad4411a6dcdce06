"""What can be written over HTTP: counts of the team's own traffic, and a hint to poll now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.web.endpoint import Endpoint
from adapters.web.limits import RequestRefused, body_of, same
from adapters.web.signals import Counts, read_counts, read_litellm

if TYPE_CHECKING:
    from adapters.web.app import Web

MOST_COUNTS = 65_536  # bytes of a body of counts
MOST_LOGS = 4_000_000  # bytes of a batch of LiteLLM's logs, which hold whole prompts
MOST_HOOK = 262_144  # bytes of a webhook


async def count(web: Web, request: Request) -> Response:
    batches, key = read_counts(await body_of(request, MOST_COUNTS), web.status.catalog)
    counted = await web.traffic.add(batches, web.clock(), key)
    return JSONResponse({"counted": counted}, 202)


async def count_litellm(web: Web, request: Request) -> Response:
    batches = read_litellm(await body_of(request, MOST_LOGS), web.status.catalog)
    if batches:
        await web.traffic.add(batches, web.clock())
    return JSONResponse({"counted": bool(batches)}, 202)


async def poll_now(web: Web, request: Request) -> Response:
    """Take a Statuspage webhook. Unsigned, in any order: a hint to poll, never the truth."""
    if not web.webhook_secret or not same(request.path_params["secret"], web.webhook_secret):
        raise RequestRefused(404, "not_found", "Not Found")
    body = await body_of(request, MOST_HOOK)
    try:
        page = json.loads(body).get("page")
        sent_by = page.get("id") if isinstance(page, dict) else None
    except (ValueError, AttributeError, RecursionError):
        sent_by = None
    providers = web.status.catalog.providers.values()
    named = [one.id for one in providers if one.page_id and one.page_id == sent_by]
    for provider in named or [one.id for one in providers]:
        web.hint(provider)
    return Response(status_code=204)


WRITING = (
    Endpoint(
        "/v1/signals",
        "Counts of your own traffic",
        count,
        method="POST",
        body=Counts,
        needs_token=True,
    ),
    Endpoint(
        "/v1/signals/litellm",
        "What LiteLLM's generic_api callback posts",
        count_litellm,
        method="POST",
        needs_token=True,
    ),
    Endpoint("/hooks/statuspage/{secret}", "A page's webhook: poll now", poll_now, method="POST"),
)
