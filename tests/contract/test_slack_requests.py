"""Signed requests: only Slack's own are heard, and only fresh ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import quote, urlsplit

import aiohttp
import pytest

from adapters.slack import http
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
    assert await status_of(bot, body, headers) < 500
    assert (await bot.server.command("help")).status == 200


@pytest.mark.parametrize("body", [b"payload=[]", b"payload=null", b"payload=5", b"payload=%22x%22"])
async def test_nonsense_that_nobody_signed_is_refused_before_it_does_harm(
    bot: SlackBot, body: bytes
) -> None:
    headers = bot.server.outbound.headers("another body", "application/x-www-form-urlencoded")
    assert await status_of(bot, body, headers) == 401


@pytest.mark.parametrize(
    "body",
    [
        '{"type":"event_callback","team_id":{},"event":{"type":5},"event_id":"E1"}',
        '{"type":"event_callback","team_id":"T1","event":[],"event_id":"E1"}',
        '{"type":"event_callback","authorizations":[5],"event":{"type":"x"}}',
        '{"type":"block_actions","team":"T1","actions":[5],"user":[]}',
        '{"type":"block_actions","team":{"id":"T1"},"actions":{},"user":{"id":"U1"}}',
        '{"type":"view_submission","team":{"id":"T1"},"view":[],"user":{"id":"U1"}}',
        '{"type":"view_submission","view":{"callback_id":"icd.settings","state":{"values":[]}}}',
        "[" * 100_000,
        '{"a":' * 50_000,
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
async def test_a_signed_body_of_an_odd_shape_is_answered_and_no_failure_of_ours(
    bot: SlackBot, body: str, kind: str
) -> None:
    body = body if kind == "application/json" else "payload=" + quote(body)
    headers = bot.server.outbound.headers(body, kind)
    assert await status_of(bot, body.encode(), headers) < 500
    assert (await bot.server.command("help")).status == 200


async def test_what_nobody_signed_is_not_parsed(
    bot: SlackBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[object] = []
    monkeypatch.setattr(http, "to_async_bolt_request", lambda *given: parsed.append(given))
    headers = bot.server.outbound.headers("another body", "application/json")
    assert await status_of(bot, b"[" * 900_000, headers) == 401
    assert parsed == []


async def test_who_forges_again_and_again_sends_nothing_large_and_slack_is_heard(
    bot: SlackBot,
) -> None:
    headers = bot.server.outbound.headers("another body", "application/json")
    answers = [await status_of(bot, b"x" * 100_000, headers) for _ in range(4)]

    assert answers == [401, 401, 413, 413]
    assert (await bot.server.command("help")).status == 200


async def test_a_client_that_goes_away_is_no_error_of_ours(
    bot: SlackBot, capsys: pytest.CaptureFixture[str]
) -> None:
    address = urlsplit(bot.http)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nhalf")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await bot.server.command("help")).status == 200
    assert "rror" not in capsys.readouterr().out


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
