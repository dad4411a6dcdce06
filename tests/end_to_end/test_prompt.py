"""What somebody at a terminal may type, and what comes above it meanwhile."""

from __future__ import annotations

import re
from pathlib import Path

from tests.end_to_end.sitting import PROMPT, sitting
from tests.servers.page import page_server
from tests.servers.statuspage import API, CLAUDE_AI


async def test_every_command_answers_at_the_prompt_and_exit_leaves(tmp_path: Path) -> None:
    async with page_server() as page, sitting(tmp_path, page.url) as person:
        await person.shows("Everything is up")
        await person.types("/isclaudedown api", "API")
        await person.types("subscriptions", "everything")
        await person.types("subscribe code claude.ai partial", "partial")
        await person.types("mute 2h", "muted")
        await person.types("unmute", "Unmuted")
        await person.types("subscribe everything", "everything")
        incident = page.page.open("Login trouble", {CLAUDE_AI: "major_outage"}, body="We look.")
        await person.shows("We look.")
        await person.types("", "claude.ai is down")
        await person.types("history 7d", "Login trouble")
        await person.types(f"incident {incident}", "We look.")
        await person.types("why", "Login trouble")
        await person.types("test", "xample")
        await person.types("help", "What you can ask me")
        await person.types("subscrib api", "subscribe")
        person.press("exit\r")
        assert await person.ends() == 0
        assert "Traceback" not in person.out
        assert "fault of ours" not in person.out


async def test_news_come_above_a_half_typed_line_which_goes_on(tmp_path: Path) -> None:
    async with page_server() as page, sitting(tmp_path, page.url) as person:
        await person.shows("Everything is up")
        await person.shows(PROMPT)
        person.press("subscr")
        await person.shows("subscr")
        page.page.open("Slow answers", {API: "degraded_performance"}, body="It is slow.")
        await person.shows("It is slow.")
        await person.types("iptions", "everything")
        assert await person.ends_by("\x04") == 0  # Ctrl-D


async def test_ctrl_c_clears_half_a_line_and_leaves_cleanly_from_an_empty_one(
    tmp_path: Path,
) -> None:
    async with page_server() as page, sitting(tmp_path, page.url) as person:
        await person.shows("Everything is up")
        await person.shows(PROMPT)
        person.press("subscribe opu")
        await person.shows("subscribe opu")
        before = len(person.out)
        person.press("\x03")
        await person.shows(PROMPT, after=before)
        await person.types("subscriptions", "everything")
        assert await person.ends_by("\x03") == 0
        assert "Traceback" not in person.out


async def test_no_log_line_stands_at_the_prompt_but_what_the_operator_must_know(
    tmp_path: Path,
) -> None:
    async with page_server() as page, sitting(tmp_path, page.url) as person:
        await person.shows("Everything is up")
        await person.shows(PROMPT)
        person.press("subscr")
        page.fail("error")
        await person.shows(f"I can't read {page.url.removeprefix('http://')}: ")
        page.healthy()
        seen = f"I can see {page.url.removeprefix('http://')} again"
        await person.shows(seen)
        await person.shows(f"{PROMPT}subscr", after=person.out.index(seen))
        assert "page.failed" not in person.out
        await person.types("\x15logs", "page.failed")
        assert await person.ends_by("\x04") == 0


async def test_a_button_is_pressed_by_the_words_that_are_shown(tmp_path: Path) -> None:
    async with page_server() as page, sitting(tmp_path, page.url) as person:
        await person.shows("Everything is up")
        incident = page.page.open("Login trouble", {CLAUDE_AI: "major_outage"}, body="We look.")
        await person.shows(f"Type: affected claude/{incident} · back claude/{incident}")
        await person.shows(PROMPT)
        await person.types(f"affected claude/{incident}", "Counted: trouble with claude.ai")
        await person.types("works claude.ai", "claude.ai works for you again")
        assert await person.ends_by("\x04") == 0


async def test_a_terminal_that_erases_nothing_shows_again_what_is_being_typed(
    tmp_path: Path,
) -> None:
    async with page_server() as page, sitting(tmp_path, page.url, TERM="dumb") as person:
        await person.shows("Everything is up")
        await person.shows(PROMPT)
        person.press("sub")
        await person.shows(f"{PROMPT}sub")
        before = len(person.out)
        page.page.open("Slow answers", {API: "degraded_performance"}, body="It is slow.")
        await person.shows("It is slow.", after=before)
        await person.shows(f"{PROMPT}sub", after=before)
        await person.types("s", "everything")
        assert await person.ends_by("\x04") == 0
        assert not re.search(r"\x1b\[[\d;]*m", person.raw)  # no colours
