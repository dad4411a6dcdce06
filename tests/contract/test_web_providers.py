"""Pages of a bot that watches several providers."""

from __future__ import annotations

import gzip

from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.domain.page import Severity
from tests.contract.test_web_pages import BROWSER, Words, opened
from tests.contract.web_bench import Running, incident, node, running

__all__ = ["node", "running"]  # fixtures

SEVERAL = ["claude", "openai", "bedrock/eu-west-1", "github"]
FIRST_LOAD = 40_000  # bytes of a first visit, packed: what the page may cost on a phone


async def test_the_first_is_shown_in_full_and_each_other_has_a_line_to_its_page(
    running: Running,
) -> None:
    running.web.status.catalog = only(load_catalog(), SEVERAL)
    await running.page_says(incident("i1", api=Severity.MAJOR), api=Severity.MAJOR)

    page = await opened(running)
    links = {str(attrs.get("href")) for tag, attrs in page.elements if tag == "a"}

    assert "The API is down" in page.sentence()
    assert {"./provider/openai", "./provider/bedrock", "./provider/github"} <= links
    assert "OpenAI I can't see its page" in page.sentence()
    assert "but I can't see" in page.sentence()  # what is not known is not called up


async def test_many_that_are_out_of_sight_are_counted_not_named(running: Running) -> None:
    running.web.status.catalog = load_catalog()
    await running.page_says(incident("i1", api=Severity.MAJOR), api=Severity.MAJOR)

    said = (await opened(running)).sentence()

    count = len(running.web.status.catalog.providers) - 1
    assert f"Yes, partly, but I can't see {count} other pages. The API is down" in said
    assert said.count("I can't see its page") == count


async def test_each_provider_has_a_page_of_its_own(running: Running) -> None:
    running.web.status.catalog = only(load_catalog(), SEVERAL)
    await running.page_says(incident("i1", api=Severity.MAJOR), api=Severity.MAJOR)

    claude = (await opened(running, "/provider/claude")).sentence()
    openai = (await opened(running, "/provider/openai")).sentence()
    nobody = await running.get("/provider/nobody", **BROWSER)

    assert "Is Claude down? Yes, partly." in claude
    assert "OpenAI" not in claude
    assert "Is OpenAI down? I don't know yet." in openai
    assert "We are investigating." not in openai
    assert nobody.status_code == 404
    assert "claude, openai, bedrock, github" in Words(nobody.text).text


async def test_a_first_visit_costs_little(running: Running) -> None:
    running.web.status.catalog = only(load_catalog(), SEVERAL)
    troubles = [incident(f"i{number}", api=Severity.MAJOR) for number in range(5)]
    await running.page_says(*troubles, api=Severity.MAJOR)
    page = await running.get("/", **BROWSER)
    addresses = {
        str(attrs.get("href") or attrs.get("src"))
        for tag, attrs in Words(page.text).elements
        if tag == "script" or attrs.get("rel") in {"stylesheet", "icon"}
    }
    loaded = [page.content, *[(await running.get(f"/{one}")).content for one in addresses]]

    assert len(addresses) == 3
    assert sum(len(gzip.compress(one)) for one in loaded) < FIRST_LOAD / 2
