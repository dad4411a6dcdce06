"""Each of Slack's errors means what the table in `adapters.slack.errors` says."""

from __future__ import annotations

import socket

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError

from adapters.slack.errors import (
    MEANING,
    SlackUnreachable,
    explain,
    meaning,
    of_answer,
    slack_errors,
)
from bot.domain.errors import (
    BotError,
    ChannelGone,
    DeliveryError,
    Malformed,
    MessageGone,
    RateLimited,
    TenantGone,
    TenantPaused,
    Uncertain,
)


class Answer:
    """As much of slack_sdk's answer as errors are read from."""

    def __init__(self, data: object, status: int = 200, **headers: str) -> None:
        self.data = data
        self.status_code = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def refused(text: str, answer: Answer) -> Exception:
    return SlackApiError(text, answer)  # type: ignore[no-untyped-call]  # slack_sdk is untyped here


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("channel_not_found", ChannelGone),
        ("is_archived", ChannelGone),
        ("restricted_action_thread_only_channel", ChannelGone),
        ("account_inactive", TenantGone),
        ("token_revoked", TenantGone),
        ("missing_scope", TenantPaused),
        ("message_limit_exceeded", TenantPaused),
        ("invalid_blocks", Malformed),
        ("invalid_metadata_schema", Malformed),
        ("invalid_arg_name", Malformed),
        ("invalid_arguments", Malformed),
        ("msg_blocks_too_long", Malformed),
        ("message_not_found", MessageGone),
        ("cannot_reply_to_message", MessageGone),
        ("duplicate_message_not_found", Uncertain),
        ("team_access_not_granted", TenantPaused),
        ("user_not_found", ChannelGone),
        ("cannot_dm_bot", ChannelGone),
        ("restricted_action_thread_locked", MessageGone),
        ("fatal_error", Uncertain),
        ("service_unavailable", SlackUnreachable),
        ("something_new", DeliveryError),
    ],
)
def test_an_error_means_what_we_do_about_it(code: str, kind: type[BotError]) -> None:
    assert meaning(code) is kind


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("not_in_channel", "/invite @isclaudedown"),
        ("missing_scope: chat:write", "(missing_scope: chat:write)"),
        ("team_access_not_granted", "organisation"),
    ],
)
def test_a_reason_says_what_a_person_can_do(reason: str, says: str) -> None:
    assert says in explain(reason)
    assert explain(reason).endswith(f"({reason})")


def test_an_unknown_reason_is_shown_as_it_came() -> None:
    assert explain("Send Messages is missing") == "Send Messages is missing"


def test_no_error_stands_for_two_things() -> None:
    assert len(MEANING) > 40
    assert all(issubclass(kind, DeliveryError) for kind in MEANING.values())


def test_too_many_requests_say_when_to_come_back_and_for_whom() -> None:
    error = of_answer(Answer({"error": "ratelimited"}, 429, retry_after="7"), "slack/T1/post")

    assert isinstance(error, RateLimited)
    assert (error.retry_after, error.bucket) == (7.0, "slack/T1/post")


@pytest.mark.parametrize("header", ["soon", ""])
def test_a_limit_without_a_time_still_waits(header: str) -> None:
    error = of_answer(Answer({}, 429, Retry_After=header))
    assert isinstance(error, RateLimited)
    assert error.retry_after > 0


@pytest.mark.parametrize("said", ["inf", "1e999", "99999999999", "nan"])
def test_nobody_is_silenced_for_good_by_a_wait_that_makes_no_sense(said: str) -> None:
    error = of_answer(Answer({"error": "ratelimited"}, 429, retry_after=said))
    assert isinstance(error, RateLimited)
    assert 0 <= error.retry_after <= 3600


def test_a_missing_scope_is_named() -> None:
    error = of_answer(Answer({"error": "missing_scope", "needed": "chat:write"}))
    assert str(error) == "missing_scope: chat:write"


@pytest.mark.parametrize("answer", [Answer("<html>", 502), Answer({}, 500), Answer(b"", 200)])
def test_an_answer_that_is_not_slacks_leaves_it_open(answer: Answer) -> None:
    assert isinstance(of_answer(answer), Uncertain)


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (aiohttp.ServerDisconnectedError(), Uncertain),
        (TimeoutError(), Uncertain),
        (aiohttp.ClientPayloadError(), Uncertain),
        (aiohttp.ConnectionTimeoutError(), SlackUnreachable),
        (refused("x", Answer({"error": "is_archived"})), ChannelGone),
    ],
)
def test_a_lost_answer_is_uncertain_and_a_refused_connection_is_not(
    raised: Exception, kind: type[BotError]
) -> None:
    with pytest.raises(DeliveryError) as caught, slack_errors():
        raise raised
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "raised",
    [
        refused("xoxb-1", Answer({"error": "invalid_auth", "token": "xoxb-1"})),
        aiohttp.ClientPayloadError("xoxb-1"),
        TimeoutError("xoxb-1"),
        SlackRequestError("xoxb-1"),
        ValueError("xoxb-1"),
    ],
)
def test_no_error_shows_a_token(raised: Exception) -> None:
    with pytest.raises(DeliveryError) as caught, slack_errors():
        raise raised
    assert "xoxb" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with aiohttp.ClientSession() as session:
        with pytest.raises(SlackUnreachable), slack_errors():
            await session.post(f"http://127.0.0.1:{port}")
