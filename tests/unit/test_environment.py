"""Settings from a file `.env`, where each comes from, and tokens in the wrong place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.discord.settings import DiscordSettings
from adapters.platforms import settings_of_all
from adapters.slack.settings import SlackSettings
from bot.domain.errors import SettingsError
from bot.environment import Setting
from bot.settings import Settings

SECRET = "xoxb-1-very-secret"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ("ISCLAUDEDOWN_", "SLACK_", "DISCORD_", "REDIS_", "ANTHROPIC_")
    for name in [name for name in os.environ if name.startswith(ours)]:
        monkeypatch.delenv(name)


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def effective(settings: Settings) -> dict[str, Setting]:
    return {one.name: one for one in settings.effective()}


def test_a_dotenv_file_is_read_below_the_environment_and_above_the_toml_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dotenv: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('poll_seconds = 20\nhttp_host = "a"\nproviders = ["claude", "github"]\n')
    dotenv.write_text(
        f"ISCLAUDEDOWN_CONFIG={file}\nISCLAUDEDOWN_POLL_SECONDS=10\nISCLAUDEDOWN_HTTP_HOST=b\n"
        "# a comment\nREDIS_PASSWORD=x\nEMPTY=\nISCLAUDEDOWN_HTTP_TOKEN=\n"
    )
    monkeypatch.setenv("ISCLAUDEDOWN_POLL_SECONDS", "5")

    settings = settings_of_all(dotenv)
    found = effective(settings)

    assert (settings.poll_seconds, settings.http_host) == (5, "b")
    assert settings.http_token is None
    assert found["ISCLAUDEDOWN_POLL_SECONDS"].origin == "environment"
    assert found["ISCLAUDEDOWN_HTTP_HOST"].origin == ".env"
    assert found["ISCLAUDEDOWN_PROVIDERS"] == Setting(
        "ISCLAUDEDOWN_PROVIDERS", "claude,github", str(file)
    )
    assert found["ISCLAUDEDOWN_PROBES"] == Setting("ISCLAUDEDOWN_PROBES", "true", "default")


def test_tokens_of_a_dotenv_file_reach_their_platform(dotenv: Path) -> None:
    dotenv.write_text(f'SLACK_BOT_TOKEN="{SECRET}"\nSLACK_APP_TOKEN=xapp-1\n')

    settings = settings_of_all(dotenv)

    assert settings.of(SlackSettings).bot_token == SECRET
    assert not settings.speaks_on_terminal


def test_no_dotenv_file_is_as_good_as_an_empty_one(dotenv: Path) -> None:
    assert settings_of_all(dotenv).poll_seconds == 30


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"ISCLAUDEDOWN_POLL_SECOND=3", r"POLL_SECOND in \.env; did you mean \w+POLL_SECONDS"),
        (b"ISCLAUDEDOWN_POLL_SECONDS=soon", "ISCLAUDEDOWN_POLL_SECONDS"),
        (b"ISCLAUDEDOWN_HTTP_HOST=\xff", "not UTF-8"),
    ],
)
def test_a_bad_line_of_a_dotenv_file_stops_the_start(dotenv: Path, text: bytes, says: str) -> None:
    dotenv.write_bytes(text)

    with pytest.raises(SettingsError, match=says):
        settings_of_all(dotenv)


def test_no_secret_is_shown_among_the_settings_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = [
        "ANTHROPIC_API_KEY", "DISCORD_TOKEN", "ISCLAUDEDOWN_HTTP_TOKEN", "ISCLAUDEDOWN_SECRET_KEY",
        "ISCLAUDEDOWN_WEBHOOK_SECRET", "REDIS_URL", "SLACK_BOT_TOKEN", "SLACK_CLIENT_SECRET",
        "SLACK_SIGNING_SECRET",
    ]  # fmt: skip
    for name in secrets:
        monkeypatch.setenv(name, "very-secret")

    found = effective(settings_of_all())

    assert {found[name].value for name in secrets} == {"set"}
    assert "very-secret" not in str(found)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("SLACK_TOKEN", "SLACK_BOT_TOKEN"),
        ("SLACK_BOTTOKEN", "SLACK_BOT_TOKEN"),
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
        ("SLACK_SIGNIN_SECRET", "SLACK_SIGNING_SECRET"),
    ],
)
def test_a_token_under_another_name_is_pointed_out(
    monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    monkeypatch.setenv(given, SECRET)

    (sentence,) = settings_of_all().oddities

    assert sentence == f"{given} is set, which nothing here reads; did you mean {meant}?"


def test_a_token_of_another_program_beside_ours_is_nobodys_business(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLACK_TOKEN", SECRET)
    monkeypatch.setenv("SLACK_BOT_TOKEN", SECRET)
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.slack.com/x")

    assert settings_of_all().oddities == ()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (
            "SLACK_BOT_TOKEN",
            "xapp-1-A",
            "SLACK_BOT_TOKEN in the environment: this is an app-level token",
        ),
        ("SLACK_BOT_TOKEN", "xoxp-1", "a user's token"),
        ("SLACK_APP_TOKEN", "xoxb-1", "SLACK_APP_TOKEN in the environment: this is a bot token"),
        ("DISCORD_TOKEN", "1234567890", "the application's id"),
        ("DISCORD_TOKEN", "ab" * 32, "the public key"),
        ("DISCORD_TOKEN", "xoxb-1", "a token of Slack"),
    ],
)
def test_swapped_tokens_are_named_for_what_they_are(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=says) as stopped:
        settings_of_all()

    assert value not in str(stopped.value)


def test_a_discord_token_may_be_copied_with_the_word_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "Bot abc.def.ghi")

    assert settings_of_all().of(DiscordSettings).token == "abc.def.ghi"
