"""Checks of Discord for `doctor`: token, session starts, permissions in subscribed channels."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Final

from adapters.chat.http import Json
from adapters.discord.channels import KINDS, Kind
from adapters.discord.errors import DiscordRefused, TokenRefused
from adapters.discord.gateway import ask_gateway
from adapters.discord.guilds import Guild
from adapters.discord.invite import PERMISSIONS, REFUSED
from adapters.discord.permissions import in_channel
from adapters.discord.rest import RestClient
from adapters.discord.session_starts import RESERVE
from adapters.discord.settings import DiscordSettings
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.subscription import Subscription
from bot.ports import Subscriptions

_AWAY: Final = "Is discord.com reachable from here? Behind a proxy see DISCORD_API_URL."
_MOST_GUILDS: Final = 200
_INVITE: Final = "`isclaudedown discord invite` prints the link that asks for what it needs."


async def check_discord(
    settings: DiscordSettings, subscriptions: Subscriptions | None = None
) -> AsyncIterator[CheckResult]:
    """Check what the settings name; nothing is posted, no session is begun. Never raises.

    `subscriptions`: whose channels are checked; None: none.
    """
    if not settings.token:
        return
    rest = RestClient(settings, time.monotonic)
    try:
        async for result in _check_bot(rest):
            yield result
        if subscriptions is not None:
            async for result in _check_channels(rest, subscriptions):
                yield result
    except TokenRefused:
        yield CheckResult("discord token", "refused", Health.BROKEN, REFUSED)
    except DiscordRefused as refused:
        yield CheckResult("discord", f"HTTP {refused.status}", Health.WARNING, _AWAY)
    except DeliveryError as error:
        yield CheckResult("discord", f"no answer ({error})", Health.BROKEN, _AWAY)
    except StoreError as error:
        yield CheckResult("discord channels", str(error), Health.WARNING)
    finally:
        await rest.close()


async def _check_bot(rest: RestClient) -> AsyncIterator[CheckResult]:
    me = await rest.call("GET", "/users/@me")
    yield CheckResult("discord token", f"speaks as {me.get('username', me.get('id'))}")
    gateway = await ask_gateway(rest)
    says = f"{gateway.shards} shard(s), {gateway.remaining} starts left today"
    if gateway.remaining > max(RESERVE, gateway.shards):
        yield CheckResult("discord gateway", says)
    else:
        advice = "Something restarts it over and over; at 0 Discord resets the token."
        yield CheckResult("discord gateway", says, Health.WARNING, advice)
    application = await rest.call("GET", "/oauth2/applications/@me")
    if application.get("interactions_endpoint_url"):
        yield CheckResult(
            "discord commands",
            "go to an Interactions Endpoint URL instead of here",
            Health.BROKEN,
            "Empty that field under General Information at discord.com/developers/applications.",
        )
    yield CheckResult("discord intents", "guilds only; nothing has to be switched on")


async def _check_channels(
    rest: RestClient, subscriptions: Subscriptions
) -> AsyncIterator[CheckResult]:
    """Check every subscribed channel of the first guilds."""
    checked = 0
    me = await rest.user_id()
    for guild in (await rest.read_list("/users/@me/guilds"))[:_MOST_GUILDS]:
        guild_id = str(guild["id"])
        theirs = [one async for one in subscriptions.of_tenant("discord", guild_id)]
        if not theirs:
            continue
        home = await rest.call("GET", "/guilds/{guild_id}", guild_id=guild_id)
        path = "/guilds/{guild_id}/members/{user_id}"
        member = await rest.call("GET", path, guild_id=guild_id, user_id=me)
        for one in theirs:
            checked += 1
            health, problem = await _problem(rest, home, member, one)
            if problem:
                what = f"discord channel {one.channel.id}"
                yield CheckResult(what, problem, health, _INVITE)
    yield CheckResult("discord channels", f"{checked} subscribed channel(s) looked at")


async def _problem(
    rest: RestClient, guild: Json, member: Json, subscription: Subscription
) -> tuple[Health, str]:
    """Return how bad it is there, and what is missing by name; "" where nothing is."""
    channel_id = subscription.channel.id
    try:
        found = await rest.call("GET", "/channels/{channel_id}", channel_id=channel_id)
    except DiscordRefused as refused:
        if refused.status in {403, 404}:
            return Health.BROKEN, "cannot be seen: deleted, or View Channels is missing"
        raise
    own = Guild.of({**guild, "members": [member]}, str(member["user"]["id"]))
    overwrites = found.get("permission_overwrites") or ()
    held = in_channel(own.held, overwrites, own.id, own.roles, own.me)
    plain = KINDS.get(int(found.get("type", 0))) is Kind.PLAIN
    has_board = subscription.board is not None and subscription.board.kept
    missing = [
        one
        for one in PERMISSIONS
        if not held & one.bit
        and not (plain and "Threads" in one.name)
        and (has_board or not one.for_boards)
    ]
    if not missing:
        return Health.GOOD, ""
    least = Health.WARNING if all(one.for_boards for one in missing) else Health.BROKEN
    return least, f"missing {', '.join(one.name for one in missing)}"
