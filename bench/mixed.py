"""Pages of every format as large as the largest recorded, and the program over them.

    python -m bench.mixed '{"gemini": "http://127.0.0.1:4000", ...}'

runs the program with the catalogue's providers at these addresses: the settings can move one page
alone. Sizes are those of recordings (Google: 161 incidents, 2 MB), else guesses.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from bot.catalog.catalog import Catalog
from bot.catalog.catalog_file import load_catalog
from tests.unit.providers.samples import SAMPLES, encoded

# Providers as the settings name them. Those of incident.io and Statuspage have pages of their own
# (`bench.providers`); these are read from one document or two.
DOCUMENTS = (
    *("gemini", "bedrock/eu-west-1", "azure-openai", "openrouter", "mistral", "deepseek"),
    *("xai", "perplexity", "together", "slack"),
)
TEXT = "We see elevated errors, look into them, and tell more as soon as we know more. "
INCIDENTS = {"google": 160, "aws": 40, "datadog": 50, "betterstack": 50}
UPDATES, DAYS, EVENTS = 7, 90, 3


def bodies(kind: str) -> dict[str, bytes]:
    """The documents of a page that is well, each by its path."""
    sample = SAMPLES[kind]
    documents: dict[str, Any] = deepcopy(dict(sample.quiet))
    path, first = next(iter(documents.items()))
    if isinstance(first, str):
        item = "entry" if "<entry>" in first else "item"
        begins, ends = first.index(f"<{item}>"), first.rindex(f"</{item}>") + len(item) + 3
        entry = first[begins:ends].replace("We look", TEXT * UPDATES)
        documents[path] = first[:begins] + entry * 25 + first[ends:]
    elif kind == "checkly":
        for service in first["uptime"][0]["services"]:
            service["days"] = [
                {**day, "events": day["events"] * EVENTS} for day in service["days"] * DAYS
            ]
        first["uptime"][0]["services"] *= 17
    else:
        _many_incidents(kind, first)
    return {where: encoded(value, sample.encoding) for where, value in documents.items()}


def _many_incidents(kind: str, document: Any) -> None:  # noqa: ANN401  # JSON of any kind
    """Give the document as many incidents as a large page has, with long texts."""
    count = INCIDENTS.get(kind, 0)
    if kind in ("google", "aws"):
        (one,) = document
        long = {"google": ("updates", "text"), "aws": ("event_log", "message")}[kind]
        one[long[0]] = [{**row, long[1]: TEXT * UPDATES} for row in one[long[0]] * UPDATES]
        ids = {"google": "id", "aws": "arn"}[kind]
        document[:] = [{**one, ids: f"{one[ids]}{number}"} for number in range(count)]
    elif kind == "datadog":
        (one,) = document["incidents"]
        timeline = [{**row, "description": TEXT * UPDATES} for row in one["timeline"] * UPDATES]
        document["incidents"] = [
            {**one, "id": f"i{number}", "timeline": timeline} for number in range(count)
        ]
    elif kind == "betterstack":
        resource, report, update = document["included"]
        days = [
            {"day": f"2026-06-{day % 30 + 1:02}", "status": "operational"} for day in range(DAYS)
        ]
        resource["attributes"]["status_history"] = days
        resources = [{**resource, "id": str(number)} for number in range(22)]
        reports = [{**report, "id": str(1000 + number)} for number in range(count)]
        document["included"] = [*resources, *reports, update]


def moved(catalog: Catalog, urls: Mapping[str, str]) -> Catalog:
    """The catalogue with these providers at other addresses."""
    at = {id_: replace(catalog.providers[id_], page=url, source=url) for id_, url in urls.items()}
    return replace(catalog, providers={**catalog.providers, **at})


def main() -> None:
    from bot import cli  # noqa: PLC0415  # after the catalogue is in place
    from bot.catalog import watched  # noqa: PLC0415

    there = moved(load_catalog(), json.loads(sys.argv[1]))
    vars(watched)["load_catalog"] = lambda: there
    sys.argv[1:] = ["run"]
    cli.main()


if __name__ == "__main__":
    main()
