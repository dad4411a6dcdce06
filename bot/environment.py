"""The sources of settings: the environment, under it a file `.env`, under that a TOML file.

Names are taken apart here and nothing is validated. A name with our prefix that no setting has
stops the start; a token under a name that is nearly one of ours is only pointed out, because it may
belong to another program.
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import re
import ssl
import tomllib
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from bot.domain.errors import SettingsError
from bot.setting_values import at_home

PREFIX = "ISCLAUDEDOWN_"
FILE_VARIABLE = f"{PREFIX}CONFIG"
# Set and empty they mean: none. Of all others an empty value is as good as none.
MAY_BE_EMPTY = frozenset({f"{PREFIX}PROVIDERS"})
PROXIES = ("http", "https", "socks5", "socks5h")  # that httpx takes


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is in force."""

    name: str  # in the environment
    value: str  # as text; a secret's is "set" or empty
    origin: str  # environment, .env, the TOML file's path, or default


@dataclass(frozen=True, slots=True)
class Sources:
    """The values given, by place and name. Empty ones count as none, but for `MAY_BE_EMPTY`."""

    environment: Mapping[str, str]  # variables, upper case
    dotenv: Mapping[str, str] = field(default_factory=dict)  # the same, from the file `.env`
    file: Mapping[str, Any] = field(default_factory=dict)  # names of the TOML file, lower case
    path: str = ""  # of the TOML file

    def under_the_environment(self, names: Mapping[str, str]) -> dict[str, Any]:
        """Return what the files say of these settings (variable → its name there), by that name."""
        values = {name: self.file[name] for name in names.values() if name in self.file}
        for variable, name in names.items():
            if variable in self.dotenv:
                values[name] = self.dotenv[variable]
            if self.environment.get(variable) == "":  # which pydantic would pass over
                values[name] = ""
        return values

    def origin(self, variable: str, name: str) -> str:
        """Which source a setting's value comes from: the highest that has it."""
        if variable in self.environment:
            return "environment"
        if variable in self.dotenv:
            return ".env"
        return self.path if name in self.file else "default"

    def named(self, variable: str, name: str) -> str:
        """A setting's name as it was written, and where: for sentences about its value."""
        origin = self.origin(variable, name)
        match origin:
            case "default":
                return variable
            case "environment":
                return f"{variable} in the environment"
            case ".env":
                return f"{variable} in .env"
        return f"{name} in {origin}"

    def refuse_unknown(self, names: Mapping[str, str]) -> None:
        """Raises: SettingsError: a name with our prefix, or in the TOML file, is no setting."""
        known = {FILE_VARIABLE, *names}
        for where, given in (("the environment", self.environment), (".env", self.dotenv)):
            for name in given:
                if name.startswith(PREFIX) and name not in known:
                    raise SettingsError(f"unknown setting {name} in {where}{_nearest(name, known)}")
        for name in self.file:
            if name not in names.values():
                near = _nearest(name, names.values())
                raise SettingsError(f"unknown setting {name} in {self.path}{near}")

    def misspelt(self, names: Iterable[str], elsewhere: Mapping[str, str]) -> list[str]:
        """Return a sentence for each token under a name that is nearly one of ours.

        `elsewhere`: name that other programs use → the one of `names`. A token that is set under
        its own name too is not spoken of.
        """
        given = {**self.environment, **self.dotenv}
        tokens = {name for name in names if name.endswith(("_TOKEN", "_SECRET"))}
        beginnings = tuple({f"{token.partition('_')[0]}_" for token in tokens})  # the word in front
        found = []
        for name in sorted(given.keys() - set(names)):
            if not name.startswith(beginnings):
                continue
            near = difflib.get_close_matches(name, tokens, 1, 0.85)
            meant = elsewhere.get(name) or next(iter(near), "")
            if meant in tokens and meant not in given:
                found.append(f"{name} is set, which nothing here reads; did you mean {meant}?")
        return found


def read_sources(dotenv: Path | None = None) -> Sources:
    """Read the environment, `dotenv` if it exists, and the TOML file that one of them names.

    Raises:
        SettingsError: a file cannot be read, and why.
    """
    environment = _given(os.environ)
    beside = _given(_read_dotenv(dotenv)) if dotenv is not None and dotenv.is_file() else {}
    path = environment.get(FILE_VARIABLE) or beside.get(FILE_VARIABLE) or ""
    if not path:
        return Sources(environment, beside)
    try:
        path = str(at_home(Path(path)))
    except ValueError as error:
        raise SettingsError(f"{FILE_VARIABLE}: {error}") from None
    return Sources(environment, beside, _read_toml(path), path)


def refuse_unusable(environment: Mapping[str, str]) -> None:
    """Check what the libraries below read of the environment, and fail at without a name.

    Raises:
        SettingsError: it names a certificate that is not there, or a proxy that cannot be used.
    """
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if (path := environment.get(name)) and not os.access(path, os.R_OK):
            raise SettingsError(f"{name} names {path}, which is not there or cannot be read")
    if path := environment.get("SSL_CERT_FILE"):
        try:
            ssl.create_default_context(cafile=path)
        except OSError:
            raise SettingsError(f"SSL_CERT_FILE names {path}, which holds no certificate") from None
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        scheme, found, _ = environment.get(name, "").partition("://")
        if found and scheme not in PROXIES:
            raise SettingsError(f"{name} names a proxy by {scheme}://; write http:// or https://")
        if scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
            raise SettingsError(
                f"{name} names a SOCKS proxy, which needs a package: pip install 'httpx[socks]'"
            )


def odd_time_zone(environment: Mapping[str, str]) -> str:
    """A sentence if TZ names a zone that this system does not know, which would count as UTC."""
    zone = environment.get("TZ", "").removeprefix(":")
    # A rule instead of a name: https://www.gnu.org/software/libc/manual/html_node/TZ-Variable.html
    if not zone or re.fullmatch(r"(<[\w+-]+>|[A-Za-z]{3,})[+-]?\d.*", zone):
        return ""
    if any((Path(folder) / zone).is_file() for folder in (*zoneinfo.TZPATH, "/")) or zone == "UTC":
        return ""
    return f"TZ names {zone!r}, which this system does not know: times are shown in UTC"


def _given(values: Mapping[str, str | None]) -> dict[str, str]:
    given = {name.upper(): value or "" for name, value in values.items()}
    return {name: value for name, value in given.items() if value or name in MAY_BE_EMPTY}


def _read_dotenv(path: Path) -> dict[str, str | None]:
    try:
        return dotenv_values(path)
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text: {error.reason}") from error


def _read_toml(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{FILE_VARIABLE}: cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE_VARIABLE}: {path} is not TOML: {error}") from error


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""
