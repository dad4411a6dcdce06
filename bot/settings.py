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
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AliasChoices,
    Field,
    HttpUrl,
    PrivateAttr,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain.errors import SettingsError

PREFIX = "ISCLAUDEDOWN_"
FILE_VARIABLE = f"{PREFIX}CONFIG"


def plain_name(name: str) -> AliasChoices:
    """A name without our prefix in the environment; lower case in the file."""
    return AliasChoices(name, name.lower())


def data_folder() -> Path:
    """Where this user's programs keep their data, by the custom of the system."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "isclaudedown"
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "isclaudedown"


class _Section(BaseSettings):
    """Settings read from the environment, and under it from the file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="forbid",
        case_sensitive=False,
        env_ignore_empty=True,
        validate_by_name=True,
        hide_input_in_errors=True,
    )

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


class PlatformSettings(_Section):
    """What one chat platform wants to know; each declares its own beside its adapter."""

    @property
    def is_configured(self) -> bool:
        """Whether the operator wants this platform: there is a token for it."""
        raise NotImplementedError


P = TypeVar("P", bound=PlatformSettings)
S = TypeVar("S", bound=_Section)


class Settings(_Section):
    """All settings. Secrets never show in `repr`; the README's table documents each."""

    _platforms: tuple[PlatformSettings, ...] = PrivateAttr(())

    page_url: str | None = None
    providers: Annotated[tuple[str, ...], NoDecode] = ("claude",)
    pages: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    poll_seconds: float = Field(default=30, ge=0.1, le=3600)
    data_dir: Path = Field(default_factory=data_folder)
    redis_url: SecretStr | None = Field(default=None, validation_alias=plain_name("REDIS_URL"))
    terminal: Literal["auto", "on", "off"] = "auto"
    log_level: Literal["auto", "debug", "info", "warning", "error"] = "auto"
    log_format: Literal["auto", "json", "text"] = "auto"

    http_host: str = "127.0.0.1"
    http_port: int | None = Field(default=None, ge=0, le=65535)
    http_token: SecretStr | None = None
    # Addresses whose X-Forwarded-For is believed; none: whoever connects is the client.
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    webhook_secret: SecretStr | None = None
    secret_key: SecretStr | None = None
    probes: bool = True
    probe_seconds: float = Field(default=60, ge=0.1, le=3600)
    # Rows like those of the catalog, in their place: `[[claude.probe]]`.
    probe_file: Path | None = None
    anthropic_api_key: SecretStr | None = Field(
        default=None, validation_alias=plain_name("ANTHROPIC_API_KEY")
    )
    probe_daily_budget: int = Field(default=0, ge=0, le=10_000)

    @field_validator("page_url")
    @classmethod
    def _is_a_web_address(cls, value: str | None) -> str | None:
        return value if value is None else web_address(value)

    @field_validator("log_level", "log_format", "terminal", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("providers", "trusted_proxies", mode="before")
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
        return {name.strip().lower(): web_address(url.strip()) for name, _, url in pairs}

    def of(self, kind: type[P]) -> P:
        """The settings of one platform, as they were loaded (as they are by default, if not)."""
        return next((one for one in self._platforms if isinstance(one, kind)), kind())

    @property
    def speaks_on_terminal(self) -> bool:
        tokens = any(platform.is_configured for platform in self._platforms)
        return self.terminal == "on" or (self.terminal == "auto" and not tokens)


def load_settings(platforms: Sequence[type[PlatformSettings]] = ()) -> Settings:
    """Read settings, those of `platforms` too, or say what is wrong with them.

    Raises:
        SettingsError: names every unknown or bad setting, and where it stands.
    """
    sections: tuple[type[_Section], ...] = (Settings, *platforms)
    _refuse_unknown(sections)
    path = os.environ.get(FILE_VARIABLE)
    from_file = _read_file(path) if path else {}
    _refuse_unknown_in_file(from_file, sections, path)
    settings = _load(Settings, from_file)
    settings._platforms = tuple(_load(section, from_file) for section in platforms)
    return settings


def web_address(value: str) -> str:
    """The address without a slash at its end. Raises ValueError: it is none."""
    TypeAdapter(HttpUrl).validate_python(value)
    return value.rstrip("/")


def _load(section: type[S], from_file: Mapping[str, Any]) -> S:
    known = names_of(section)
    try:
        return section(
            **{name: value for name, value in from_file.items() if name in known.values()}
        )
    except ValidationError as error:
        raise SettingsError(_sentence(error, section)) from None  # the cause would show the values


def names_of(section: type[_Section]) -> dict[str, str]:
    """Each setting's name in the environment → its name in the file."""
    names = {}
    for name, field in section.model_fields.items():
        alias = field.validation_alias
        choices = (
            alias.choices if isinstance(alias, AliasChoices) else [PREFIX + name.upper(), name]
        )
        names[str(choices[0])] = str(choices[-1])
    return names


def _refuse_unknown(sections: Sequence[type[_Section]]) -> None:
    known = {FILE_VARIABLE, *(name for section in sections for name in names_of(section))}
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise SettingsError(
                f"unknown setting {name} in the environment{_nearest(name.upper(), known)}"
            )


def _refuse_unknown_in_file(
    values: Mapping[str, Any], sections: Sequence[type[_Section]], path: str | None
) -> None:
    known = {name for section in sections for name in names_of(section).values()}
    for name in values:
        if name not in known:
            raise SettingsError(f"unknown setting {name} in {path}{_nearest(name, known)}")


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else ""


def _read_file(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{FILE_VARIABLE}: cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE_VARIABLE}: {path} is not TOML: {error}") from error


def _sentence(error: ValidationError, section: type[_Section]) -> str:
    """Every problem with the name that its setting has in the environment."""
    in_environment = {name: place for place, name in names_of(section).items()}
    parts = []
    for problem in error.errors(include_input=False, include_url=False):
        place = str(problem["loc"][0]) if problem["loc"] else ""
        text = problem["msg"].removeprefix("Value error, ")
        parts.append(f"{in_environment.get(place, place).upper()}: {text}" if place else text)
    return "; ".join(parts)
