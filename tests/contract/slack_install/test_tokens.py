"""Tokens lie encrypted, and go when a workspace does."""

from __future__ import annotations

import re

import pytest

from adapters.redis import keys
from adapters.slack.installations import TokenCipher
from adapters.slack.settings import SlackSettings
from bot.domain.errors import SettingsError, TenantGone, TenantPaused
from bot.domain.subscription import Channel
from tests.contract.messenger_contract import card
from tests.contract.slack_bot import SlackBot
from tests.contract.slack_install.kit import install
from tests.servers.slack import payloads

# slack_sdk 3.47 makes its Authorization header in a way that aiohttp 3.14 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")


async def test_tokens_lie_in_redis_encrypted(bot: SlackBot) -> None:
    await install(bot, "T1")
    database = bot.store.database
    raw = await database.call("HGET", keys.SLACK_INSTALLATIONS, "T1")

    assert raw is not None
    assert b"xoxb" not in raw
    assert bot.server.team.token.encode() not in raw


@pytest.mark.parametrize(
    "event",
    [
        {"type": "app_uninstalled"},
        {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["UBOT0001"]}},
    ],
)
async def test_an_uninstalled_workspace_is_forgotten_and_its_token_too(
    bot: SlackBot, event: dict[str, object]
) -> None:
    await install(bot, "T1")
    await bot.server.event(event)
    database = bot.store.database
    for _ in range(200):
        if not await database.call("HKEYS", keys.SLACK_INSTALLATIONS):
            break
    assert await database.call("HKEYS", keys.SLACK_INSTALLATIONS) == []
    with pytest.raises(TenantGone):
        await bot.slack.messenger.open_thread(Channel("slack", "T1", "C1"), card(), "k")


async def test_a_persons_revoked_token_is_not_the_bots(bot: SlackBot) -> None:
    await install(bot, "T1")
    await bot.server.event({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}})
    await (await bot.server.command("help")).response()
    await bot.slack.messenger.open_thread(Channel("slack", "T1", "C1"), card(), "k")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "app_uninstalled"},
        {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["UBOT0001"]}},
    ],
)
async def test_an_end_that_is_told_late_does_not_end_what_was_installed_since(
    bot: SlackBot, event: dict[str, object]
) -> None:
    await install(bot, "T1")
    told = payloads.event(bot.server.world, bot.server.team, event)
    told["event_time"] -= 300  # Slack's last try comes minutes later
    assert (await bot.server.outbound.send("events_api", told)).acked
    await (await bot.server.command("help")).response()
    await bot.slack.messenger.open_thread(Channel("slack", "T1", "C1"), card(), "k")


def test_no_option_shows_a_secret() -> None:
    options = SlackSettings(
        bot_token="xoxb-1",
        app_token="xapp-1",
        signing_secret="sign-1",
        client_id="id",
        client_secret="client-1",
        secret_key="key-1",
    )
    assert not re.search("xoxb|xapp|sign-1|client-1|key-1", repr(options))


def test_the_key_can_be_changed_without_losing_what_it_locked() -> None:
    old, new = "the-old-secret-long-enough", "the-new-secret-long-enough"
    locked = TokenCipher(old).lock(b"token")

    assert TokenCipher(f"{new},{old}").unlock(locked) == b"token"
    with pytest.raises(TenantPaused):
        TokenCipher(new).unlock(locked)


@pytest.mark.parametrize("secret", ["", "short", "long-enough-to-be-safe,short"])
def test_a_key_that_protects_nothing_is_refused(secret: str) -> None:
    with pytest.raises(SettingsError):
        TokenCipher(secret)
