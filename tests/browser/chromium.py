"""A real browser for tests: the system's Chromium, driven by Playwright, with axe-core at hand.

`make integrations` installs Playwright's driver and axe-core; the browser is the system's own.
Without one of them these tests skip, and fail where `CI_REQUIRE_INTEGRATIONS=1`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tests.end_to_end.harness import PATIENCE, Program, started
from tests.integrations.other_sides import OTHERS, installed, missing

FOLDER = OTHERS / "browser"
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FIND = "async (rules) => (await axe.run(document, {runOnly: rules})).violations"


def _driver() -> Any:
    folder = str(installed(FOLDER / "python"))
    if folder not in sys.path:
        sys.path.append(folder)
    from playwright.async_api import async_playwright  # noqa: PLC0415 - found by the line above

    return async_playwright()


def _program() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        missing("no Chromium is installed here")
    assert found is not None
    return found


@contextlib.asynccontextmanager
async def window(address: str, **options: Any) -> AsyncIterator[Any]:
    """Open an address in a window of its own; at the end nothing may have gone wrong in it.

    `options`: of Playwright's `new_context` (`color_scheme`, `timezone_id`, …). Yields its `Page`.
    """
    wrong: list[str] = []
    ours = urljoin(address, "/")
    no_sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # which refuses to run as root
    async with _driver() as playwright:
        browser = await playwright.chromium.launch(executable_path=_program(), args=no_sandbox)
        context = await browser.new_context(**options)
        page = await context.new_page()
        page.set_default_timeout(1000 * PATIENCE)

        def heard(line: Any) -> None:
            if "Security" in line.text:  # something was refused by the page's own policy
                wrong.append(line.text)

        def asked(request: Any) -> None:
            if not request.url.startswith(ours):
                wrong.append(f"asked: {request.url}")

        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        page.on("console", heard)
        page.on("request", asked)
        await page.goto(address)
        yield page
        assert await context.cookies() == []
        await browser.close()
    assert wrong == []


async def violations(page: Any) -> list[str]:
    """Return what axe finds against WCAG 2.2 AA, each with the first place."""
    await page.evaluate(installed(AXE).read_text())
    found = await page.evaluate(FIND, RULES)
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


async def runs_over(page: Any) -> str:
    """Return how much wider the page is than the window: empty, or "by 40 px"."""
    beyond = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return f"by {beyond} px" if beyond > 0 else ""


@contextlib.asynccontextmanager
async def bot(
    folder: Path, page: str, port: int = 0, **more: str
) -> AsyncIterator[tuple[Program, str]]:
    """Start the program by its command. Yields it with the address of its page."""
    settings = {"ISCLAUDEDOWN_HTTP_PORT": str(port), **more}
    async with started(folder, page, **settings) as program:
        await program.shows("In a browser: ")
        told = re.search(r"In a browser: (\S+)", program.out)
        assert told, program.out
        yield program, told[1]
