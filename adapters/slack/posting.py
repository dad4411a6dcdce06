"""The shortest way of one JSON call to Slack: for messages, which go out by the thousand.

slack_sdk prepares each call anew (it joins the address, merges headers, reads the environment,
walks the blocks) and parses answers with json: 110 of the 250 µs that a post costs here. What it
knows of proxies, TLS and the token is taken from its client; all other calls go through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.errors import of_answer, slack_errors

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, in the shape that errors are read from."""

    status_code: int
    headers: Mapping[str, str]
    data: object


class Poster:
    """Posts with one workspace's client over a shared session."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession) -> None:
        self.client = client
        self._session = session
        self._headers = {
            **client.headers,
            "Authorization": f"Bearer {client.token}",
            "Content-Type": "application/json;charset=utf-8",
        }

    async def call(self, method: str, body: Json, bucket: str | None) -> Json:
        """One call, once.

        Raises:
            DeliveryError: as `slack_errors` says; `bucket` is named in `RateLimited`.
        """
        client = self.client
        with slack_errors(bucket):
            async with self._session.post(
                client.base_url + method,
                data=_encoded(body),
                headers=self._headers,
                proxy=client.proxy,
                ssl=True if client.ssl is None else client.ssl,
            ) as response:
                raw = await response.read()
        data = _decoded(raw)
        if response.status == 200 and data.get("ok"):
            return data
        raise of_answer(Reply(response.status, response.headers, data), bucket)


def _encoded(body: Json) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        # Lone surrogates, which a page may send and UTF-8 cannot carry.
        return orjson.dumps(_without_surrogates(body))


def _without_surrogates(value: Any) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {key: _without_surrogates(item) for key, item in value.items()}
        case list():
            return [_without_surrogates(item) for item in value]
        case _:
            return value


def _decoded(raw: bytes) -> Json:
    """What Slack said; nothing if it was not Slack (a proxy's page)."""
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return data if isinstance(data, dict) else {}
