"""The page is for everybody: by keys, read aloud, at any size, on paper, without scripts."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.browser.chromium import bot, runs_over, violations, window
from tests.servers.page import page_server
from tests.servers.statuspage import API, CLAUDE_AI, CODE

PATHS = (
    *("", "wall", "incident/claude/incident0001", "surface/claude.ai"),
    *("history", "scoreboard", "about", "nowhere"),
)
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "320 px": {"color_scheme": "light", "viewport": {"width": 320, "height": 640}},
    # What a browser does at 200 %: half as many of its pixels, each twice as large.
    "200 %": {
        "color_scheme": "dark",
        "viewport": {"width": 640, "height": 400},
        "device_scale_factor": 2,
    },
}
# At the end of the page the focus leaves it.
SHOWS_FOCUS = """document.activeElement === document.body ||
    getComputedStyle(document.activeElement).outlineStyle !== 'none'"""
HOSTILE = (
    "<script>window.broken = 1</script><img src=x onerror='window.broken = 2'> "
    "</blockquote></main><style>body{display:none}</style> &amp; "
    # A page may escape what it shows: read, this is markup.
    "&lt;script&gt;window.broken = 3&lt;/script&gt;&lt;/main&gt;&lt;img src=x onerror=alert(4)&gt; "
    "\u202egnihtyreve\u202c \u0645\u0631\u062d\u0628\u0627 {{ 7 * 7 }} ${1 + 1} "
)


@contextlib.asynccontextmanager
async def outage(folder: Path, body: str = "We look.") -> AsyncIterator[str]:
    """A program that watches a page with an outage, and maintenance to come. Yields its address."""
    async with page_server() as provider, bot(folder, provider.url) as (program, address):
        down = {CLAUDE_AI: "major_outage", CODE: "partial_outage", API: "degraded_performance"}
        provider.page.open(f"Elevated errors {body[:300]}", down, body=body)
        begins = datetime.now(UTC) + timedelta(days=2)
        provider.page.schedule("Upgrade", [API], begins, begins + timedelta(hours=1))
        await program.logs("incident.event", times=2)
        yield address


async def test_axe_finds_nothing_on_any_page_however_it_is_looked_at(tmp_path: Path) -> None:
    async with outage(tmp_path) as address:
        for look, options in LOOKS.items():
            async with window(address, **options) as page:
                for path in PATHS:
                    await page.goto(address + path)
                    assert await violations(page) == [], (look, path)
                    assert await runs_over(page) == "", (look, path)


async def test_all_of_it_is_reached_by_keys_alone(tmp_path: Path) -> None:
    async with outage(tmp_path) as address, window(address) as page:
        await page.keyboard.press("Tab")
        assert await focused(page) == "Skip to the answer"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"

        reached = []
        for _ in range(60):
            await page.keyboard.press("Tab")
            assert await page.evaluate(SHOWS_FOCUS)
            reached.append(await focused(page))
        everything = await page.locator("main a:visible, main summary:visible").all_inner_texts()
        assert {" ".join(text.split()) for text in everything} <= set(reached)

        await page.locator("summary", has_text="Cowork").focus()
        await page.keyboard.press("Space")
        assert await page.locator("details", has_text="Cowork").get_attribute("open") is not None


async def focused(page: Any) -> str:
    text = await page.evaluate("document.activeElement.innerText")
    return " ".join(str(text).split())


async def test_without_scripts_it_is_the_whole_answer_and_says_that_it_stands_still(
    tmp_path: Path,
) -> None:
    async with outage(tmp_path) as address, window(address, java_script_enabled=False) as page:
        text = await page.locator("body").inner_text()
        assert "Yes, partly." in text
        assert "We look." in text
        assert "What you can do:" in text
        assert "Upgrade" in text
        assert "reload it to see what is new" in text
        assert " UTC" in text
        await page.locator("summary", has_text="Cowork").click()
        assert await page.get_by_text("Claude Cowork: operational").is_visible()


async def test_hostile_texts_stay_text(tmp_path: Path) -> None:
    body = (HOSTILE * 40)[:6000]
    narrow: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
    async with outage(tmp_path, body) as address, window(address, **narrow) as page:
        for path in PATHS:
            await page.goto(address + path)
            assert await page.evaluate("window.broken") is None, path
            assert await page.locator("h1").is_visible(), path
            assert await runs_over(page) == "", path
        await page.goto(f"{address}incident/claude/incident0001")
        said = await page.locator("blockquote").first.text_content()
        assert "<script>window.broken = 3</script></main><img src=x onerror=alert(4)>" in said
        assert said.count("{{ 7 * 7 }}") == body.count("{{ 7 * 7 }}")  # word for word, not cut


async def test_times_are_told_in_the_readers_zone_with_utc_beside(tmp_path: Path) -> None:
    async with outage(tmp_path) as address, window(address, timezone_id="Asia/Kolkata") as page:
        time = page.locator("summary time").first
        there = datetime.fromisoformat(str(await time.get_attribute("datetime")))
        here = there + timedelta(hours=5, minutes=30)
        assert await time.text_content() == f"{here:%H:%M} ({there:%H:%M} UTC)"


async def test_on_paper_nothing_stays_folded(tmp_path: Path) -> None:
    async with outage(tmp_path) as address, window(address) as page:
        folded = page.locator("details", has_text="Cowork").locator(".evidence")
        assert not await folded.is_visible()
        await page.emulate_media(media="print")
        assert await folded.is_visible()
        assert not await page.locator("header nav").is_visible()


async def test_on_a_wall_of_any_size_everything_is_seen_at_once(tmp_path: Path) -> None:
    async with outage(tmp_path) as address:
        for width, height in ((1920, 1080), (3840, 2160), (1024, 600), (320, 640)):
            viewport = {"width": width, "height": height}
            async with window(f"{address}wall", viewport=viewport) as page:
                for one in await page.locator("h1, .tiles li, .tiles .what, .tiles .words").all():
                    box = await one.bounding_box()
                    assert box["x"] >= 0
                    assert box["y"] >= 0
                    assert box["x"] + box["width"] <= width + 1
                    assert box["y"] + box["height"] <= height + 1


async def test_a_wall_has_room_for_many_pages(tmp_path: Path) -> None:
    async with page_server() as provider:
        pages = ",".join(f"page{number}={provider.url}" for number in range(18))
        async with (
            bot(tmp_path, provider.url, 0, ISCLAUDEDOWN_PAGES=pages) as (_, address),
            window(f"{address}wall", viewport={"width": 1920, "height": 1080}) as page,
        ):
            for one in await page.locator("h1, .tiles li, .tiles .what, .tiles .words").all():
                box = await one.bounding_box()
                assert box["y"] + box["height"] <= 1081
                assert box["x"] + box["width"] <= 1921


async def test_a_visitor_says_that_it_works_again(tmp_path: Path) -> None:
    switched_on = {"ISCLAUDEDOWN_PUBLIC_REPORTS": "true"}
    async with (
        page_server() as provider,
        bot(tmp_path, provider.url, 0, **switched_on) as (_, address),
        window(address, viewport={"width": 320, "height": 640}) as page,
    ):
        await page.get_by_role("link", name="just me?").click()
        assert await violations(page) == []
        assert await runs_over(page) == ""
        await page.get_by_role("button", name="I'm affected by trouble with API").click()
        assert await page.locator("h1").text_content() == "Counted: trouble with API"
        assert await violations(page) == []
        await page.get_by_role("button", name="It works again").click()
        assert await page.locator("h1").text_content() == "Good: API works for you again"
        await page.goto(f"{address}justme?surface=api")
        assert await page.locator("h1").text_content() == "It looks like it is just you"
        assert await violations(page) == []
