"""Single settings: checked, shown, and what is wrong with them said in plain words."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from pydantic import HttpUrl, SecretStr, TypeAdapter, ValidationError

# It becomes a part of incidents' keys and of surfaces' names, where a slash parts the two.
PAGE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")
# With a port, or with `:*` for any, as agents' libraries compare it.
HOST_NAME = re.compile(r"([\w.-]+|\[[0-9a-f:.]+\])(:(\d{1,5}|\*))?")
LONGEST_SHOWN = 16  # letters of a bad value
# https://docs.pydantic.dev/latest/errors/validation_errors/ → what follows the value
PLAIN_WORDS = {
    "float_parsing": "is no number",
    "float_type": "is no number",
    "int_parsing": "is no whole number",
    "int_type": "is no whole number",
    "int_from_float": "is no whole number",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "greater_than_equal": "is too small; at least {ge:g}",
    "greater_than": "is too small; more than {gt:g}",
    "less_than_equal": "is too large; at most {le:g}",
    "literal_error": "is none of {expected}",
    "dict_type": "is no table of names and values",
    "tuple_type": "is no list",
    "string_type": "is no text",
    "path_type": "is no path",
}


def data_folder() -> Path:
    """Return the folder where this user's programs keep their data, by the system's custom."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "isclaudedown"
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "isclaudedown"


def web_address(value: str) -> str:
    """The address without a slash at its end. Raises ValueError: it is none."""
    # Pydantic passes over these, and no client does.
    wrong = any(letter.isspace() or not letter.isprintable() for letter in value)
    try:
        TypeAdapter(HttpUrl).validate_python(value)
    except ValidationError:
        wrong = True
    if wrong:
        raise ValueError("it is no web address; write it whole, as in https://a.example")
    return value.rstrip("/")


def page_address(value: str) -> str:
    """The same of a page, below which documents are asked for."""
    if "?" in value or "#" in value:
        raise ValueError("the address of a page ends before any ? or #")
    return web_address(value)


def proxy_addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    """The same. Raises ValueError: one is no address, which would never be anybody's."""
    for value in values:
        try:
            if value != "*":
                ip_network(value, strict=False)
        except ValueError:
            raise ValueError(f"{value!r} is no address; write 10.0.0.2 or 10.0.0.0/8") from None
    return values


def host_names(values: tuple[str, ...]) -> tuple[str, ...]:
    """The same. Raises ValueError: one is no name of a host."""
    for value in values:
        if not HOST_NAME.fullmatch(value):
            raise ValueError(f"{value!r} is no host; write status.example.com or 10.0.0.2:8080")
    return values


def named_pages(value: object) -> object:
    """Pages by their names, from a table or from `name=https://…`, several separated by commas.

    Raises:
        ValueError: a name or an address is none.
    """
    if isinstance(value, str):
        parts = [part.strip().partition("=") for part in value.split(",") if part.strip()]
        value = {name.strip().lower(): url.strip() for name, _, url in parts}
    if not isinstance(value, dict):
        return value
    for name, url in value.items():
        if not name or not url:
            raise ValueError("write name=https://status.example.com, several separated by commas")
        if not PAGE_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name: letters, digits, and . _ - between them")
    return {name: page_address(str(url)) for name, url in value.items()}


def at_home(path: Path) -> Path:
    """The path with a `~` at its beginning replaced. Raises ValueError: whose home is unknown."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(f"{path.parts[0]} is nobody's home folder") from None


def shown(value: object, *, is_secret: bool) -> str:
    """Return a setting's value as a person would write it; of a secret only whether it is set."""
    if isinstance(value, SecretStr) or (is_secret and value):
        return "set"
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(str(part) for part in value)
        case dict():
            return ",".join(f"{name}={without_login(str(part))}" for name, part in value.items())
    return without_login(str(value))


def without_login(address: str) -> str:
    """A web address as it may be shown: without the name and password that may stand in it."""
    scheme, found, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{found}{host.rpartition('@')[2]}{slash}{path}" if found else address


def in_plain_words(kind: str, context: Mapping[str, Any], given: object, message: str) -> str:
    """Return what is wrong with a value, out of what pydantic says of it."""
    # What is long may be a token in the wrong place.
    value = f"{given!r}" if len(str(given)) <= LONGEST_SHOWN else "it"
    if words := PLAIN_WORDS.get(kind):
        expected = str(context.get("expected", "")).replace("'", "")
        return f"{value} {words.format(**{**context, 'expected': expected})}"
    return message.removeprefix("Value error, ")
