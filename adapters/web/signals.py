"""Counts of the team's own traffic, as a gateway or a script sends them, made into ours.

`read_counts` takes our own form, `read_litellm` what LiteLLM's `generic_api` callback posts
(https://docs.litellm.ai/docs/observability/generic_api). Of the latter only status, error code,
provider and model are looked at: prompts and answers in it are never kept, logged or repeated.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.web.endpoint import sentence
from adapters.web.limits import RequestRefused
from bot.catalog.catalog import Catalog
from bot.catalog.names import find, model_of
from bot.evidence.stores import Batch
from bot.evidence.traffic import CallResult

MOST_ENTRIES = 100
Count = Annotated[int, Field(ge=0, le=10_000_000, strict=True)]


class Totals(defaultdict[str, Counter[CallResult]]):
    """Counts by surface."""

    def __init__(self) -> None:
        super().__init__(Counter)


class CountsOfOne(BaseModel):
    """How the requests to one surface (and model) ended."""

    model_config = ConfigDict(extra="forbid")

    surface: str = Field(default="api", min_length=1, max_length=80)
    model: str | None = Field(default=None, max_length=120)
    outcomes: dict[CallResult, Count] = Field(min_length=1)


class Counts(BaseModel):
    """Counts since the last ones. A batch with an `id` counts once within ten minutes."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = Field(default=None, min_length=1, max_length=100, pattern=r"^[\w.:-]+$")
    counts: list[CountsOfOne] = Field(min_length=1, max_length=MOST_ENTRIES)


def read_counts(body: bytes, catalog: Catalog) -> tuple[list[Batch], str | None]:
    """Our own form: `{"id"?: …, "counts": [{"surface", "model"?, "outcomes": {"529": 3}}]}`.

    Raises:
        RequestRefused: it is not that; the message names the place, not the value.
    """
    try:
        sent = Counts.model_validate_json(body)
    except ValidationError as error:
        raise RequestRefused(422, "malformed", sentence(error)) from None
    totals = Totals()
    for entry in sent.counts:
        surface = find(catalog, entry.surface).exact
        if surface is None:
            known = ", ".join(s.id for s in catalog.surfaces())
            raise RequestRefused(
                422, "unknown_surface", f"a surface is unknown; there are: {known}"
            )
        count_call(totals, surface, entry.model, entry.outcomes, catalog)
    return batches_of(totals), sent.id


def read_litellm(body: bytes, catalog: Catalog) -> list[Batch]:
    """One payload of LiteLLM's standard log, or a list of them, or one a line (ndjson).

    Requests to others than Anthropic are passed over, and so is what cannot be read.

    Raises:
        RequestRefused: it is no JSON at all.
    """
    totals = Totals()
    for payload in _payloads(body):
        if payload.get("custom_llm_provider") != "anthropic":
            continue
        error = payload.get("error_information")
        details = error if isinstance(error, dict) else {}
        result: CallResult | None  # None: it says nothing of the other side (our own 4xx)
        if payload.get("status") == "success":
            result = CallResult.OK
        elif "Timeout" in str(details.get("error_class", "")):
            result = CallResult.TIMEOUT
        else:
            result = result_of_status(str(details.get("error_code", "")))
        if result is not None:
            count_call(totals, "api", payload.get("model"), {result: 1}, catalog)
    return batches_of(totals)


def _payloads(body: bytes) -> Iterable[Mapping[str, Any]]:
    try:
        try:
            told = json.loads(body)
        except ValueError:
            told = [json.loads(line) for line in body.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise RequestRefused(422, "malformed", "this is no JSON") from None
    entries = told if isinstance(told, list) else [told]
    return [entry for entry in entries if isinstance(entry, dict)]


def result_of_status(code: str) -> CallResult | None:
    """How a request with this HTTP status failed; None: it says nothing of the other side."""
    named = _NAMED.get(code)
    return named or (CallResult.FAILED if len(code) == 3 and code.startswith("5") else None)


_NAMED = {
    "429": CallResult.LIMITED,
    "529": CallResult.OVERLOADED,
    "408": CallResult.TIMEOUT,
    "504": CallResult.TIMEOUT,
}


def count_call(
    totals: Totals,
    surface: str,
    model: object,
    outcomes: Mapping[CallResult, int],
    catalog: Catalog,
) -> None:
    """Count for the surface, and for the model too if it is one that we know."""
    totals[surface].update(outcomes)
    family = model_of(catalog, model) if isinstance(model, str) else None
    if family is not None and family != surface:
        totals[family].update(outcomes)


def batches_of(totals: Totals) -> list[Batch]:
    return [Batch(surface, dict(counts)) for surface, counts in totals.items()]
