"""Settings: the environment, and under it a file `.env` and a TOML file. Read once, at start.

Every name carries the prefix `ISCLAUDEDOWN_`, except `REDIS_URL` and the platforms' own token
names. In the TOML file they are lower case and without the prefix (`poll_seconds = 20`). The
environment wins. An unknown name or a bad value stops the start and names itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeVar

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
from bot.environment import PREFIX, Setting, Sources, read_sources, shown


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
    """Settings of one chat platform; each declares its own beside its adapter."""

    # Names that other programs and older guides use → the variable that is read here.
    elsewhere: ClassVar[Mapping[str, str]] = {}

    @property
    def is_configured(self) -> bool:
        """Whether the operator wants this platform: there is a token for it."""
        raise NotImplementedError


P = TypeVar("P", bound=PlatformSettings)
S = TypeVar("S", bound=_Section)


class Settings(_Section):
    """All settings. Secrets never show in `repr`; the README's table documents each."""

    _platforms: tuple[PlatformSettings, ...] = PrivateAttr(())
    _sources: Sources = PrivateAttr(Sources({}))
    _misspelt: tuple[str, ...] = PrivateAttr(())

    page_url: str | None = None
    providers: Annotated[tuple[str, ...], NoDecode] = ("claude",)
    pages: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    poll_seconds: float = Field(default=30, ge=0.1, le=3600)
    # So long a page may fail before channels hear of it, while something is wrong (a guess).
    blind_minutes: float = Field(default=10, ge=0.01, le=1440)
    heartbeat_url: SecretStr | None = None  # whoever knows it can ping it
    data_dir: Path = Field(default_factory=data_folder)
    # Days for which incidents, and what was observed, are kept. Threads need some thirty.
    history_days: int = Field(default=400, ge=31, le=3660)
    redis_url: SecretStr | None = Field(default=None, validation_alias=plain_name("REDIS_URL"))
    terminal: Literal["auto", "on", "off"] = "auto"
    log_level: Literal["auto", "debug", "info", "warning", "error"] = "auto"
    log_format: Literal["auto", "json", "text"] = "auto"

    url: str | None = None  # where a running instance answers, for commands that ask one
    http_host: str = "127.0.0.1"
    http_port: int | None = Field(default=None, ge=0, le=65535)
    http_token: SecretStr | None = None
    # Where the pages are found from outside, with the path that a proxy puts them at.
    public_url: str | None = None
    # Agents may ask at /mcp (loads some 12 MB); behind a proxy its public names have to be said.
    mcp: bool = False
    mcp_hosts: Annotated[tuple[str, ...], NoDecode] = ()
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

    @field_validator("page_url", "url", "public_url")
    @classmethod
    def _is_a_web_address(cls, value: str | None) -> str | None:
        return value if value is None else web_address(value)

    @field_validator("heartbeat_url")
    @classmethod
    def _is_a_secret_web_address(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value is None else SecretStr(web_address(value.get_secret_value()))

    @field_validator("log_level", "log_format", "terminal", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("providers", "trusted_proxies", "mcp_hosts", mode="before")
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

    @classmethod
    def apart(cls, platforms: Sequence[type[PlatformSettings]], **values: object) -> Settings:
        """Settings of these values alone, and of no platform: nothing of the operator's is read."""
        settings = cls.model_construct(None, **values)
        settings._platforms = tuple(kind.model_construct() for kind in platforms)
        return settings

    def of(self, kind: type[P]) -> P:
        """The settings of one platform, as they were loaded (as they are by default, if not)."""
        return next((one for one in self._platforms if isinstance(one, kind)), kind())

    @property
    def misspelt(self) -> tuple[str, ...]:
        """A sentence for each token that was given under a name that nothing reads."""
        return self._misspelt

    def effective(self) -> Iterator[Setting]:
        """Every setting as it is in force, and where it comes from. No secret's value."""
        found: dict[str, Setting] = {}  # a platform's section may read the key of secrets too
        for section in (self, *self._platforms):
            fields = type(section).model_fields.items()
            for (attribute, field), (name, place) in zip(
                fields, names_of(type(section)).items(), strict=True
            ):
                value = shown(getattr(section, attribute), is_secret=not field.repr)
                found.setdefault(name, Setting(name, value, self._sources.origin(name, place)))
        return iter(found.values())

    @property
    def speaks_on_terminal(self) -> bool:
        tokens = any(platform.is_configured for platform in self._platforms)
        return self.terminal == "on" or (self.terminal == "auto" and not tokens)


def load_settings(
    platforms: Sequence[type[PlatformSettings]] = (), dotenv: Path | None = None
) -> Settings:
    """Read settings, those of `platforms` too, or say what is wrong with them.

    Raises:
        SettingsError: names every unknown or bad setting, and where it stands.
    """
    sources = read_sources(dotenv)
    sections: tuple[type[_Section], ...] = (Settings, *platforms)
    names = {name: place for one in sections for name, place in names_of(one).items()}
    sources.refuse_unknown(names)
    settings = _load(Settings, sources)
    settings._platforms = tuple(_load(section, sources) for section in platforms)
    settings._sources = sources
    elsewhere = {name: ours for one in platforms for name, ours in one.elsewhere.items()}
    settings._misspelt = tuple(sources.misspelt(names, elsewhere))
    return settings


def web_address(value: str) -> str:
    """The address without a slash at its end. Raises ValueError: it is none."""
    TypeAdapter(HttpUrl).validate_python(value)
    return value.rstrip("/")


def _load(section: type[S], sources: Sources) -> S:
    try:
        return section(**sources.under_the_environment(names_of(section)))
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


def _sentence(error: ValidationError, section: type[_Section]) -> str:
    """Every problem with the name that its setting has in the environment."""
    in_environment = {name: place for place, name in names_of(section).items()}
    parts = []
    for problem in error.errors(include_input=False, include_url=False):
        place = str(problem["loc"][0]) if problem["loc"] else ""
        text = problem["msg"].removeprefix("Value error, ")
        parts.append(f"{in_environment.get(place, place).upper()}: {text}" if place else text)
    return "; ".join(parts)
