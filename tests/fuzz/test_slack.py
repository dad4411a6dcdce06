"""Requests to Slack's public address: unsigned ones go no further, signed ones are answered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from urllib.parse import quote, urlencode

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.slack_bot import SlackBot, slack_bot
from tests.damage import mutated
from tests.fuzz.inputs import ANYTHING, TEXTS, bounded
from tests.servers.slack import running_slack

NOWHERE = "http://nowhere.example.com/"  # the address of Slack stands there when it is sent
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PEOPLE = {"team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T1"}, "api_app_id": "A1"}
# One of each kind that Slack sends, as far as we read them.
EVENT = {
    "type": "event_callback",
    "team_id": "T1",
    "api_app_id": "A1",
    "event_id": "Ev1",
    "event_time": 1_760_000_000,
    "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": True}],
    "event": {"type": "app_mention", "user": "U1", "text": "down?", "channel": "C1", "ts": "1.2"},
}
ACTION = {
    "type": "block_actions",
    **PEOPLE,
    "trigger_id": "1.2.3",
    "channel": {"id": "C1"},
    "container": {"channel_id": "C1", "message_ts": "1.2"},
    "actions": [{"action_id": "icd.refresh", "block_id": "b", "value": "v", "type": "button"}],
    "response_url": NOWHERE,
}
VIEW = {
    "type": "view_submission",
    **PEOPLE,
    "view": {
        "id": "V1",
        "callback_id": "icd.settings",
        "private_metadata": "C1",
        "state": {"values": {"channel": {"channel": {"selected_conversation": "C1"}}}},
    },
}
SHORTCUT = {"type": "shortcut", **PEOPLE, "callback_id": "icd.ask", "trigger_id": "1.2.3"}
DOCUMENTS = st.sampled_from([EVENT, ACTION, VIEW, SHORTCUT])
COMMAND = {
    "command": "/isclaudedown",
    "text": "",
    "team_id": "T1",
    "channel_id": "C1",
    "user_id": "U1",
    "user_name": "ada",
    "trigger_id": "1.2.3",
    "response_url": NOWHERE,
}
WORDS = st.one_of(
    TEXTS,
    st.lists(
        st.sampled_from(
            [
                *("subscribe", "mute", "report", "back", "why", "history", "incident", "justme"),
                *("api", "claude.ai", "all", "2h", "99999999d", "<@U1>", "<!channel>", "major"),
            ]
        ),
        max_size=4,
    ).map(" ".join),
)


@pytest.fixture
async def bot() -> AsyncIterator[SlackBot]:
    async with running_slack() as server, slack_bot(server, "http") as running:
        yield running


async def status_of(bot: SlackBot, body: bytes, headers: dict[str, str]) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(bot.http + "/slack/events", data=body, headers=headers) as answer,
    ):
        return answer.status


def answers_to(bot: SlackBot) -> str:
    """Where the app may answer what is sent now."""
    return bot.server.response_address(bot.server.world.new_response_url("T1", "C1", "U1").id)


def as_text(value: object) -> str:
    """JSON with what no encoding holds (half a surrogate) written as an escape."""
    return json.dumps(value)


@bounded(60)
@given(document=DOCUMENTS, data=st.data())
async def test_a_signed_request_of_any_shape_is_answered_and_ends_nothing(
    bot: SlackBot, document: object, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(0, 3))):
        document = mutated(document, data, ANYTHING)
    kind = data.draw(st.sampled_from([JSON, FORM]))
    text = as_text(document).replace(NOWHERE, answers_to(bot))
    body = text if kind == JSON else f"payload={quote(text)}"
    assert await status_of(bot, body.encode(), bot.server.outbound.headers(body, kind)) < 500


@bounded(60)
@given(text=WORDS, changes=st.dictionaries(st.sampled_from(sorted(COMMAND)), TEXTS, max_size=2))
async def test_whatever_is_typed_behind_the_command_is_answered(
    bot: SlackBot, text: str, changes: dict[str, str]
) -> None:
    command = COMMAND | {"response_url": answers_to(bot), "text": text} | changes
    body = urlencode(command, errors="replace")
    assert await status_of(bot, body.encode(), bot.server.outbound.headers(body, FORM)) < 500


@bounded(60)
@given(
    body=st.one_of(st.binary(max_size=200), DOCUMENTS.map(lambda one: as_text(one).encode())),
    signature=st.one_of(st.just("v0=" + "0" * 64), st.text(st.characters(max_codepoint=126))),
    timestamp=st.one_of(st.none(), st.text(st.characters(max_codepoint=126), max_size=12)),
)
async def test_nothing_that_slack_did_not_sign_gets_in(
    bot: SlackBot, body: bytes, signature: str, timestamp: str | None
) -> None:
    headers = bot.server.outbound.headers("another body", JSON)
    headers["X-Slack-Signature"] = printable(signature)
    if timestamp is not None:
        headers["X-Slack-Request-Timestamp"] = printable(timestamp)
    assert await status_of(bot, body, headers) == 401


def printable(text: str) -> str:
    """What a client can send as a header."""
    return "".join(letter for letter in text if letter.isprintable())
