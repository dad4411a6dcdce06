"""The plugin for Claude Code, in Claude Code's own command line."""

from __future__ import annotations

import asyncio
import json
import tomllib
from pathlib import Path

import pytest

from tests.integrations.ci import instance, run
from tests.integrations.claude_code import PLUGIN, claude, failed_turn, outside
from tests.integrations.other_sides import ROOT, tool
from tests.shared import shared_path

HOOK = PLUGIN / "hooks" / "report_failure.sh"
STATUS_LINES = "~/.claude/plugins/cache/isclaudedown/isclaudedown/*/statusline.sh"
TOKEN = {"ISCLAUDEDOWN_HTTP_TOKEN": "t0ken"}


async def test_claude_code_takes_the_marketplace_and_the_plugin_without_a_warning(
    tmp_path: Path,
) -> None:
    for folder in (ROOT, PLUGIN):
        ran = await claude(tmp_path, "plugin", "validate", str(folder), "--strict")
        assert ran.code == 0, ran.out + ran.err


async def test_it_is_installed_as_the_readme_says(tmp_path: Path) -> None:
    for words in (
        ("marketplace", "add", str(ROOT)),
        ("install", "isclaudedown@isclaudedown"),
        ("details", "isclaudedown"),
    ):
        ran = await claude(tmp_path, "plugin", *words)
        assert ran.code == 0, ran.out + ran.err
    for part in ("Skills (2)  is-claude-down, status", "StopFailure", "MCP servers (1)"):
        assert part in ran.out
    assert STATUS_LINES in (PLUGIN / "README.md").read_text()
    found = await run(*("sh", "-c", "ls " + STATUS_LINES), cwd=tmp_path, HOME=str(tmp_path))
    assert found.out.endswith("/statusline.sh\n"), found.err


def test_the_plugin_has_the_version_of_the_program() -> None:
    manifest = json.loads((PLUGIN / ".claude-plugin" / "plugin.json").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert manifest["version"] == project["version"]


async def test_a_turn_that_fails_sends_its_kind_and_nothing_else(tmp_path: Path) -> None:
    async with outside() as world, failed_turn(tmp_path, world, **TOKEN):
        async with asyncio.timeout(30):
            await world.signalled.wait()
    ((token, body),) = world.signals
    assert token == "Bearer t0ken"
    # What version says "overloaded" and which "server_error" for a 529 differs.
    assert body in [
        {"counts": [{"surface": "code", "outcomes": {outcome: 1}}]} for outcome in ("5xx", "529")
    ]
    assert world.asked == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [("overloaded", "529"), ("server_error", "5xx"), ("rate_limit", "429")]
    + [(error, None) for error in ("authentication_failed", "billing_error", "$(touch x)")],
)
async def test_the_kinds_of_errors_that_are_sent(
    error: str, outcome: str | None, tmp_path: Path
) -> None:
    text = 'API Error: {"type":"error","error": "overloaded"} s3cret'
    given = {"session_id": "s3cret", "error": error, "last_assistant_message": text}
    async with outside() as world:
        await hook(tmp_path, json.dumps(given, indent=1), ISCLAUDEDOWN_URL=f"{world.url}/", **TOKEN)
    sent = [("Bearer t0ken", {"counts": [{"surface": "code", "outcomes": {outcome: 1}}]})]
    assert world.signals == (sent if outcome else [])
    assert "s3cret" not in json.dumps(world.signals)
    assert not (tmp_path / "x").exists()


async def test_nothing_is_sent_unless_there_is_a_token(tmp_path: Path) -> None:
    async with outside() as world:
        await hook(tmp_path, '{"error": "overloaded"}', ISCLAUDEDOWN_URL=world.url)
    assert world.signals == []


async def test_what_is_sent_is_counted_by_a_running_isclaudedown(tmp_path: Path) -> None:
    samples = shared_path("samples/claude-code")
    failure = (samples / "hook_stop_failure_server_error_written.json").read_text()
    (tmp_path / "bot").mkdir()
    async with instance(tmp_path / "bot", **TOKEN) as running:
        for _ in range(8):
            await hook(tmp_path, failure, ISCLAUDEDOWN_URL=running.url, **TOKEN)
        verdict = (await running.http.get("/v1/verdict/code")).json()["verdicts"][0]
    assert [(e["source"], e["says"]) for e in verdict["evidence"] if e["source"] == "traffic"] == [
        ("traffic", "8 of our own 8 requests failed")
    ]


async def hook(where: Path, given: str, **environment: str) -> None:
    """Run the hook's command with this input."""
    (where / "input.json").write_text(given)
    ran = await run(
        *(tool("dash"), "-c", f'exec "{tool("dash")}" "{HOOK}" < input.json'),
        cwd=where,
        **environment,
    )
    assert (ran.code, ran.out, ran.err) == (0, "", "")
