"""Settings: the environment, and under it an optional TOML file. Read once, at start.

Every name carries the prefix `ISCLAUDEDOWN_`, except `REDIS_URL` and the platforms' own token
names. In the file they are lower case and without the prefix (`poll_seconds = 20`). The
environment wins. An unknown name or a bad value stops the start and names itself.
"""

from __future__ import annotations

import difflib
import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain.errors import SettingsError

PREFIX = "ISCLAUDEDOWN_"
FILE_VARIABLE = f"{PREFIX}CONFIG"


def _own(name: str) -> AliasChoices:
    """A name without our prefix in the environment; lower case in the file."""
    return AliasChoices(name, name.lower())


def data_folder() -> Path:
    """Where this user's programs keep their data, by the custom of the system."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "isclaudedown"
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "isclaudedown"


class Settings(BaseSettings):
    """All settings. Secrets never show in `repr`; the README's table documents each."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", case_sensitive=False, env_ignore_empty=True
    )

    page_url: str | None = None
    providers: Annotated[tuple[str, ...], NoDecode] = ("claude",)
    pages: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    poll_seconds: float = Field(default=30, ge=0.1, le=3600)
    data_dir: Path = Field(default_factory=data_folder)
    redis_url: SecretStr | None = Field(default=None, validation_alias=_own("REDIS_URL"))
    terminal: Literal["auto", "on", "off"] = "auto"
    log_level: Literal["auto", "debug", "info", "warning", "error"] = "auto"
    log_format: Literal["auto", "json", "text"] = "auto"

    http_host: str = "127.0.0.1"
    http_port: int | None = Field(default=None, ge=0, le=65535)
    http_token: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    secret_key: SecretStr | None = None
    probes: bool = True
    probe_seconds: float = Field(default=60, ge=0.1, le=3600)
    # Rows like those of the catalog, in their place: `[[claude.probe]]`.
    probe_file: Path | None = None
    anthropic_api_key: SecretStr | None = Field(
        default=None, validation_alias=_own("ANTHROPIC_API_KEY")
    )
    probe_daily_budget: int = Field(default=0, ge=0, le=10_000)

    slack_bot_token: SecretStr | None = Field(
        default=None, validation_alias=_own("SLACK_BOT_TOKEN")
    )
    slack_app_token: SecretStr | None = Field(
        default=None, validation_alias=_own("SLACK_APP_TOKEN")
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None, validation_alias=_own("SLACK_SIGNING_SECRET")
    )
    slack_client_id: str | None = Field(default=None, validation_alias=_own("SLACK_CLIENT_ID"))
    slack_client_secret: SecretStr | None = Field(
        default=None, validation_alias=_own("SLACK_CLIENT_SECRET")
    )
    slack_api_url: str = Field(
        default="https://slack.com/api/",
        validation_alias=_own("SLACK_API_URL"),
    )
    slack_admins_only: bool = False
    slack_posts_per_second: float | None = Field(default=None, gt=0)

    discord_token: SecretStr | None = Field(default=None, validation_alias=_own("DISCORD_TOKEN"))
    discord_api_url: str = Field(
        default="https://discord.com/api/v10",
        validation_alias=_own("DISCORD_API_URL"),
    )
    discord_gateway_url: str | None = Field(
        default=None, validation_alias=_own("DISCORD_GATEWAY_URL")
    )

    @field_validator("page_url", "slack_api_url", "discord_api_url")
    @classmethod
    def _is_a_web_address(cls, value: str | None) -> str | None:
        return value if value is None else _web_address(value)

    @field_validator("log_level", "log_format", "terminal", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("providers", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lower() for part in value.split(",") if part.strip())
        return value

    @field_validator("pages", mode="before")
    @classmethod
    def _named_pages(cls, value: object) -> object:
        """`name=https://status.example.com`, several separated by commas."""
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
        if any(not name or not url for name, _, url in pairs):
            raise ValueError("write name=https://status.example.com, several separated by commas")
        return {name.strip().lower(): _web_address(url.strip()) for name, _, url in pairs}

    @model_validator(mode="after")
    def _tokens_come_in_pairs(self) -> Settings:
        if self.slack_app_token and not (self.slack_bot_token or self.slack_client_id):
            raise ValueError("SLACK_APP_TOKEN needs SLACK_BOT_TOKEN as well")
        if self.slack_bot_token and not (self.slack_app_token or self.slack_signing_secret):
            raise ValueError(
                "SLACK_BOT_TOKEN needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)"
            )
        return self

    @property
    def speaks_on_terminal(self) -> bool:
        tokens = self.slack_bot_token or self.slack_client_id or self.discord_token
        return self.terminal == "on" or (self.terminal == "auto" and not tokens)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings  # the environment wins over the file


def load_settings() -> Settings:
    """Read settings, or say what is wrong with them.

    Raises:
        SettingsError: names every unknown or bad setting, and where it stands.
    """
    _refuse_unknown()
    from_file = _read_file(os.environ.get(FILE_VARIABLE))
    try:
        return Settings(**from_file)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None  # the cause would show the values


def _web_address(value: str) -> str:
    TypeAdapter(HttpUrl).validate_python(value)
    return value.rstrip("/")


def _names() -> set[str]:
    own = {
        str(field.validation_alias.choices[0])
        for field in Settings.model_fields.values()
        if isinstance(field.validation_alias, AliasChoices)
    }
    plain = {
        PREFIX + name.upper()
        for name, field in Settings.model_fields.items()
        if field.validation_alias is None
    }
    return own | plain | {FILE_VARIABLE}


def _refuse_unknown() -> None:
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper() not in _names():
            near = difflib.get_close_matches(name.upper(), _names(), 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"unknown setting {name} in the environment{hint}")


def _read_file(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{FILE_VARIABLE}: cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE_VARIABLE}: {path} is not TOML: {error}") from error
    for name in values:
        if name not in Settings.model_fields:
            near = difflib.get_close_matches(name, Settings.model_fields, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"unknown setting {name} in {path}{hint}")
    return values


def _sentence(error: ValidationError) -> str:
    parts = []
    for problem in error.errors(include_input=False, include_url=False):
        place = str(problem["loc"][0]) if problem["loc"] else ""
        field = Settings.model_fields.get(place)
        name = PREFIX + place.upper() if field and field.validation_alias is None else place
        text = problem["msg"].removeprefix("Value error, ")
        parts.append(f"{name.upper()}: {text}" if name else text)
    return "; ".join(parts)
