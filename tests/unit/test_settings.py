"""Settings say what is wrong with them, by name, and never show a secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import Field

from adapters.platforms import settings_of_all
from adapters.slack.settings import SlackSettings
from bot.domain.errors import SettingsError
from bot.settings import PlatformSettings, load_settings, plain_name

SECRET = "xoxb-1-very-secret"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ("ISCLAUDEDOWN_", "SLACK_", "DISCORD_", "REDIS_URL", "ANTHROPIC_API_KEY")
    for name in [name for name in os.environ if name.startswith(ours)]:
        monkeypatch.delenv(name)


def test_without_any_setting_it_watches_claude_and_speaks_in_the_terminal() -> None:
    settings = settings_of_all()

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
        ("SLACK_API_URL", "slack.com", "SLACK_API_URL"),
        ("ISCLAUDEDOWN_SLACK_POSTS_PER_SECOND", "0", "ISCLAUDEDOWN_SLACK_POSTS_PER_SECOND"),
        ("ISCLAUDEDOWN_SLACK_ADMIN_ONLY", "yes", "did you mean ISCLAUDEDOWN_SLACK_ADMINS_ONLY"),
        ("ISCLAUDEDOWN_CONFIG", "/nowhere/at/all.toml", "/nowhere/at/all.toml"),
    ],
)
def test_a_bad_setting_stops_the_start_and_names_itself(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as stopped:
        settings_of_all()

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

    settings = settings_of_all()

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
        settings_of_all()


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "")

    assert settings_of_all().of(SlackSettings).bot_token == ""


def test_no_secret_shows_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", SECRET)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", SECRET)

    assert SECRET not in repr(settings_of_all())
    assert SECRET not in repr(settings_of_all().of(SlackSettings))
    assert not settings_of_all().speaks_on_terminal


def test_another_platform_brings_its_settings_with_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    class MattermostSettings(PlatformSettings):
        token: str = Field(default="", repr=False, validation_alias=plain_name("MATTERMOST_TOKEN"))

        @property
        def is_configured(self) -> bool:
            return bool(self.token)

    monkeypatch.setenv("MATTERMOST_TOKEN", SECRET)
    settings = load_settings([MattermostSettings])

    assert settings.of(MattermostSettings).token == SECRET
    assert not settings.speaks_on_terminal
