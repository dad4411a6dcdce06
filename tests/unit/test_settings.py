"""Settings say what is wrong with them, by name, and never show a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.settings import Settings, load_settings

SECRET = "xoxb-1-very-secret"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        *(f"ISCLAUDEDOWN_{field.upper()}" for field in Settings.model_fields),
        *(name.upper() for name in Settings.model_fields),
        "ISCLAUDEDOWN_CONFIG",
    ]:
        monkeypatch.delenv(name, raising=False)


def test_without_any_setting_it_watches_claude_and_speaks_in_the_terminal() -> None:
    settings = load_settings()

    assert settings.providers == ("claude",)
    assert settings.poll_seconds == 30
    assert settings.speaks_on_terminal
    assert settings.http_host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ISCLAUDEDOWN_POLL_SECONDS", "soon", "ISCLAUDEDOWN_POLL_SECONDS"),
        ("ISCLAUDEDOWN_POLL_SECONDS", "-1", "ISCLAUDEDOWN_POLL_SECONDS"),
        ("ISCLAUDEDOWN_PAGE_URL", "status.claude.com", "ISCLAUDEDOWN_PAGE_URL"),
        ("ISCLAUDEDOWN_LOG_LEVEL", "chatty", "ISCLAUDEDOWN_LOG_LEVEL"),
        ("ISCLAUDEDOWN_PAGES", "https://status.example.com", "name=https://"),
        ("ISCLAUDEDOWN_POLL_SECOND", "30", "did you mean ISCLAUDEDOWN_POLL_SECONDS"),
        ("SLACK_APP_TOKEN", "xapp-1", "SLACK_BOT_TOKEN"),
        ("SLACK_BOT_TOKEN", SECRET, "SLACK_APP_TOKEN"),
        ("ISCLAUDEDOWN_CONFIG", "/nowhere/at/all.toml", "/nowhere/at/all.toml"),
    ],
)
def test_a_bad_setting_stops_the_start_and_names_itself(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as stopped:
        load_settings()

    assert says in str(stopped.value)
    assert SECRET not in str(stopped.value)


def test_the_environment_wins_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "isclaudedown.toml"
    file.write_text(
        'poll_seconds = 20\nproviders = ["claude", "github"]\nredis_url = "redis://a"\n'
    )
    monkeypatch.setenv("ISCLAUDEDOWN_CONFIG", str(file))
    monkeypatch.setenv("ISCLAUDEDOWN_POLL_SECONDS", "5")

    settings = load_settings()

    assert settings.poll_seconds == 5
    assert settings.providers == ("claude", "github")
    assert settings.redis_url is not None


def test_an_unknown_name_in_the_file_is_refused_with_the_nearest_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "isclaudedown.toml"
    file.write_text("poll_secnds = 20\n")
    monkeypatch.setenv("ISCLAUDEDOWN_CONFIG", str(file))

    with pytest.raises(SettingsError, match=r"poll_secnds.*did you mean poll_seconds"):
        load_settings()


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "")

    assert load_settings().slack_bot_token is None


def test_no_secret_shows_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", SECRET)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", SECRET)

    assert SECRET not in repr(load_settings())
    assert not load_settings().speaks_on_terminal
