"""Signed requests: only Slack's own are heard, and only fresh ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest

from tests.contract.slack_bot import SlackBot, slack_bot
from tests.servers.slack import SlackServer, running_slack
from tests.servers.slack.outbound import sign


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack() as slack:
        yield slack


@pytest.fixture
async def bot(server: SlackServer) -> AsyncIterator[SlackBot]:
    async with slack_bot(server, "http") as running:
        yield running


async def test_a_forged_signature_is_refused(bot: SlackBot) -> None:
    bot.server.outbound.forge = True
    delivery = await bot.server.command("subscribe api")

    assert delivery.status == 401
    assert await bot.subscription() is None


@pytest.mark.parametrize("skew", [-3600, -301, 301, 3600])
async def test_an_old_or_future_request_is_refused_although_it_is_signed(
    bot: SlackBot, skew: int
) -> None:
    bot.server.outbound.skew_seconds = skew
    assert (await bot.server.command("subscribe api")).status == 401
    assert await bot.subscription() is None


@pytest.mark.parametrize("missing", ["X-Slack-Signature", "X-Slack-Request-Timestamp"])
async def test_a_request_without_a_signature_is_refused(bot: SlackBot, missing: str) -> None:
    body = "command=%2Fisclaudedown&text=subscribe"
    headers = bot.server.outbound.headers(body, "application/x-www-form-urlencoded")
    del headers[missing]
    assert await status_of(bot, body.encode(), headers) == 401


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "9" * 400])
async def test_nonsense_for_a_timestamp_is_no_crash(bot: SlackBot, timestamp: str) -> None:
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": "v0=00"}
    assert await status_of(bot, b"x", headers) in {400, 401}


@pytest.mark.parametrize("signature", ["", "v0=", "v0=\xe9", "v1=00", "v0=" + "0" * 64, "0" * 9000])
async def test_nonsense_for_a_signature_is_refused_like_any_other(
    bot: SlackBot, signature: str
) -> None:
    headers = bot.server.outbound.headers("x", "text/plain") | {"X-Slack-Signature": signature}
    assert await status_of(bot, b"x", headers) in {400, 401}


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"payload=%7B", b"null", b"[]"])
async def test_a_signed_body_that_makes_no_sense_is_answered(bot: SlackBot, body: bytes) -> None:
    headers = bot.server.outbound.headers(body.decode("latin-1"), "application/json")
    assert await status_of(bot, body, headers) < 600
    assert (await bot.server.command("help")).status == 200


@pytest.mark.parametrize("body", [b"payload=[]", b"payload=null", b"payload=5", b"payload=%22x%22"])
async def test_nonsense_that_nobody_signed_is_refused_before_it_does_harm(
    bot: SlackBot, body: bytes
) -> None:
    headers = bot.server.outbound.headers("another body", "application/x-www-form-urlencoded")
    assert await status_of(bot, body, headers) == 400


async def test_a_huge_request_is_not_read(bot: SlackBot) -> None:
    headers = bot.server.outbound.headers("x", "text/plain")
    # It may be closed while the client is still sending: refused all the same.
    with suppress(aiohttp.ClientError):
        assert await status_of(bot, b"x" * 1_000_001, headers) == 413
    assert (await bot.server.command("help")).status == 200


async def test_slack_may_verify_the_address(bot: SlackBot) -> None:
    body = '{"type":"url_verification","challenge":"c1","token":"t"}'
    headers = bot.server.outbound.headers(body, "application/json")
    async with (
        aiohttp.ClientSession() as session,
        session.post(bot.http + "/slack/events", data=body, headers=headers) as answer,
    ):
        assert answer.status == 200
        assert "c1" in await answer.text()


async def test_an_empty_secret_opens_no_door(server: SlackServer) -> None:
    async with slack_bot(server, "socket") as bot:
        assert bot.slack.routes == []
    assert sign("", 1, "x") != sign("y", 1, "x")


async def status_of(bot: SlackBot, body: bytes, headers: dict[str, str]) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(bot.http + "/slack/events", data=body, headers=headers) as answer,
    ):
        return answer.status
