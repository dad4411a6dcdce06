"""The operator's one-shot commands: ask, doctor, health, record and replay."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.harness import Program, command, environment, launch, started
from tests.servers.page import PageServer, page_server
from tests.servers.redis import standalone
from tests.servers.statuspage import API, CLAUDE_AI, CODE, Page

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("status", "code"),
    [("operational", 0), ("degraded_performance", 10), ("partial_outage", 20)],
)
async def test_ask_ends_with_the_code_of_the_worst_that_was_asked_for(
    tmp_path: Path, status: str, code: int
) -> None:
    async with page_server() as page:
        page.page.set(API, status)
        said = await command(tmp_path, page.url, "ask", "api", "--json")
        assert said.code == code
        answer = json.loads(said.out)
        (verdict,) = answer["verdicts"]
        assert answer["exit_code"] == code
        assert verdict["surface"] == "api"
        assert verdict["age"] is not None
        assert [one["source"] for one in verdict["evidence"]] == ["page"]


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["claude", "code"], ["code"]), (["opus", "4.6", "the", "api"], ["api", "opus"])],
)
async def test_ask_takes_names_of_several_words(
    tmp_path: Path, words: list[str], meant: list[str]
) -> None:
    said = await command(tmp_path, NOWHERE, "ask", *words, "--json")
    verdicts = json.loads(said.out)["verdicts"]
    assert [verdict["surface"] for verdict in verdicts] == meant
    assert all("cannot be read" in verdict["reason"] for verdict in verdicts)


async def test_ask_without_any_page_says_unknown_and_why(tmp_path: Path) -> None:
    text, scripted = await asyncio.gather(
        command(tmp_path, NOWHERE, "ask"), command(tmp_path, NOWHERE, "ask", "api", "--json")
    )
    assert (text.code, scripted.code) == (30, 30)
    assert "not been able to read the status page" in text.out
    assert f"{NOWHERE}/api/v2/summary.json cannot be read" in text.err
    (verdict,) = json.loads(scripted.out)["verdicts"]
    assert (verdict["surface"], verdict["severity"]) == ("api", "unknown")


async def test_ask_takes_the_answer_of_a_running_instance(tmp_path: Path) -> None:
    async with page_server() as page, started(tmp_path, page.url) as bot:
        await bot.shows("Everything is up")
        outage = page.page.open("Login trouble", {CLAUDE_AI: "major_outage"}, body="We look.")
        await bot.shows("We look.")
        # It asks the instance, not the page: another address for the page makes no difference.
        said = await command(tmp_path, NOWHERE, "ask", "--json", ISCLAUDEDOWN_POLL_SECONDS="60")
        assert said.code == 20
        answer = json.loads(said.out)
        assert [one["id"] for one in answer["incidents"]] == [outage]
        down = [v["surface"] for v in answer["verdicts"] if v["severity"] == "major_outage"]
        assert down == ["claude.ai", "mobile"]  # which rests on it, and has no row of its own
        well = await command(tmp_path, NOWHERE, "health")
        assert (well.code, well.out.startswith("claude: read ")) == (0, True)


async def test_ask_looks_itself_where_redis_is_away(tmp_path: Path) -> None:
    async with page_server() as page:
        said = await command(tmp_path, page.url, "ask", REDIS_URL="redis://127.0.0.1:9/0")
        assert said.code == 0
        assert "Everything is up" in said.out


async def test_health_without_an_instance_is_bad(tmp_path: Path) -> None:
    said = await command(tmp_path, NOWHERE, "health")
    assert (said.code, said.out) == (1, "claude: nobody watches it\n")


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


async def test_the_doctor_finds_all_well(tmp_path: Path) -> None:
    async with page_server() as page:
        said = await command(tmp_path, page.url, "doctor")
    assert said.code == 0, said.out
    assert "✗" not in said.out
    for line in ("✓ page claude", "✓ clock", "✓ redis: embedded", "✓ redis durability"):
        assert line in said.out


async def test_names_from_outside_do_nothing_to_a_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;title\x07 \x9b31m \u202eevil"
    async with page_server() as page:
        page.page.set(API, evil)  # a state that nobody knows is told the operator
        page.page.open(evil, {CODE: "major_outage"})
        for words in (["doctor"], ["ask"], ["ask", "--json"], ["doctor", "--json"]):
            shown = await on_a_terminal(tmp_path, page.url, *words)
            assert "evil" in shown
            assert not {"\x07", "\x9b", "\u202e"} & set(shown)
            assert "\x1b]" not in shown


async def on_a_terminal(folder: Path, page: str, *words: str) -> str:
    """Run a command whose standard output is a terminal (a pty)."""
    leader, follower = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        cwd=folder,
        env=environment(folder, page, TERM="xterm"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=follower,
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(follower)
    shown = b""
    with contextlib.suppress(OSError):  # the other side is closed
        while data := await asyncio.to_thread(os.read, leader, 65536):
            shown += data
    os.close(leader)
    await process.wait()
    return shown.decode()


async def test_the_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    async with page_server() as page:
        page.clock_error = timedelta(minutes=5)
        with standalone("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru") as node:
            said = await command(tmp_path, page.url, "doctor", REDIS_URL=node.url)
        page.fail("html", path="*")
        broken = await command(tmp_path, page.url, "doctor", REDIS_URL="redis://127.0.0.1:9")
    assert said.code == 0  # it works, with warnings
    assert "! clock: 300 s behind the page's" in said.out.replace("299 s", "300 s")
    assert "! redis durability" in said.out
    assert "! redis eviction: may evict keys (allkeys-lru)" in said.out
    assert said.out.count("→") == 3
    assert broken.code == 1
    assert "✗ page claude" in broken.out
    nowhere = await command(tmp_path, "http://status.invalid", "doctor")
    assert "→ Its name does not resolve. Open the address in a browser" in nowhere.out
    assert "✗ redis" in broken.out
