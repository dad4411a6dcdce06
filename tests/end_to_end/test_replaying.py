"""The commands record and replay, and what any command writes to a pipe."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.harness import NOWHERE, Program, command, environment, launch, started
from tests.servers.page import PageServer, page_server
from tests.servers.statuspage import API, CLAUDE_AI, CODE, Page


async def test_what_is_printed_may_be_cut_off(tmp_path: Path) -> None:
    """As in `isclaudedown replay … | head -1`."""
    archive = tmp_path / "incidents.json"
    archive.write_text(json.dumps({"incidents": many_incidents()}))
    program = await launch(environment(tmp_path, NOWHERE), "replay", str(archive))
    program.close_stdout()
    assert await program.ends() == 0
    assert program.err == ""


def many_incidents() -> list[dict[str, object]]:
    return [
        {
            "id": f"i{number}",
            "name": "Trouble " * 20,
            "status": "resolved",
            "created_at": f"2026-07-01T{number // 60:02}:{number % 60:02}:00Z",
            "resolved_at": f"2026-07-01T{number // 60:02}:{number % 60:02}:30Z",
            "incident_updates": [
                {
                    "id": f"u{number}",
                    "status": "resolved",
                    "body": "It was long. " * 50,
                    "created_at": f"2026-07-01T{number // 60:02}:{number % 60:02}:30Z",
                }
            ],
        }
        for number in range(600)
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        ("", "nothing is recorded"),
        ('{"observed_at": "2026-07-01T12:00:00Z", "body": {}}\nrubbish\n{}\n', "line 2"),
        ("\x1f\x8b\x08 not really gzip", "wrong"),
    ],
)
async def test_replay_of_a_bad_file_names_file_and_place(
    tmp_path: Path, content: str | None, says: str
) -> None:
    path = tmp_path / ("wrong.json.gz" if says == "wrong" else "wrong.json")
    if content is not None:
        path.write_text(content)
    said = await command(tmp_path, NOWHERE, "replay", str(path))
    assert said.code == 1
    (sentence,) = said.err.splitlines()
    assert str(path) in sentence
    assert says in sentence


async def test_replay_ends_with_a_line_of_figures(tmp_path: Path) -> None:
    archive = tmp_path / "incidents.json"
    archive.write_text(json.dumps({"incidents": many_incidents()[:3]}))
    text, scripted = await asyncio.gather(
        command(tmp_path, NOWHERE, "replay", str(archive)),
        command(tmp_path, NOWHERE, "replay", "--json", str(archive)),
    )
    last = text.out.splitlines()[-1]
    assert last.startswith(
        "3 messages (3 in the channel, 0 in threads, 0 edited) about 3 incidents"
    )
    assert "2026-07-01" in last
    assert scripted.err.splitlines() == [last]
    assert all(json.loads(line) for line in scripted.out.splitlines())


@pytest.mark.parametrize("content", ['{"incidents": []}', '{"incidents": null}', "[]"])
async def test_replay_of_nothing_says_so(tmp_path: Path, content: str) -> None:
    archive = tmp_path / "incidents.json"
    archive.write_text(content)
    said = await command(tmp_path, NOWHERE, "replay", str(archive))
    assert (said.code, said.out) == (1, "")
    assert said.err == f"isclaudedown: {archive}: nothing is recorded in it\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
async def test_replay_reads_what_a_shell_of_windows_wrote(tmp_path: Path, encoding: str) -> None:
    incidents = [one | {"components": None} for one in many_incidents()[:1]]
    archive = tmp_path / "incidents.json"
    text = json.dumps({"incidents": incidents, "scheduled_maintenances": None})
    archive.write_text(text, encoding=encoding)
    said = await command(tmp_path, NOWHERE, "replay", str(archive))
    assert (said.code, said.err) == (0, "")
    assert "1 message (" in said.out


async def test_waiting_says_for_what_and_how_often_it_looks(tmp_path: Path) -> None:
    async with page_server() as page:
        outage = page.page.open("It is slow.", {API: "major_outage"})
        waiting = await launch(environment(tmp_path, page.url), "ask", "api", "--wait")
        await waiting.logs("waiting: API: major outage (Ctrl-C ends it; looking about every 0.2 s)")
        page.page.resolve(outage)
        assert await waiting.ends() == 0
        assert waiting.err.count("waiting") == 1
        assert "No. The API is up." in waiting.out


async def test_recording_says_what_where_and_for_how_long(tmp_path: Path) -> None:
    file = tmp_path / "page.jsonl"
    async with page_server() as page:
        said = await command(tmp_path, page.url, "record", "--out", str(file), "--for", "1s")
    first, last = said.out.splitlines()
    assert first == f"Recording {page.url} every 0.2 s into {file}, for 1 s."
    assert last.endswith(f"Play it: replay {file}")
    assert int(last.split()[0]) == len(file.read_text().splitlines())


@pytest.mark.parametrize(
    "words",
    ["ask", "ask --json", "providers", "doctor", "config", "-h", "statusline", "replay", "health"],
)
async def test_every_command_writes_to_a_pipe_of_few_letters(tmp_path: Path, words: str) -> None:
    archive = tmp_path / "incidents.json"
    archive.write_text(json.dumps({"incidents": many_incidents()[:1]}))
    file = [str(archive)] if words == "replay" else []
    async with page_server() as page:
        page.page.open("Störung bei “uns” 🔥", {API: "major_outage"})
        said = await command(tmp_path, page.url, *words.split(), *file, PYTHONIOENCODING="ascii")
    assert said.out
    assert said.out.isascii()
    assert "codec" not in said.err


async def test_recordings_that_follow_each_other_are_one_history(tmp_path: Path) -> None:
    now = [datetime(2026, 7, 1, 12, 0, tzinfo=UTC)]
    page, other = Page(lambda: now[0]), Page(lambda: now[0], page_id="acme", name="Acme")
    other.url = "https://status.acme.example"
    files = [tmp_path / name for name in ("b.jsonl", "a.jsonl", "acme.jsonl")]
    for step in range(8):
        now[0] += timedelta(minutes=1)
        if step == 2:
            outage = page.open("It is slow.", {API: "major_outage"})
        if step == 3:
            other.open("Acme is slow.", {API: "major_outage"})
        if step == 6:
            page.resolve(outage)
        for file, shown in ((files[step // 4], page), (files[2], other)):
            line = {"observed_at": now[0].isoformat(), "body": shown.summary()}
            with file.open("a") as out:
                out.write(json.dumps(line) + "\n")
    said = await command(tmp_path, NOWHERE, "replay", "--json", *map(str, files[::-1]))
    assert said.code == 0, said.err
    messages = [json.loads(line) for line in said.out.splitlines()]
    told = [(m["provider"], m["kind"]) for m in messages]
    assert told == [("claude", "opened"), ("acme", "opened"), ("claude", "resolved")]


async def test_a_recording_replayed_tells_what_the_terminal_was_told(tmp_path: Path) -> None:
    file = tmp_path / "page.jsonl.gz"
    async with page_server() as page:
        page.page.open("Slow answers", {API: "degraded_performance"}, body="It is slow.")
        async with started(tmp_path, page.url) as bot:
            recorder = await launch(environment(tmp_path, page.url), "record", "--out", str(file))
            await bot.shows("It is slow.")
            await recorder.logs("record.started")
            await page.asked(6)
            await live(page, bot)
            assert await recorder.stop() == 0
            assert await bot.stop() == 0
    said = await command(tmp_path, NOWHERE, "replay", "--json", str(file))
    assert said.code == 0, said.err
    messages = [json.loads(line) for line in said.out.splitlines()]
    kinds = [(m["title"], m["kind"]) for m in messages if m["place"] != "edit"]
    texts = [text for text in SAID if any(text in m["text"] for m in messages)]
    assert texts == SAID
    assert len(kinds) == len(set(kinds)) == len(SAID)
    for text in SAID:
        assert bot.out.count(text) == 1


SAID = ["It is slow.", "Nobody can log in.", "A cause was found.", "It works.", "Fast again."]


async def live(page: PageServer, bot: Program) -> None:
    """What happens on the page while both look; a flap of one look is held back by both."""
    page.page.set(CODE, "degraded_performance")
    await page.asked(2)
    page.page.set(CODE, "operational")
    await page.asked(4)
    slow = page.page.incidents[0]["id"]
    outage = page.page.open("Login", {CLAUDE_AI: "major_outage"}, body=SAID[1])
    await bot.shows(SAID[1])
    await page.asked(6)
    page.page.update(outage, "identified", {CLAUDE_AI: "major_outage"}, body=SAID[2])
    await bot.shows(SAID[2])
    await page.asked(6)
    page.page.resolve(outage, body=SAID[3])
    await bot.shows(SAID[3])
    await page.asked(6)
    page.page.resolve(slow, body=SAID[4])
    await bot.shows(SAID[4])
    await page.asked(6)
