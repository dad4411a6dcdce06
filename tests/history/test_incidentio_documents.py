"""What was recorded of incident.io's other documents, and of the page that OpenRouter has left."""

from __future__ import annotations

import json

import pytest

from adapters.providers.answers import recognised
from adapters.providers.kinds import KINDS
from adapters.providers.port import Page
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.domain.page import Severity, Snapshot
from tests.shared import shared_path

STRUCTURE = "data/openai/proxy_structure_2026-09-28_trimmed.json"
WIDGET = "data/openai/widget_api_v1_summary_idle_2026-09.json"
LEFT = "data/openrouter/onlineornot_incidents_2026-09-03_trimmed.rss"


async def read(kind: str, name: str, **components: tuple[str, ...]) -> Snapshot:
    """Poll a page that has this document and no other."""

    async def fetch(_: str) -> bytes:
        return shared_path(name).read_bytes()

    page = Page("example", "https://status.example.com", components)
    return await KINDS[kind](page, fetch).poll(lambda _: ())


async def test_the_document_of_the_page_has_every_component_not_25_of_them() -> None:
    seen = await read("incidentio-proxy", STRUCTURE)
    assert len(seen.components) == 33
    assert {component.severity for component in seen.components} == {Severity.UP}
    names = [component.name for component in seen.components]
    assert names.count("Login") == 2


def test_the_catalogue_knows_each_component_that_openai_shows() -> None:
    structure = json.loads(shared_path(STRUCTURE).read_text())["summary"]["structure"]
    shown = {
        row["component_id"] for item in structure["items"] for row in item["group"]["components"]
    }
    (openai,) = only(load_catalog(), ["openai"]).providers.values()
    assert {id_ for id_ in shown if not openai.knows(id_)} <= {
        "01JMXBNJXG1S2D9V65P1ZZTD94",  # ChatGPT's login: "Login" is the name of two
        "01KTQBYVARFJ5KMCSECM06VKCF",
    }


async def test_the_widget_with_nothing_open_is_quiet() -> None:
    seen = await read("incidentio-proxy", WIDGET, c1=("API",))
    assert [component.severity for component in seen.components] == [Severity.UP]
    assert seen.incidents == ()


@pytest.mark.parametrize(
    ("name", "kind"), [(STRUCTURE, "incidentio-proxy"), (WIDGET, "incidentio-proxy")]
)
def test_each_is_recognised_by_its_shape(name: str, kind: str) -> None:
    assert recognised([{"body": json.loads(shared_path(name).read_text())}]) == kind


async def test_what_openrouter_s_former_page_left_open_is_not_up() -> None:
    assert recognised([{"body": shared_path(LEFT).read_text()}]) == "onlineornot"
    seen = await read("onlineornot", LEFT, web=("Web application",), chat=("Chat",))
    assert [incident.id for incident in seen.incidents] == ["n8d-Ze48m14W"]
    # "Elevated 429s" names no component: any of them may be meant.
    assert {component.severity for component in seen.components} == {Severity.UNKNOWN}
    assert [incident.phase for incident in seen.recent or ()] == ["resolved", "investigating"]
