"""`isclaudedown providers`: who can be watched, who is, and how it looks there now."""

from __future__ import annotations

import io
import json
from pathlib import Path

from adapters.cli.providers import list_providers
from bot.runtime import utc_now
from bot.settings import Settings
from tests.servers.bodies import body_server
from tests.unit.providers.samples import SAMPLES


async def told(folder: Path, url: str, *, as_json: bool = False) -> str:
    settings = Settings(providers=("bedrock/eu-west-1",), page_url=url, data_dir=folder)
    out = io.StringIO()
    await list_providers(settings, utc_now, out, as_json=as_json)
    return out.getvalue()


async def test_what_is_watched_is_shown_as_it_is_now_and_what_else_could_be(tmp_path: Path) -> None:
    async with body_server(SAMPLES["aws"].bodies(trouble=True)) as server:
        text = await told(tmp_path, server.url)
    watched, others = text.split("\n\n")
    assert "🟠 partial outage" in watched
    assert "bedrock/eu-west-1: partial outage" in watched
    assert "claude" in others
    assert "openrouter" in others
    assert "\n  bedrock" not in others


async def test_a_page_that_cannot_be_read_is_unknown_and_says_why(tmp_path: Path) -> None:
    async with body_server({}) as server:
        text = await told(tmp_path, server.url)
    assert "⚪ unknown" in text
    assert "answered 404" in text


async def test_scripts_get_the_same_as_json(tmp_path: Path) -> None:
    async with body_server(SAMPLES["aws"].bodies()) as server:
        rows = json.loads(await told(tmp_path, server.url, as_json=True))
    (bedrock,) = [row for row in rows if row["watched"]]
    assert (bedrock["name"], bedrock["severity"]) == ("bedrock", "up")
    assert bedrock["surfaces"] == {"bedrock/eu-west-1": "up"}
    assert {"claude", "openai", "gemini"} <= {row["name"] for row in rows}
