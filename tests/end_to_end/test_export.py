"""The past taken out of one instance and into another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.harness import command, started
from tests.end_to_end.test_past import page_with_a_past
from tests.servers.page import page_server
from tests.servers.statuspage import API


async def test_an_export_restores_incidents_and_what_was_observed_and_announces_nothing(
    tmp_path: Path,
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    async with page_server(page_with_a_past(3)) as page:
        async with started(old, page.url) as bot:
            await bot.shows("Everything is up")
            page.page.open("Errors now", {API: "major_outage"})
            await bot.shows("Errors now")
            running = await command(old, page.url, "export")
            await bot.stop()
        said = await command(old, page.url, "export", "--since", "3d")
        lines = [json.loads(line) for line in said.out.splitlines()]
        assert lines[0]["kind"] == "export"
        kinds = [line["kind"] for line in lines]
        assert kinds.count("incident") == 2  # yesterday's, and the one that is open
        assert "span" in kinds
        assert running.out.count('"kind":"incident"') == 4

    file = tmp_path / "incidents.jsonl"
    file.write_text(running.out)
    async with page_server() as empty:  # the page has forgotten all of it
        said = await command(new, empty.url, "restore", str(file))
        assert "Restored 3 incidents" in said.out
        assert "Left out: 1 still open." in said.out
        again = await command(new, empty.url, "restore", str(file))
        assert again.out == said.out
        async with started(new, empty.url) as bot:
            await bot.shows("Everything is up")
            figures = await command(new, empty.url, "uptime", "claude.ai", "2d")
            assert "major 40 min, partial 73 min" in figures.out
            assert "Login fails" not in bot.out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ('{"kind": "incident"}', "line 1 is nothing that `export` writes"),
        ('{"kind": "export", "schema": 9, "at": "x"}', "line 1 is nothing that `export` writes"),
        (
            (
                '{"kind":"export","schema":1,"at":"2026-01-01T00:00:00Z","since":"2026-01-01T00:00:00Z"}\n'
                '{"kind":"span","provider":"a}b","span":{"observer":"page","surface":"","severity":"up",'
                '"start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:00:00Z"}}'
            ),
            "line 2 is nothing that `export` writes",
        ),
    ],
)
async def test_a_file_that_is_no_export_is_refused_with_its_line(
    tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "file.jsonl"
    file.write_text(text)
    said = await command(tmp_path, "http://127.0.0.1:9", "restore", str(file))
    assert (said.code, said.out) == (2, "")
    assert says in said.err


async def test_an_export_since_a_word_that_is_no_date_is_refused(tmp_path: Path) -> None:
    said = await command(tmp_path, "http://127.0.0.1:9", "export", "--since", "yesterday")
    assert said.code == 2
    assert "'yesterday' is no date; write 2026-01-31, or 90d" in said.err
