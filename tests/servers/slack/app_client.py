"""Calls to the local Slack as an app makes them."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slack import (
    SlackServer,
)

METADATA = {"event_type": "icd_delivery", "event_payload": {"k": "K1"}}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def client_of(slack: SlackServer, token: str | None = None) -> AsyncWebClient:
    return AsyncWebClient(
        token or slack.team.token, base_url=slack.api_url, retry_handlers=[], timeout=2
    )


async def error_of(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])
