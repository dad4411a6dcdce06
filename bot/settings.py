"""Settings: the environment, and under it a file `.env` and a TOML file. Read once, at start.

Every name carries the prefix `ISCLAUDEDOWN_`, except `REDIS_URL` and the platforms' own token
names. In the TOML file they are lower case and without the prefix (`poll_seconds = 20`). The
environment wins. An unknown name or a bad value stops the start and names itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr, field_validator
from pydantic_settings import NoDecode

from bot.environment import Setting, Sources, odd_time_zone, read_sources, refuse_unusable
from bot.setting_sections import PlatformSettings, Section, load_section, names_of, plain_name
from bot.setting_values import (
    at_home,
    data_folder,
    host_names,
    named_pages,
    page_address,
    proxy_addresses,
    shown,
    web_address,
)

Address = Annotated[str, AfterValidator(web_address)]
AtHome = Annotated[Path, AfterValidator(at_home)]
P = TypeVar("P", bound=PlatformSettings)


class Settings(Section):
    """All settings. Secrets never show in `repr`; docs/settings.md documents each."""

    _platforms: tuple[PlatformSettings, ...] = PrivateAttr(())
    _sources: Sources = PrivateAttr(Sources({}))
    _oddities: tuple[str, ...] = PrivateAttr(())

    page_url: Annotated[str, AfterValidator(page_address)] | None = None
    providers: Annotated[tuple[str, ...], NoDecode] = ("claude",)
    pages: Annotated[dict[str, str], NoDecode, BeforeValidator(named_pages)] = Field(
        default_factory=dict
    )
    # What can be used instead, for teams that have not said it themselves.
    alternatives: Annotated[tuple[str, ...], NoDecode] = ()
    poll_seconds: float = Field(default=30, ge=0.1, le=3600)
    # So long a page may fail before channels hear of it, while something is wrong (a guess).
    blind_minutes: float = Field(default=10, ge=0.01, le=1440)
    heartbeat_url: SecretStr | None = None  # whoever knows it can ping it
    data_dir: AtHome = Field(default_factory=data_folder)
    # Days for which incidents, and what was observed, are kept. Threads need some thirty.
    history_days: int = Field(default=400, ge=31, le=3660)
    redis_url: SecretStr | None = Field(default=None, validation_alias=plain_name("REDIS_URL"))
    terminal: Literal["auto", "on", "off"] = "auto"
    log_level: Literal["auto", "debug", "info", "warning", "error"] = "auto"
    log_format: Literal["auto", "json", "text"] = "auto"

    url: Address | None = None  # where a running instance answers, for commands that ask one
    http_host: str = "127.0.0.1"
    http_port: int | None = Field(default=None, ge=0, le=65535)
    http_token: SecretStr | None = None
    # Where the pages are found from outside, with the path that a proxy puts them at.
    public_url: Address | None = None
    public_reports: bool = False  # visitors of the page may report trouble
    # Agents may ask at /mcp (loads some 12 MB); behind a proxy its public names have to be said.
    mcp: bool = False
    mcp_hosts: Annotated[tuple[str, ...], NoDecode, AfterValidator(host_names)] = ()
    # Addresses whose X-Forwarded-For is believed; none: whoever connects is the client.
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, AfterValidator(proxy_addresses)] = ()
    webhook_secret: SecretStr | None = None
    secret_key: SecretStr | None = None
    probes: bool = True
    probe_seconds: float = Field(default=60, ge=0.1, le=3600)
    # Rows like those of the catalog, in their place: `[[claude.probe]]`.
    probe_file: AtHome | None = None
    anthropic_api_key: SecretStr | None = Field(
        default=None, validation_alias=plain_name("ANTHROPIC_API_KEY")
    )
    # Where to count what people elsewhere say: hackernews, github, bluesky.
    crowd: Annotated[tuple[str, ...], NoDecode] = ()
    downdetector_client_id: str = Field(
        default="", validation_alias=plain_name("DOWNDETECTOR_CLIENT_ID")
    )
    downdetector_client_secret: SecretStr | None = Field(
        default=None, validation_alias=plain_name("DOWNDETECTOR_CLIENT_SECRET")
    )
    downdetector_url: Address = Field(
        default="https://downdetectorapi.com/v2", validation_alias=plain_name("DOWNDETECTOR_URL")
    )
    openrouter_api_key: SecretStr | None = Field(
        default=None, validation_alias=plain_name("OPENROUTER_API_KEY")
    )
    openrouter_url: Address = Field(
        default="https://openrouter.ai/api/v1", validation_alias=plain_name("OPENROUTER_URL")
    )
    probe_daily_budget: int = Field(default=0, ge=0, le=10_000)

    @field_validator("heartbeat_url")
    @classmethod
    def _is_a_secret_web_address(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value is None else SecretStr(web_address(value.get_secret_value()))

    @field_validator("log_level", "log_format", "terminal", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator(
        "providers", "alternatives", "crowd", "trusted_proxies", "mcp_hosts", mode="before"
    )
    @classmethod
    def _comma_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lower() for part in value.split(",") if part.strip())
        return value

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
    def oddities(self) -> tuple[str, ...]:
        """A sentence for each token under a name that nothing reads, and for an unknown zone."""
        return self._oddities

    def named(self, variable: str) -> str:
        """A setting's name as it was written, and where: for sentences about its value."""
        return self._sources.named(variable, names_of(type(self)).get(variable, variable))

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
    sections: tuple[type[Section], ...] = (Settings, *platforms)
    names = {name: place for one in sections for name, place in names_of(one).items()}
    sources.refuse_unknown(names)
    refuse_unusable(sources.environment)
    settings = load_section(Settings, sources)
    settings._platforms = tuple(load_section(section, sources) for section in platforms)
    settings._sources = sources
    elsewhere = {name: ours for one in platforms for name, ours in one.elsewhere.items()}
    oddities = sources.misspelt(names, elsewhere)
    if zone := odd_time_zone(sources.environment):
        oddities.append(zone)
    settings._oddities = tuple(oddities)
    return settings
