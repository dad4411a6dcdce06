"""Checks bodies against Discord's own OpenAPI description, where it is at hand.

The file is looked for in ../shared/specs beside the repository, or where
DISCORD_OPENAPI says; without it only the documented limits below are checked.
"""

import functools
import json
import os
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

_BESIDE = Path(__file__).resolve().parents[4] / "shared" / "specs" / "discord" / "openapi.json"
SPEC: Final = Path(os.environ.get("DISCORD_OPENAPI", _BESIDE))

# https://discord.com/developers/docs/resources/message: 2000 where the description says 4000,
# and the sum over all embeds, which it cannot express.
MAX_CONTENT: Final = 2000
MAX_EMBED_TOTAL: Final = 6000
MAX_COMPONENTS: Final = 40
COMPONENTS_V2: Final = 1 << 15
# No names of the world's (RFC 2606, 6762, 9476); Discord's own list is not documented.
LOCAL_NAMES: Final = (".invalid", ".test", ".example", ".localhost", ".local", ".internal")


def available() -> bool:
    return SPEC.is_file()


@functools.cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SPEC.read_text())
    paths = {re.sub(r"\{\w+\}", "{}", path): item for path, item in document["paths"].items()}
    return {"paths": paths, "components": document["components"]}


@functools.cache
def _validator(method: str, path: str, status: int | None) -> Draft202012Validator | None:
    operation = _document()["paths"].get(re.sub(r"\{\w+\}", "{}", path), {}).get(method.lower())
    if operation is None:
        return None
    holder = (
        operation.get("requestBody", {})
        if status is None
        else operation["responses"].get(str(status), {})
    )
    schema = holder.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return None
    return Draft202012Validator({**schema, "components": _document()["components"]})


def problem(method: str, path: str, body: Any, status: int | None = None) -> str | None:
    """Return why `body` is no valid request (or answer, given its status), or None."""
    if not available():
        return None
    validator = _validator(method, path, status)
    if validator is None or validator.is_valid(body):
        return None
    error = best_match(validator.iter_errors(body))
    where = "/".join(str(step) for step in error.absolute_path)
    return f"{method} {path} {status or 'request'} at {where or '/'}: {error.message[:300]}"


def limits_broken(body: dict[str, Any]) -> str | None:
    """Return which documented limit of a message this body breaks, or None."""
    components = _flat(body.get("components") or [])
    rules = {
        "content is longer than 2000": len(body.get("content") or "") > MAX_CONTENT,
        "embeds hold more than 6000 characters": _embeds_too_long(body),
        "Not a well formed URL.": not all(map(_is_public, body.get("embeds") or [])),
        "more than 40 components": len(components) > MAX_COMPONENTS,
        "components v2 and the old kind are mixed": _mixed(body),
        "more than 5 action rows": not _is_v2(body) and len(body.get("components") or []) > 5,
        "Component custom id cannot be duplicated": _ids_repeat(components),
        "a button has a custom_id or a url, and a label or an emoji": any(
            one["type"] == 2 and not _button_ok(one) for one in components
        ),
    }
    return next((rule for rule, broken in rules.items() if broken), None)


def _embeds_too_long(body: dict[str, Any]) -> bool:
    return sum(_embed_size(embed) for embed in body.get("embeds") or []) > MAX_EMBED_TOTAL


def _is_public(embed: dict[str, Any]) -> bool:
    host = urlsplit(embed.get("url") or "https://example.com").hostname or ""
    return "." in host and not host.endswith(LOCAL_NAMES)


def _is_v2(body: dict[str, Any]) -> bool:
    return bool(int(body.get("flags") or 0) & COMPONENTS_V2)


def _mixed(body: dict[str, Any]) -> bool:
    if _is_v2(body):
        return bool(body.get("content") or body.get("embeds"))
    return any(one["type"] != 1 for one in body.get("components") or [])


def _ids_repeat(components: list[dict[str, Any]]) -> bool:
    ids = [one["custom_id"] for one in components if one.get("custom_id")]
    return len(ids) != len(set(ids))


def _button_ok(button: dict[str, Any]) -> bool:
    named = bool(button.get("label")) or bool(button.get("emoji"))
    link = button["style"] == 5
    return named and link == bool(button.get("url")) and link != bool(button.get("custom_id"))


def _embed_size(embed: dict[str, Any]) -> int:
    fields = embed.get("fields") or []
    return (
        len(embed.get("title") or "")
        + len(embed.get("description") or "")
        + len((embed.get("footer") or {}).get("text") or "")
        + len((embed.get("author") or {}).get("name") or "")
        + sum(len(field["name"]) + len(field["value"]) for field in fields)
    )


def _flat(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    out = []
    for one in components:
        inner = list(one.get("components") or [])
        if accessory := one.get("accessory"):
            inner.append(accessory)
        out += [one, *_flat(inner)]
    return out
