"""Settings say what is wrong with them, by name, and never show a secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from adapters.discord.settings import DiscordSettings
from adapters.platforms import settings_of_all
from adapters.slack.settings import SlackSettings
from bot.catalog.watched import watched_catalog
from bot.domain.errors import SettingsError
from bot.setting_sections import PlatformSettings, plain_name
from bot.settings import load_settings

SECRET = "xoxb-1-very-secret"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = (
        "ISCLAUDEDOWN_",
        "SLACK_",
        "DISCORD_",
        "REDIS_URL",
        "ANTHROPIC_API_KEY",
        "TZ",
        "SSL_",
        "HTTP",
    )
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


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("POLL_SECONDS", "soon", "'soon' is no number"),
        ("POLL_SECONDS", "0", "'0' is too small; at least 0.1"),
        ("HTTP_PORT", "99999", "'99999' is too large; at most 65535"),
        ("HTTP_PORT", "1.5", "'1.5' is no whole number"),
        ("PROBES", "maybe", "'maybe' is neither true nor false"),
        ("LOG_LEVEL", "chatty", "'chatty' is none of auto, debug, info, warning or error"),
        ("PAGE_URL", "status.claude.com", "it is no web address; write it whole"),
        ("PAGE_URL", "https://a.example/?b=c", "the address of a page ends before any ? or #"),
        ("PAGES", "a/b=https://a.example", "'a/b' is no name: letters, digits, and . _ -"),
        ("PAGES", "acme=", "write name=https://status.example.com"),
        ("PROVIDERS", "cluade", "did you mean claude?"),
        ("DATA_DIR", "~nobody-of-that-name/x", "~nobody-of-that-name is nobody's home folder"),
        ("PAGE_URL", "http://a.example/ b", "it is no web address"),
        ("HEARTBEAT_URL", "http://a.example/\u200bx", "it is no web address"),
        ("TRUSTED_PROXIES", "10.0.0.1,proxy", "'proxy' is no address; write 10.0.0.2"),
        ("MCP_HOSTS", "https://a.example", "'https://a.example' is no host"),
        ("HTTP_PORT", SECRET, "it is no whole number"),  # a token in the wrong place
    ],
)
@pytest.mark.parametrize("where", ["the environment", ".env", "file"])
def test_what_is_wrong_is_said_in_plain_words_with_the_place_it_comes_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str, name: str, value: str, says: str
) -> None:
    place = f"ISCLAUDEDOWN_{name} in {where}"
    dotenv, file = tmp_path / ".env", tmp_path / "c.toml"
    if where == ".env":
        dotenv.write_text(f"ISCLAUDEDOWN_{name}={value}\n")
    elif where == "file":
        given = f'["{value}"]' if name == "PROVIDERS" else f'"{value}"'
        file.write_text(f"{name.lower()} = {given}\n")
        monkeypatch.setenv("ISCLAUDEDOWN_CONFIG", str(file))
        place = f"{name.lower()} in {file}"
    else:
        monkeypatch.setenv(f"ISCLAUDEDOWN_{name}", value)

    with pytest.raises(SettingsError) as stopped:
        watched_catalog(settings_of_all(dotenv))

    assert str(stopped.value).startswith(f"{place}: ")
    assert says in str(stopped.value)
    assert "Input should" not in str(stopped.value)
    assert SECRET not in str(stopped.value)


def test_a_page_by_url_in_the_file_is_checked_like_one_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[pages]\nacme = ""\n')
    monkeypatch.setenv("ISCLAUDEDOWN_CONFIG", str(file))

    with pytest.raises(SettingsError, match=r"pages in .*: write name=https://"):
        settings_of_all()


@pytest.mark.parametrize("in_dotenv", [True, False])
def test_providers_set_and_empty_watch_none_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, in_dotenv: bool
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"ISCLAUDEDOWN_PROVIDERS={'' if in_dotenv else 'slack'}\n")
    if not in_dotenv:
        monkeypatch.setenv("ISCLAUDEDOWN_PROVIDERS", "")

    with pytest.raises(SettingsError, match=r"ISCLAUDEDOWN_PROVIDERS in .* names no provider"):
        watched_catalog(settings_of_all(dotenv))

    monkeypatch.setenv("ISCLAUDEDOWN_PAGES", "acme=https://status.acme.example")
    assert [*watched_catalog(settings_of_all(dotenv)).providers] == ["acme"]


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ISCLAUDEDOWN_DATA_DIR", "~/of mine")
    monkeypatch.setenv("ISCLAUDEDOWN_CONFIG", "~/c.toml")
    (tmp_path / "c.toml").write_text("poll_seconds = 7\n")

    settings = settings_of_all()

    assert settings.data_dir == tmp_path / "of mine"
    assert settings.poll_seconds == 7


def test_a_login_in_a_pages_address_is_used_and_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ISCLAUDEDOWN_PAGE_URL", "https://ann:s3cret@status.claude.example")
    monkeypatch.setenv("ISCLAUDEDOWN_PAGES", "acme=https://bob:s3cret@status.acme.example")

    settings = settings_of_all()
    catalog = watched_catalog(settings)

    assert [one.page for one in catalog.providers.values()] == [
        "https://status.claude.example",
        "https://status.acme.example",
    ]
    assert catalog.provider("acme").source == "https://bob:s3cret@status.acme.example"
    assert "s3cret" not in str([*settings.effective()])


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "SSL_CERT_FILE names /nowhere/ca.pem"),
        ("HTTPS_PROXY", f"socks5://u:{SECRET}@localhost:1", "HTTPS_PROXY names a SOCKS proxy"),
        ("SSL_CERT_FILE", "/", "SSL_CERT_FILE names /, which holds no certificate"),
        ("SSL_CERT_FILE", __file__, "which holds no certificate"),
        ("http_proxy", "ftp://localhost:1", "HTTP_PROXY names a proxy by ftp://"),
        ("OPENROUTER_URL", "-1", "OPENROUTER_URL in the environment: it is no web address"),
        ("DISCORD_GATEWAY_URL", "https://a.example", "begins with wss://"),
    ],
)
def test_what_libraries_would_stumble_over_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as stopped:
        settings_of_all()

    assert says in str(stopped.value)
    assert SECRET not in str(stopped.value)


@pytest.mark.parametrize(
    ("zone", "odd"),
    [
        ("Nowhere/City", True),
        (":Nowhere/City", True),
        ("rubbish", True),
        ("", False),
        ("UTC", False),
        ("CET-1CEST,M3.5.0,M10.5.0/3", False),
        ("<+0330>-3:30", False),
    ],
)
def test_a_time_zone_that_would_count_as_utc_is_pointed_out(
    monkeypatch: pytest.MonkeyPatch, zone: str, *, odd: bool
) -> None:
    monkeypatch.setenv("TZ", zone)

    assert any("TZ names" in sentence for sentence in settings_of_all().oddities) is odd


def test_a_value_of_blanks_is_none_and_a_lines_end_behind_one_no_part_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ISCLAUDEDOWN_HTTP_TOKEN", " \n")
    monkeypatch.setenv("ISCLAUDEDOWN_WEBHOOK_SECRET", "hook\n")
    monkeypatch.setenv("DISCORD_TOKEN", "token\r\n")
    settings = settings_of_all()

    assert settings.http_token is None, "a token that anybody has opens the door to everybody"
    assert settings.webhook_secret == SecretStr("hook")
    assert settings.of(DiscordSettings).token == "token"


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
