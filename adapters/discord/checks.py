"""What `doctor` says of Discord: token, starts, intents, permissions in subscribed channels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp

from adapters.discord.channels import KINDS, Kind
from adapters.discord.gateway import REFUSED
from adapters.discord.invite import PERMISSIONS
from adapters.discord.settings import DiscordSettings
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import StoreError
from bot.domain.subscription import Channel
from bot.ports import Subscriptions

Json = dict[str, Any]

_AWAY: Final = "Is discord.com reachable from here? Behind a proxy see DISCORD_API_URL."
_FEW_SESSIONS: Final = 50
_MOST_GUILDS: Final = 200
_ADMINISTRATOR, _EVERYTHING = 1 << 3, -1
_INVITE: Final = "`isclaudedown discord invite` prints the link that asks for what it needs."


class _Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


async def check_discord(
    options: DiscordSettings, subscriptions: Subscriptions | None = None
) -> AsyncIterator[CheckResult]:
    """Look at what the settings name; nothing is posted, no session is begun. Never raises.

    `subscriptions`: whose channels are looked at; None: none.
    """
    if not options.token:
        return
    headers = {"Authorization": f"Bot {options.token}"}
    limit = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(headers=headers, timeout=limit) as session:
        look = _Look(options.base, session)
        try:
            async for finding in _check(look, subscriptions):
                yield finding
        except _Refused as refused:
            if refused.status == 401:
                yield CheckResult("discord token", "refused", Health.BROKEN, REFUSED)
            else:
                yield CheckResult("discord", f"HTTP {refused.status}", Health.WARNING, _AWAY)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            kind = type(error).__name__
            yield CheckResult("discord", f"no answer ({kind})", Health.BROKEN, _AWAY)
        except StoreError as error:
            yield CheckResult("discord channels", str(error), Health.WARNING)


async def _check(look: _Look, subscriptions: Subscriptions | None) -> AsyncIterator[CheckResult]:
    me = await look.get("/users/@me")
    yield CheckResult("discord token", f"speaks as {me.get('username', me['id'])}")
    gateway = await look.get("/gateway/bot")
    yield _sessions(gateway)
    application = await look.get("/oauth2/applications/@me")
    if application.get("interactions_endpoint_url"):
        yield CheckResult(
            "discord commands",
            "go to an Interactions Endpoint URL instead of here",
            Health.BROKEN,
            "Empty that field under General Information at discord.com/developers/applications.",
        )
    yield CheckResult("discord intents", "guilds only; nothing has to be switched on")
    if subscriptions is not None:
        async for finding in _check_channels(look, str(me["id"]), subscriptions):
            yield finding


def _sessions(gateway: Json) -> CheckResult:
    limit = gateway.get("session_start_limit") or {}
    left, shards = int(limit.get("remaining", 1000)), int(gateway.get("shards", 1))
    says = f"{shards} shard(s), {left} starts left today"
    if left > max(_FEW_SESSIONS, shards):
        return CheckResult("discord gateway", says)
    advice = "Something restarts it over and over; at 0 Discord resets the token."
    return CheckResult("discord gateway", says, Health.WARNING, advice)


async def _check_channels(
    look: _Look, me: str, subscriptions: Subscriptions
) -> AsyncIterator[CheckResult]:
    """Every subscribed channel of the first guilds."""
    checked = 0
    for guild in (await look.list("/users/@me/guilds"))[:_MOST_GUILDS]:
        channels = [
            one.channel async for one in subscriptions.of_tenant("discord", str(guild["id"]))
        ]
        if not channels:
            continue
        home = await look.get(f"/guilds/{guild['id']}")
        member = await look.get(f"/guilds/{guild['id']}/members/{me}")
        for channel in channels:
            checked += 1
            if problem := await _problem(look, home, member, channel):
                what = f"discord channel {channel.id}"
                yield CheckResult(what, problem, Health.BROKEN, _INVITE)
    yield CheckResult("discord channels", f"{checked} subscribed channel(s) looked at")


async def _problem(look: _Look, guild: Json, member: Json, channel: Channel) -> str:
    """What is missing there, by name; empty where nothing is."""
    try:
        place = await look.get(f"/channels/{channel.id}")
    except _Refused as refused:
        if refused.status in {403, 404}:
            return "cannot be seen: deleted, or View Channels is missing"
        raise
    held = permissions_in(guild, member, place)
    plain = KINDS.get(int(place.get("type", 0))) is Kind.PLAIN
    missing = [
        one.name
        for one in PERMISSIONS
        if not held & one.bit and not (plain and "Threads" in one.name)
    ]
    return f"missing {', '.join(missing)}" if missing else ""


def permissions_in(guild: Json, member: Json, channel: Json) -> int:
    """Compute what a member may do in a channel. Pure.

    https://docs.discord.com/developers/topics/permissions#permission-hierarchy
    """
    roles = {str(guild["id"]), *map(str, member.get("roles") or ())}
    base = 0
    for role in guild.get("roles") or ():
        if str(role["id"]) in roles:
            base |= int(role["permissions"])
    me = str((member.get("user") or {}).get("id"))
    if base & _ADMINISTRATOR or str(guild.get("owner_id")) == me:
        return _EVERYTHING
    overwrites = {str(one["id"]): one for one in channel.get("permission_overwrites") or ()}
    everyone = overwrites.get(str(guild["id"]))
    base = _overwritten(base, [everyone] if everyone else [])
    base = _overwritten(
        base, [o for key, o in overwrites.items() if key in roles and o is not everyone]
    )
    return _overwritten(base, [overwrites[me]] if me in overwrites else [])


def _overwritten(base: int, overwrites: list[Json]) -> int:
    deny = allow = 0
    for one in overwrites:
        deny |= int(one["deny"])
        allow |= int(one["allow"])
    return base & ~deny | allow


class _Look:
    """GET, and nothing else."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self._base = base
        self._session = session

    async def get(self, path: str) -> Json:
        answer = await self._ask(path)
        return answer if isinstance(answer, dict) else {}

    async def list(self, path: str) -> list[Json]:
        answer = await self._ask(path)
        return answer if isinstance(answer, list) else []

    async def _ask(self, path: str) -> object:
        async with self._session.get(self._base + path) as answer:
            if answer.status >= 400:
                raise _Refused(answer.status)
            body: object = await answer.json(content_type=None)
            return body
