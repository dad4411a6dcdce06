"""An open page follows an outage, and says when it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.chromium import bot, window
from tests.servers.page import page_server
from tests.servers.redis import free_ports
from tests.servers.statuspage import API, CLAUDE_AI


async def says(page: Any, text: str, where: str = "h1") -> None:
    """Wait until it says so."""
    await page.locator(where).filter(has_text=text).first.wait_for()


async def mark(page: Any) -> None:
    await page.evaluate("window.stillTheSame = true")


async def was_loaded_once(page: Any) -> bool:
    return bool(await page.evaluate("window.stillTheSame === true"))


async def test_an_outage_shows_itself_from_opened_to_resolved(tmp_path: Path) -> None:
    async with (
        page_server() as provider,
        bot(tmp_path, provider.url) as (_, address),
        window(address) as page,
    ):
        await says(page, "No. Everything is up.")
        await says(page, "Live", "#live")
        await mark(page)

        outage = provider.page.open("It is down", {CLAUDE_AI: "major_outage"}, body="We look.")
        await says(page, "claude.ai is down")
        await says(page, "We look.", "blockquote")
        assert await page.title() == "Is Claude down? Yes, partly"
        assert "major_outage" in await page.locator("link[rel=icon]").get_attribute("href")
        assert "is down" in await page.locator("#news").text_content()

        worse = {CLAUDE_AI: "major_outage", API: "partial_outage"}
        provider.page.update(outage, "identified", worse, body="We know why.")
        await says(page, "We know why.", "blockquote")
        await says(page, "the API is partly down")

        provider.page.resolve(outage, body="It is over.")
        await says(page, "No. Everything is up.")
        assert await page.locator("article.incident").count() == 0
        assert await was_loaded_once(page)


async def test_what_the_reader_unfolded_and_focused_stays_so(tmp_path: Path) -> None:
    async with (
        page_server() as provider,
        bot(tmp_path, provider.url) as (_, address),
        window(address) as page,
    ):
        await says(page, "Live", "#live")
        cowork = page.locator("details", has_text="Cowork").locator("summary")
        await cowork.focus()
        await page.keyboard.press("Enter")
        provider.page.open("It is down", {CLAUDE_AI: "major_outage"})
        await says(page, "claude.ai is down")

        assert await page.locator("details", has_text="Cowork").get_attribute("open") is not None
        assert "Cowork" in await page.evaluate("document.activeElement.textContent")


async def test_after_a_restart_no_change_is_missed(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    async with page_server() as provider:
        async with bot(tmp_path, provider.url, port) as (program, address):
            watching = window(address)
            page = await watching.__aenter__()
            await says(page, "Live", "#live")
            await mark(page)
            await program.kill()
        await says(page, "Not live since", "#live")
        provider.page.open("Meanwhile", {CLAUDE_AI: "major_outage"}, body="Nobody looked.")
        async with bot(tmp_path, provider.url, port):
            await says(page, "claude.ai is down")
            await says(page, "Nobody looked.", "blockquote")
            await says(page, "Live", "#live")
            assert await was_loaded_once(page)
            await watching.__aexit__(None, None, None)


async def test_the_page_of_an_incident_follows_it_and_keeps_its_links(tmp_path: Path) -> None:
    async with (
        page_server() as provider,
        bot(tmp_path, provider.url) as (_, address),
        window(address) as page,
    ):
        await says(page, "Live", "#live")
        outage = provider.page.open("It is down", {CLAUDE_AI: "major_outage"}, body="We look.")
        await page.get_by_role("link", name="It is down").click()
        await says(page, "We look.", "blockquote")
        await says(page, "Live", "#live")
        provider.page.update(outage, "monitoring", {}, body="A fix is in place.")
        await says(page, "A fix is in place.", "blockquote")
        await page.get_by_role("link", name="claude.ai", exact=True).first.click()
        await says(page, "claude.ai")
        assert page.url == f"{address}surface/claude.ai"
