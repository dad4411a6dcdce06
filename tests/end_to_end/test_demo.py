"""`demo`: a recorded outage from its beginning to its end, whatever is set; no traces."""

from __future__ import annotations

import os
from pathlib import Path

from tests.end_to_end.harness import environment, launch


async def test_the_demonstration_plays_an_outage_and_ends_by_itself(tmp_path: Path) -> None:
    # What would stop or divert `run`: a page and a Redis that do not answer, a platform's tokens.
    env = environment(
        tmp_path,
        "http://127.0.0.1:9",
        REDIS_URL="redis://127.0.0.1:9",
        SLACK_BOT_TOKEN="xoxb-1",
        SLACK_APP_TOKEN="xapp-1",
        SLACK_API_URL="http://127.0.0.1:9/",
        TMPDIR=str(tmp_path),
    )
    program = await launch(env, "demo", "--seconds", "10")
    try:
        for words in (
            "No. Everything is up",
            "Claude.ai unavailable",
            "worse: API up → partial outage",
            "up again: API and Claude Code",
            "Resolved: Claude.ai unavailable",
            "isclaudedown run",
        ):
            await program.shows(words)
        assert await program.ends() == 0
    finally:
        if program.process.returncode is None:
            await program.kill()

    assert "slack" not in program.out + program.err
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - no async path is needed for a list
