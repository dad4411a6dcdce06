"""Whom messages on Discord may notify: whoever was asked for, and nobody by what else is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.incident import EventKind
from bot.domain.subscription import Subscription
from tests.contract.discord_bot import DiscordBot, running_discord
from tests.delivery_kit import commit, incident, until
from tests.servers.discord import serve
from tests.servers.discord.permissions import mask
from tests.servers.redis import standalone

MANAGER = mask("manage_guild", "view_channel", "send_messages")
NOBODY: dict[str, Any] = {"parse": []}


@pytest.fixture
async def bot() -> AsyncIterator[DiscordBot]:
    with standalone() as redis:
        async with serve() as server, running_discord(server, redis.url) as running:
            yield running


def allowed(bot: DiscordBot) -> list[Any]:
    """Whom each message may notify that stands anywhere."""
    return [m.body.get("allowed_mentions") for m in bot.server.world.all_messages()]


async def test_answers_may_notify_nobody(bot: DiscordBot) -> None:
    guild = await bot.server.director.add_guild()
    number = await bot.server.director.add_channel(guild, "ops")
    forum = await bot.server.director.add_channel(guild, "incidents", kind="FORUM")
    user, place = bot.server.world.new_user("ada"), bot.place(number)
    asks: list[tuple[str, dict[str, Any]]] = [
        ("isclaudedown", {}),
        ("isclaudedown", {"share": True}),
        ("claudewatch", {"sub": "subscribe"}),
        # Said where it was asked, for all to see: a forum takes no single lines.
        ("claudewatch", {"sub": "subscribe", "channel": forum}),
    ]
    made = [
        await bot.server.users.slash(name, place, user, permissions=MANAGER, **options)
        for name, options in asks
    ]
    for one in made:
        await one.answered()
    await bot.discord.messenger.direct(bot.channel(guild, number), str(user.id))

    answers = [m.body.get("allowed_mentions") for one in made for m in one.messages]
    assert len(answers) > len(asks)
    assert all(one == NOBODY for one in [*answers, *allowed(bot)])


async def test_an_incident_may_notify_the_role_that_was_asked_for_and_no_other(
    bot: DiscordBot,
) -> None:
    guild = await bot.server.director.add_guild()
    number = await bot.server.director.add_channel(guild, "ops")
    role = bot.server.world.new_id()
    wants = Subscription(bot.channel(guild, number), mention=f"<@&{role}>")
    await bot.bot.store.subscriptions.put(wants)
    await commit(bot.bot.store, incident(EventKind.OPENED))
    await until(lambda: bool(allowed(bot)))

    assert {"parse": [], "roles": [str(role)]} in allowed(bot)
    assert all(one and one["parse"] == [] for one in allowed(bot))
