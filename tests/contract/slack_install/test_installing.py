"""Any workspace may install the app, and each gets only its own."""

from __future__ import annotations

import asyncio
import signal
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from slack_sdk.oauth.installation_store import Installation

from adapters.redis.client import open_database
from adapters.slack.http import INSTALL_BURST
from adapters.slack.installations import CACHE_SECONDS, RedisInstallations, TokenCipher
from adapters.slack.oauth import SignedStates
from adapters.slack.settings import SlackSettings
from bot.domain.errors import SettingsError
from bot.domain.subscription import Channel
from tests.contract.messenger_contract import card
from tests.contract.slack_bot import SlackBot
from tests.contract.slack_install.kit import SECRET, answer_of, begin, finish, install
from tests.servers.redis import standalone
from tests.servers.slack import eventually
from tests.servers.slack.world import Token

# slack_sdk 3.47 makes its Authorization header in a way that aiohttp 3.14 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")


async def test_a_workspace_installs_and_is_answered_with_its_own_token(bot: SlackBot) -> None:
    bot.server.world.add_workspace("T7").add_channel("C7")
    await install(bot, "T7")
    await (await bot.server.command("subscribe api", channel="C7", team="T7")).response()
    (line,) = await eventually(lambda: bot.server.messages("C7", "T7"))

    assert line.team == "T7"
    assert await bot.subscription("C7", "T7") is not None


async def test_two_workspaces_do_not_see_each_other(bot: SlackBot) -> None:
    for team in ("T7", "T8"):
        bot.server.world.add_workspace(team).add_channel(f"C{team}")
        await install(bot, team)
    await (await bot.server.command("subscribe api", channel="CT7", team="T7")).response()

    assert await bot.subscription("CT7", "T8") is None
    await bot.slack.messenger.open_thread(Channel("slack", "T8", "CT8"), card(), "k")
    assert [m.team for m in bot.server.messages("CT8", "T8")] == ["T8"]


async def test_the_page_asks_for_our_scopes_at_the_apis_own_host(bot: SlackBot) -> None:
    async with aiohttp.ClientSession() as session:
        address, state = await begin(bot, session)
    query = parse_qs(urlsplit(address).query)

    assert address.startswith(bot.server.url + "/oauth/v2/authorize?")
    assert "chat:write" in query["scope"][0]
    assert len(state) > 20


@pytest.mark.parametrize("forgery", ["unknown state", "another browser", "twice", "bad code"])
async def test_an_installation_that_nobody_began_here_is_refused(
    bot: SlackBot, forgery: str
) -> None:
    async with aiohttp.ClientSession() as session:
        _, state = await begin(bot, session)
        code, cookie = bot.server.agree("T1"), state
        if forgery == "unknown state":
            state = cookie = "made-up"
        elif forgery == "another browser":
            cookie = "other"
        elif forgery == "bad code":
            code = "made-up"
        else:
            assert await finish(bot, session, bot.server.agree("T1"), state) == 200
        assert await finish(bot, session, code, state, cookie) in {400, 401}


async def test_who_installs_is_shown_what_to_do_and_written_to_once(bot: SlackBot) -> None:
    async with aiohttp.ClientSession() as session:
        _, state = await begin(bot, session)
        page = await answer_of(bot, session, bot.server.agree("T1"), state)
    (message,) = bot.server.direct_messages("U1")

    assert "/isclaudedown subscribe" in page
    assert "/invite" in page
    assert "Thanks for installing" in message.text
    for action in ("icd.settings", "icd.channel.example", "icd.subscribe"):
        assert (await bot.server.click(message, action, channel=message.channel)).acked
    await eventually(bot.server.views)
    await eventually(lambda: len(bot.server.direct_messages("U1")) >= 2)  # the example


async def test_opening_the_install_page_writes_nothing(bot: SlackBot) -> None:
    before = await bot.store.database.call("DBSIZE")
    async with aiohttp.ClientSession() as session:
        states = {(await begin(bot, session))[1] for _ in range(5)}

    assert len(states) == 5
    assert await bot.store.database.call("DBSIZE") == before


async def test_one_client_ends_no_more_installations_than_an_office_has(bot: SlackBot) -> None:
    async with aiohttp.ClientSession() as session:
        _, state = await begin(bot, session)
        codes = [await finish(bot, session, "guessed", state) for _ in range(INSTALL_BURST + 5)]
        async with session.post(bot.http + "/slack/events", data=b"{}") as events:
            assert events.status == 401  # what Slack asks has no such limit
    assert codes[-1] == 429
    assert codes.count(429) >= 5


@pytest.mark.parametrize(("age", "good"), [(0, True), (599, True), (601, False)])
async def test_a_state_is_good_once_for_ten_minutes_and_for_who_signed_it(
    bot: SlackBot, age: int, good: bool
) -> None:
    now = 1_000_000.0
    states = SignedStates(bot.store.database, "secret", lambda: now)
    others = SignedStates(bot.store.database, "another secret", lambda: now)
    state = await states.async_issue()
    now += age

    assert await others.async_consume(state) is False
    assert await states.async_consume(f"x{state}") is False
    assert await states.async_consume(state) is good
    assert await states.async_consume(state) is False


async def test_installing_again_works_at_once(bot: SlackBot) -> None:
    await install(bot, "T1")
    await bot.server.event({"type": "app_uninstalled"})
    bot.server.revoke()
    await install(bot, "T1")
    await (await bot.server.command("help")).response()
    await bot.slack.messenger.open_thread(Channel("slack", "T1", "C1"), card(), "k")


async def test_when_slack_does_not_answer_an_installation_says_try_again(bot: SlackBot) -> None:
    async with aiohttp.ClientSession() as session:
        _, state = await begin(bot, session)
        code = bot.server.agree("T1")
        bot.server.fail("drop_before", "oauth.v2.access")
        assert await finish(bot, session, code, state) == 503
    await install(bot, "T1")


async def test_while_redis_stands_still_a_workspace_that_was_known_still_is() -> None:
    now = 0.0
    with standalone() as node:
        database = await open_database(node.url)
        known = RedisInstallations(database, TokenCipher(SECRET), lambda: now)
        await known.async_save(Installation(user_id="U1", team_id="T1", bot_token="xoxb-1"))
        before = await known.find("T1")
        node.process.send_signal(signal.SIGSTOP)
        now = CACHE_SECONDS + 1
        async with asyncio.timeout(3):  # what Slack gives a command
            assert await known.find("T1") == before
        node.process.send_signal(signal.SIGCONT)
        await database.close()


async def test_a_whole_organisation_installs_at_once(bot: SlackBot) -> None:
    world = bot.server.world
    world.add_workspace("T5", enterprise="E1").add_channel("C5")
    world.add_workspace("T6", enterprise="E1").add_channel("C6")
    world.tokens["unused"] = Token("unused", "T5")
    await install(bot, "T5", org="E1")
    for channel in ("C5", "C6"):
        place = Channel("slack", "E1", channel)
        await bot.slack.messenger.open_thread(place, card(), "k")

    assert len(bot.server.messages("C5", "T5")) == 1
    assert len(bot.server.messages("C6", "T6")) == 1


async def test_without_a_key_the_installable_mode_does_not_start() -> None:
    options = SlackSettings(client_id="1.2", client_secret="s", signing_secret="x")
    with pytest.raises(SettingsError, match="ISCLAUDEDOWN_SECRET_KEY"):
        options.check()
