"""Makes the pictures of the README from the real program: `make pictures`.

The page and the terminal are those of `isclaudedown demo`, as it runs; the threads are what the
same recorded outage sends to Slack and Discord, block by block. Needs what `make integrations`
installs, and a Chromium.
"""

import asyncio
import io
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT), str(ROOT / ".others" / "browser" / "python")]

from cast import cast  # noqa: E402 - beside this file
from markup import chat, discord_message, slack_blocks  # noqa: E402
from PIL import Image  # noqa: E402 - found by the line above

from adapters.cli.demo import Recorded  # noqa: E402
from adapters.discord.render import body_of  # noqa: E402
from adapters.discord.render import render as for_discord  # noqa: E402
from adapters.providers.statuspage import snapshot_of  # noqa: E402
from adapters.slack.render import render as for_slack  # noqa: E402
from bot.catalog.catalog import only  # noqa: E402
from bot.catalog.catalog_file import load_catalog  # noqa: E402
from bot.domain.message import Message  # noqa: E402
from bot.domain.page import Severity  # noqa: E402
from bot.domain.subscription import Channel, Subscription  # noqa: E402
from bot.messages.root import root_message  # noqa: E402
from bot.replay import ReplayedMessage, replayed  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
CSS = Path(__file__).with_name("chat.css").read_text(encoding="utf-8")
CATALOG = only(load_catalog(), ["claude"])
SCHEMES = ("light", "dark")
SECONDS = 24  # of the demonstration
BEGINS = datetime(2026, 4, 28, 17, 41, tzinfo=UTC)  # the outage that it plays
LENGTH = timedelta(minutes=94)
SEEN = timedelta(minutes=50)  # so much of it is over in the threads
COLOURS = 128  # of a picture: enough for flat areas and the edges of letters


async def main() -> None:
    """Make all of them."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - on the path from here on

    PICTURES.mkdir(exist_ok=True)
    program = next((p for n in ("chromium", "google-chrome") if (p := shutil.which(n))), None)
    async with async_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=program, args=options)
        for kind, drawn in (("slack", slack()), ("discord", discord())):
            for scheme in SCHEMES:
                page = await opened(browser, scheme, 640)
                await page.set_content(drawn)
                keep(await page.locator("body").screenshot(), f"{kind}-{scheme}")
        await demonstration(browser)
        await browser.close()
    for made in sorted(PICTURES.iterdir()):
        print(f"{made.relative_to(ROOT)}  {made.stat().st_size / 1000:.0f} kB")


async def opened(browser: Any, scheme: str, width: int) -> Any:  # noqa: ANN401 - Playwright's own
    viewport = {"width": width, "height": 780}
    context = await browser.new_context(
        viewport=viewport, color_scheme=scheme, device_scale_factor=1.5, timezone_id="Europe/Berlin"
    )
    return await context.new_page()


def keep(png: bytes, name: str) -> None:
    """Write a picture, as small as its flat areas let it be."""
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    picture = whole.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    picture.save(PICTURES / f"{name}.png", optimize=True)


# --- the page and the terminal -------------------------------------------------------------------


async def demonstration(browser: Any) -> None:  # noqa: ANN401
    """Run it, look at its page in the middle, and keep what it printed."""
    with tempfile.TemporaryDirectory() as home:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "demo", "--seconds", str(SECONDS)),
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": home, "TZ": "UTC", "COLUMNS": "100"},
            stdout=asyncio.subprocess.PIPE,
        )
        assert running.stdout is not None  # noqa: S101 - told to mypy
        lines: list[tuple[float, str]] = []
        looking: list[asyncio.Task[None]] = []
        began = time.monotonic()
        async for raw in running.stdout:
            line = raw.decode()
            lines.append((time.monotonic() - began, line))
            if found := re.search(r"In a browser: (\S+)", line):
                looking += [
                    asyncio.create_task(look(browser, scheme, found[1])) for scheme in SCHEMES
                ]
        await asyncio.gather(*looking)
    shown = [(at, line) for at, line in lines if "In a browser" not in line]
    (PICTURES / "terminal.svg").write_text(cast(shown, quicker=1.3), encoding="utf-8")


async def look(browser: Any, scheme: str, address: str) -> None:  # noqa: ANN401
    """Take the page once the outage is there in full."""
    page = await opened(browser, scheme, 760)
    await page.goto(address)
    await page.get_by_text("A fix has been").or_(page.get_by_text("identified")).first.wait_for()
    await page.wait_for_timeout(500)
    keep(await page.screenshot(), f"page-{scheme}")


# --- the threads ---------------------------------------------------------------------------------


def told() -> list[ReplayedMessage]:
    """Everything that a channel got of the recorded outage by then."""
    story = Recorded.load(BEGINS, LENGTH.total_seconds())
    looks = []
    for minute in range(-2, round(SEEN.total_seconds() / 60)):
        at = BEGINS + timedelta(minutes=minute, seconds=20)
        document = story.answer("/api/v2/summary.json", at)
        assert document is not None  # noqa: S101 - told to mypy
        looks.append((at, snapshot_of(document, "claude")))
    everything = Subscription(Channel("slack", "T1", "C1"), Severity.UP)
    return list(replayed(looks, CATALOG, everything))


def thread(kind: str, drawn: Callable[[Message], str]) -> str:
    """Draw the root as it was edited last, and what stands below it."""
    messages = told()
    root = root_message(messages[-1].incident, BEGINS + SEEN, CATALOG)
    below = [(one.at, drawn(one.card)) for one in messages if not one.root]
    return chat(kind, CSS, drawn(root), BEGINS, below)


def slack() -> str:
    return thread("slack", lambda card: slack_blocks(for_slack(card).as_blocks, BEGINS + SEEN))


def discord() -> str:
    return thread(
        "discord", lambda card: discord_message(body_of(for_discord(card)), BEGINS + SEEN)
    )


if __name__ == "__main__":
    asyncio.run(main())
