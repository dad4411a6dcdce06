"""Quiet hours as a person sets them at the prompt, and ends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.end_to_end.sitting import sitting
from tests.servers.page import page_server
from tests.servers.statuspage import API


async def test_what_opens_in_quiet_hours_is_put_off_and_told_once_they_end(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    hours = f"{now - timedelta(hours=2):%H:%M}-{now + timedelta(hours=2):%H:%M} UTC"
    async with page_server() as page, sitting(tmp_path, page.url) as person:
        await person.shows("Everything is up")
        await person.types(f"quiet {hours}", "Quiet hours:")
        before = len(person.out)
        page.page.open("API trouble", {API: "partial_outage"}, body="We look.")
        await page.asked(8)  # it is taken in by then
        await person.types("why", f"not told: quiet until {now + timedelta(hours=2):%H:%M} (UTC)")
        assert "We look." not in person.out[before:]
        await person.types("quiet off", "No quiet hours any more")
        await person.shows("We look.")
