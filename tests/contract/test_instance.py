"""Whatever answers in the place of a running instance, a command that asks it ends soon."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from adapters.cli import instance
from adapters.cli.statusline import cache_file, refresh
from bot.domain.errors import SourceError
from bot.settings import Settings
from tests.servers.page_faults import FAULTS, bomb_body

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RETRY = {"do": "back_off", "wait": 60, "retry_after": 60, "use": [], "targets": []}


@contextlib.asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[str]:
    """Serve one answer to whatever is asked; yields the address."""
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("html", "something else than a verdict"),
        ("error", "answered 500"),
        ("loop", "answered 302"),
        ("half", "gave no answer"),
        ("drop", "gave no answer"),
        ("hang", "gave no answer"),
        ("drip", "gave no answer"),
        ("huge", "more than 2 MB"),
        ("bomb", "more than 2 MB"),
        ("layers", "a way that was not asked for"),
    ],
)
async def test_what_is_no_verdict_is_given_up_soon_and_fills_no_memory(
    fault: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance, "TIMEOUT", 1.0)
    bomb_body()  # packed beforehand, which takes longer than that

    async def answer(request: web.Request) -> web.StreamResponse:
        return await FAULTS[fault](request, b"{}" * 100)

    async with answering(answer) as url:
        with pytest.raises(SourceError, match=says):
            await instance.ask_instance(url, ["api"])


async def test_the_status_line_is_one_line_that_no_terminal_obeys(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    verdict: dict[str, object] = {
        "surface": "acme/\x1b]0;mine\x07\u202e\nup",
        "severity": "major_outage",
        **dict.fromkeys(("reason", "since", "checked_at", "age")),
        "suspected": False,
        "evidence": [],
        "incidents": [],
        "retry": RETRY,
    }
    document = {"schema": 1, "at": NOW.isoformat(), "exit_code": 20, "incidents": []}
    said = json.dumps({**document, "verdicts": [verdict]})

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=said, content_type="application/json")

    async with answering(answer) as url:
        await refresh(Settings(url=url), [], lambda: NOW)
    written = cache_file().read_text().splitlines()

    assert len(written) == 2
    assert written[1].endswith("up down, retry in 1 min")
    assert not set(written[1]) & {"\x1b", "\x07", "\u202e"}
