"""The doctor says what is wrong with Slack, by name, and what to do."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.cli.checks import doctor
from adapters.redis.store import open_store
from adapters.slack.checks import check_slack
from adapters.slack.manifest import EVENTS, SCOPES, manifest
from adapters.slack.row import SLACK
from adapters.slack.settings import SlackSettings
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import SettingsError
from bot.domain.subscription import Channel, Subscription
from bot.settings import Settings
from tests.contract.slack_bot import options_for, slack_bot, utc_now
from tests.servers.redis import standalone
from tests.servers.slack import BOT_SCOPES, SlackServer, running_slack
from tests.shared import shared_path


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack() as slack:
        yield slack


def test_the_local_slack_grants_what_the_manifest_asks_for_and_nothing_more() -> None:
    assert frozenset(SCOPES) == BOT_SCOPES


async def test_channels_that_cannot_be_read_back_are_named(server: SlackServer) -> None:
    async with slack_bot(server, "http") as bot:
        for id_ in ("C1", "C2", "G1"):
            await bot.store.subscriptions.put(Subscription(Channel("slack", "T1", id_)))
        checks = check_slack(options_for(server, "http"), bot.store.subscriptions)
        found = {result.what: result async for result in checks}["slack channels"]
        server.channel("C2").bot_is_member = True
        checks = check_slack(options_for(server, "http"), bot.store.subscriptions)
        after = {result.what: result async for result in checks}["slack channels"]

    assert found.health is Health.WARNING
    assert "C2" in found.says
    assert "C1" not in found.says
    assert "/invite" in found.advice
    assert after.health is Health.GOOD


async def findings(options: SlackSettings) -> dict[str, CheckResult]:
    return {finding.what: finding async for finding in check_slack(options)}


async def test_all_is_well_where_all_is_well(server: SlackServer) -> None:
    found = await findings(options_for(server, "socket"))

    assert set(found) == {"slack token", "slack scopes", "slack socket"}
    assert {finding.health for finding in found.values()} == {Health.GOOD}
    assert server.messages("C1") == []


async def test_a_missing_scope_is_named_with_what_it_is_for(server: SlackServer) -> None:
    server.world.tokens[server.team.token].scopes -= {"chat:write"}
    found = (await findings(options_for(server, "socket")))["slack scopes"]

    assert found.health is Health.BROKEN
    assert "chat:write (to post" in found.says
    assert "reinstall" in found.advice


async def test_where_only_admins_may_the_scope_to_know_them_is_needed(server: SlackServer) -> None:
    server.world.tokens[server.team.token].scopes -= {"users:read"}
    options = options_for(server, "socket").model_copy(update={"admins_only": True})
    found = (await findings(options))["slack scopes"]

    assert found.health is Health.BROKEN
    assert "users:read" in found.says


async def test_a_scope_that_is_only_comfort_is_a_warning(server: SlackServer) -> None:
    server.world.tokens[server.team.token].scopes -= {"channels:history"}
    found = (await findings(options_for(server, "socket")))["slack scopes"]
    assert found.health is Health.WARNING


async def test_wrong_tokens_are_told_apart_and_never_shown(server: SlackServer) -> None:
    tokens = {"bot_token": "xoxb-wrong", "app_token": "xapp-wrong"}
    wrong = options_for(server, "socket").model_copy(update=tokens)
    found = await findings(wrong)

    assert found["slack token"].health is Health.BROKEN
    assert found["slack socket"].health is Health.BROKEN
    assert "wrong" not in str(found)


async def test_slack_being_away_is_no_wrong_token() -> None:
    options = SlackSettings(
        bot_token="xoxb-1", app_token="xapp-1", api_url="http://127.0.0.1:9/api"
    )
    found = await findings(options)

    for what in ("slack token", "slack socket"):
        assert "no answer" in found[what].says
        assert "reachable" in found[what].advice
        assert "_TOKEN" not in found[what].says


async def test_a_token_of_the_other_kind_is_a_wrong_token(server: SlackServer) -> None:
    server.fail("error", "auth.test", error="not_allowed_token_type")
    found = (await findings(options_for(server, "http")))["slack token"]

    assert "SLACK_BOT_TOKEN: not_allowed_token_type" in found.says
    assert "xoxb-" in found.advice


@pytest.mark.parametrize("word", ["invalid_auth", "not_allowed_token_type"])
async def test_with_a_wrong_token_it_does_not_start_and_says_which(
    server: SlackServer, word: str
) -> None:
    server.fail("error", "auth.test", error=word, times=None)
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN is not accepted"):
        async with slack_bot(server, "http"):
            pass


async def test_without_slack_it_says_nothing() -> None:
    assert await findings(SlackSettings()) == {}


def test_the_manifest_is_for_sockets_unless_an_address_is_given() -> None:
    plain, public = manifest(), manifest("https://bot.example.com/")

    assert plain["settings"]["socket_mode_enabled"] is True
    assert "url" not in plain["features"]["slash_commands"][0]
    assert public["settings"]["socket_mode_enabled"] is False
    address = "https://bot.example.com/slack/events"
    assert public["settings"]["event_subscriptions"]["request_url"] == address
    assert public["settings"]["interactivity"]["request_url"] == address
    assert public["features"]["slash_commands"][0]["url"] == address
    json.dumps(public)


def test_every_scope_has_its_reason() -> None:
    assert all(len(reason) > 10 for reason in SCOPES.values())


@pytest.mark.parametrize("event", ["channel_archive", "tokens_revoked", "app_home_opened"])
def test_the_events_we_ask_for_exist(event: str) -> None:
    samples = shared_path("specs/slack/samples/events")
    name = "".join(word.capitalize() for word in event.split("_"))
    assert (samples / f"{name}Payload.json").exists()
    assert event in EVENTS


async def test_silenced_workspaces_are_named_with_the_reason(tmp_path: Path) -> None:
    with standalone() as node:
        async with open_store(node.url) as store:
            await store.queue.silence("slack", "TGONE", "token_revoked")
        settings = Settings(data_dir=tmp_path, page_url="http://127.0.0.1:9", REDIS_URL=node.url)  # type: ignore[call-arg]
        out = io.StringIO()
        await doctor(lambda: settings, [replace(SLACK, check=None)], utc_now, out)
    (line,) = [one for one in out.getvalue().splitlines() if "silenced" in one]
    assert "TGONE (the app was removed from the workspace" in line
