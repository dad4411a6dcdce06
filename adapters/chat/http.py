"""HTTP shared by the clients of chat platforms: one session, JSON out, JSON in.

A platform provides its own headers, and turns what `aiohttp` raises into our errors.
"""

from __future__ import annotations

from typing import Any

import aiohttp
import orjson

Json = dict[str, Any]


def open_session(*, connections: int, seconds: float) -> aiohttp.ClientSession:
    """Return a session of at most `connections`; a request may take `seconds`, half to connect.

    One session for all tenants: opening one for each call costs half of the rate. Cookies are of
    no use to a bot, and one workspace's must not go out with another's messages.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ttl_dns_cache=300),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=seconds, connect=seconds / 2),
    )


def encode(body: object) -> bytes:
    """Return `body` as JSON in UTF-8. Lone surrogates, which UTF-8 cannot carry, become `?`."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        return orjson.dumps(_without_surrogates(body))


def encoded(value: object) -> orjson.Fragment:
    """Return `value` encoded once, to stand in the bodies of many messages."""
    return orjson.Fragment(encode(value))


def _without_surrogates(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {key: _without_surrogates(item) for key, item in value.items()}
        case list():
            return [_without_surrogates(item) for item in value]
        case _:
            return value


def decode(raw: bytes) -> Json:
    """Return the JSON object of an answer; empty if it is none (a proxy's page)."""
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return data if isinstance(data, dict) else {}
