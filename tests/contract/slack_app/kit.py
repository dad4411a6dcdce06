"""Parts that the tests beside share: the text of a message, a press, a choice."""

from __future__ import annotations

from html import unescape
from typing import Any

from tests.servers.slack.blocks import texts

Json = dict[str, Any]


def said(message: Json) -> str:
    blocks = message.get("blocks") or []
    return unescape("\n".join([message.get("text", ""), *(str(t["text"]) for t in texts(blocks))]))


def button(action: str, value: str = "") -> Json:
    known = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "x"}}
    return known | ({"value": value} if value else {})


def picked(
    channel: str | None, surfaces: list[str], severity: str, *, person: str | None = None
) -> Json:
    """What Slack reports of the filled form."""
    people = [{"type": "user", "user_id": person}] if person else []
    line = {"type": "rich_text_section", "elements": people}
    return {
        "channel": {"icd.pick": {"selected_conversation": channel}},
        f"surfaces/{channel}": {"pick": {"selected_options": [{"value": s} for s in surfaces]}},
        f"severity/{channel}": {"pick": {"selected_option": {"value": severity}}},
        f"mention/{channel}": {"pick": {"rich_text_value": {"elements": [line]}}},
        f"loud/{channel}": {"pick": {"selected_options": []}},
    }
