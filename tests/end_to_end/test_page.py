"""The page as somebody finds it: by the address that the program tells at its start."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from tests.end_to_end.harness import started
from tests.servers.page import page_server
from tests.servers.statuspage import API


async def test_the_address_is_told_at_the_start_and_answers_with_the_page(tmp_path: Path) -> None:
    async with (
        page_server() as page,
        started(tmp_path, page.url, ISCLAUDEDOWN_HTTP_PORT="0") as bot,
    ):
        await bot.shows("In a browser: ")
        address = re.search(r"In a browser: (http://127\.0\.0\.1:\d+/)", bot.out)
        assert address, bot.out
        page.page.open("Slow answers", {API: "degraded_performance"}, body="It is slow.")
        await bot.shows("It is slow.")

        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(address[1], headers={"Accept": "text/html"})

    assert "Is Claude down?" in answer.text
    assert "It is slow." in answer.text
