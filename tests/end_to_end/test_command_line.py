"""The command itself: what it loads, where it reads its settings, what scripts get from it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot import __version__
from tests.end_to_end.harness import environment


def isclaudedown(
    folder: Path, *words: str, python: tuple[str, ...] = (), **more: str
) -> subprocess.CompletedProcess[str]:
    env = environment(folder, "http://127.0.0.1:9", **more)
    command = [sys.executable, *python, "-m", "bot", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", ["--version", "-V", "version"])
def test_the_version_is_told_without_loading_anything(tmp_path: Path, words: str) -> None:
    ran = isclaudedown(tmp_path, words, python=("-X", "importtime"))

    assert (ran.returncode, ran.stdout) == (0, f"{__version__}\n")
    assert "bot" in ran.stderr
    assert not {"typer", "pydantic", "structlog", "asyncio"} & {
        line.split("|")[-1].strip() for line in ran.stderr.splitlines()
    }


def test_ask_loads_no_chat_library_and_no_redis_where_there_is_none(
    tmp_path: Path,
) -> None:
    ran = isclaudedown(
        tmp_path, "ask", python=("-X", "importtime"), ISCLAUDEDOWN_PAGE_URL="http://127.0.0.1:9"
    )
    loaded = {line.split("|")[-1].strip() for line in ran.stderr.splitlines()}

    assert ran.returncode == 30
    assert "httpx" in loaded
    assert not {"redis", "slack_bolt", "slack_sdk", "discord", "aiohttp", "starlette"} & loaded


@pytest.mark.parametrize("words", [("-h",), ("ask", "-h"), ("slack", "manifest", "-h")])
def test_help_is_asked_for_in_two_letters(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = isclaudedown(tmp_path, *words)

    assert ran.returncode == 0
    assert "Usage" in ran.stdout


def test_a_shell_can_complete_the_commands(tmp_path: Path) -> None:
    # As the installed command: by its name it knows the variable that a shell asks with.
    start = "import sys; sys.argv = ['isclaudedown']; from bot.__main__ import main; main()"
    env = environment(
        tmp_path,
        "http://127.0.0.1:9",
        _ISCLAUDEDOWN_COMPLETE="complete_bash",
        COMP_WORDS="isclaudedown do",
        COMP_CWORD="1",
    )
    ran = subprocess.run(
        [sys.executable, "-c", start], env=env, capture_output=True, text=True, check=False
    )

    assert ran.stdout.split() == ["doctor"]


def test_config_tells_what_is_in_force_from_where_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ISCLAUDEDOWN_HTTP_TOKEN=very-secret\nSLACK_TOKEN=xoxb-1\n")

    ran = isclaudedown(tmp_path, "config", "--json")
    document = json.loads(ran.stdout)
    settings = {one["name"]: (one["value"], one["origin"]) for one in document["settings"]}

    assert ran.returncode == 0
    assert settings["ISCLAUDEDOWN_HTTP_TOKEN"] == ("set", ".env")
    assert settings["ISCLAUDEDOWN_PROBES"] == ("false", "environment")
    assert settings["ISCLAUDEDOWN_HTTP_HOST"] == ("127.0.0.1", "default")
    assert "SLACK_BOT_TOKEN" in document["odd"][0]
    assert "very-secret" not in isclaudedown(tmp_path, "config").stdout + ran.stdout


def test_the_doctor_tells_programs_as_well(tmp_path: Path) -> None:
    ran = isclaudedown(tmp_path, "doctor", "--json", DISCORD_BOT_TOKEN="abc")
    document = json.loads(ran.stdout)

    assert ran.returncode == 1
    assert document["healthy"] is False
    assert {"what": "redis", "health": "ok"}.items() <= next(
        {k: one[k] for k in ("what", "health")}
        for one in document["checks"]
        if one["what"] == "redis"
    ).items()
    assert any("DISCORD_TOKEN" in one["says"] for one in document["checks"])


def test_the_doctor_names_what_is_not_set_up_and_what_is_so_in_part(tmp_path: Path) -> None:
    ran = isclaudedown(tmp_path, "doctor", SLACK_SIGNING_SECRET="very-secret", TZ="Nowhere/City")

    assert "- discord: not set up (needs DISCORD_TOKEN; see docs/discord.md)" in ran.stdout
    assert "! slack: not set up: SLACK_SIGNING_SECRET is set, and not SLACK_BOT_TOKEN" in ran.stdout
    assert "- http: off (ISCLAUDEDOWN_HTTP_PORT is not set)" in ran.stdout
    assert "! settings: TZ names 'Nowhere/City'" in ran.stdout
    assert "very-secret" not in ran.stdout + ran.stderr


def test_the_doctor_speaks_of_settings_that_cannot_be_used_as_of_all_else(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xapp-1\nSLACK_APP_TOKEN=xoxb-1\n")

    text = isclaudedown(tmp_path, "doctor")
    scripted = json.loads(isclaudedown(tmp_path, "doctor", "--json").stdout)

    assert text.returncode == 1
    assert "✗ settings: SLACK_BOT_TOKEN in .env: this is an app-level token" in text.stdout
    assert "SLACK_APP_TOKEN in .env: this is a bot token" in text.stdout
    assert [one["what"] for one in scripted["checks"]] == ["settings"]
    assert scripted["healthy"] is False


@pytest.mark.parametrize("words", ["ask", "ask --json", "doctor", "config", "providers"])
def test_a_login_in_a_pages_address_is_in_no_answer(tmp_path: Path, words: str) -> None:
    for address in ("http://ann:s3cret@127.0.0.1:9", "http://ann:s3cret@127.0.0.1:9/deep"):
        ran = isclaudedown(tmp_path, *words.split(), ISCLAUDEDOWN_PAGE_URL=address)

        assert "127.0.0.1:9" in ran.stdout + ran.stderr
        assert "s3cret" not in ran.stdout + ran.stderr
        assert "ann" not in (ran.stdout + ran.stderr).replace("cannot", "")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HTTPS_PROXY", "socks5://localhost:1", "HTTPS_PROXY names a SOCKS proxy"),
        ("SSL_CERT_FILE", "/nowhere.pem", "SSL_CERT_FILE names /nowhere.pem"),
        ("ISCLAUDEDOWN_POLL_SECONDS", "soon", "ISCLAUDEDOWN_POLL_SECONDS in the environment"),
    ],
)
def test_what_cannot_work_is_one_sentence_that_names_the_cause(
    tmp_path: Path, name: str, value: str, says: str
) -> None:
    ran = isclaudedown(tmp_path, "ask", python=(), **{name: value})

    assert ran.returncode == 1
    assert ran.stderr.startswith(f"isclaudedown: {says}")
    assert ran.stderr.count("\n") == 1
