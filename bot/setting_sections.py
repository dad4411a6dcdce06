"""Sections of the settings: ours and one for each platform, each read from the same sources.

A section is a pydantic model. It knows under which names its fields stand in the environment and in
the file, and turns pydantic's errors into sentences for the operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import AliasChoices, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain.errors import SettingsError
from bot.environment import PREFIX, Sources
from bot.setting_values import in_plain_words


class Section(BaseSettings):
    """Settings read from the environment, and under it from the file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="forbid",
        case_sensitive=False,
        env_ignore_empty=True,
        validate_by_name=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take the line's end off a token that was read from a file; blanks alone are no value."""
        trimmed = {name: v.strip() if isinstance(v, str) else v for name, v in values.items()}
        return {name: value for name, value in trimmed.items() if value or value == values[name]}

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


class PlatformSettings(Section):
    """Settings of one chat platform; each declares its own beside its adapter."""

    # Names that other programs and older guides use → the variable that is read here.
    elsewhere: ClassVar[Mapping[str, str]] = {}

    @property
    def is_configured(self) -> bool:
        """Return whether the operator wants this platform: there is a token for it."""
        raise NotImplementedError


S = TypeVar("S", bound=Section)


def plain_name(name: str) -> AliasChoices:
    """A name without our prefix in the environment; lower case in the file."""
    return AliasChoices(name, name.lower())


def names_of(section: type[Section]) -> dict[str, str]:
    """Each setting's name in the environment → its name in the file."""
    names = {}
    for name, field in section.model_fields.items():
        alias = field.validation_alias
        choices = (
            alias.choices if isinstance(alias, AliasChoices) else [PREFIX + name.upper(), name]
        )
        names[str(choices[0])] = str(choices[-1])
    return names


def load_section(section: type[S], sources: Sources) -> S:
    """Read one section.

    Raises:
        SettingsError: names every bad setting as it was written, and where.
    """
    names = names_of(section)
    try:
        return section(**sources.under_the_environment(names))
    except ValidationError as error:
        problems = error.errors(include_url=False)
    places = {place: name for name, place in names.items()}
    parts = []
    for problem in problems:
        text = in_plain_words(
            problem["type"], problem.get("ctx", {}), problem["input"], problem["msg"]
        )
        if problem["loc"]:
            found = str(problem["loc"][0])
            # pydantic names a field by its place, or by its name in the environment.
            place = found if found in places else names.get(found.upper(), found)
            text = f"{sources.named(places.get(place, found), place)}: {text}"
        parts.append(text)
    # Raised outside `except`: the cause would show the values.
    raise SettingsError("; ".join(parts))
