"""Every button of the App Home does something, and the answer comes where there is no channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from adapters.redis.homes import OpenedHome, RedisHomes
from adapters.slack.home import MOST_AT_ONCE
from bot.domain.incident import EventKind
from bot.domain.subscription import Subscription
from tests.contract.slack_bot import SlackBot, slack_bot
from tests.delivery_kit import commit, incident, utc_now
from tests.servers.redis import standalone
from tests.servers.slack import eventually, running_slack
from tests.servers.slack.world import Json


@pytest.fixture
async def bot() -> AsyncIterator[SlackBot]:
    async with running_slack() as server, slack_bot(server, "http") as one:
        yield one


async def home_of(bot: SlackBot, user: str = "U1") -> Json:
    bot.server.team.homes.pop(user, None)
    await bot.server.open_home(user)
    return await eventually(lambda: bot.server.team.homes.get(user))


def buttons(view: Json) -> list[str]:
    rows = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row]


async def window(bot: SlackBot) -> str:
    """What the modal that was opened says; it is closed then."""
    (view,) = await eventually(bot.server.views)
    del bot.server.team.views[view["id"]]
    return str(view["blocks"])


async def test_every_button_of_the_home_is_answered_in_a_window(bot: SlackBot) -> None:
    home = await home_of(bot)
    assert buttons(home)[-1] == "icd.settings"
    for action in buttons(home):
        await bot.server.click_view(home, action)
        assert await window(bot)


async def test_who_subscribes_in_the_home_is_told_alone(bot: SlackBot) -> None:
    home = await home_of(bot)
    await bot.server.click_view(home, "icd.subscribe")
    assert "Subscribed" in await window(bot)
    alone = bot.server.team.direct("U1").id

    assert await bot.subscription(alone) is not None
    assert bot.server.direct_messages("U1") == []
    home = await eventually(lambda: said_again(bot, "You alone"))
    await bot.server.click_view(home, "icd.channel", f"unsubscribe/{alone}")
    assert "Unsubscribed" in await window(bot)
    assert await bot.subscription(alone) is None


def said_again(bot: SlackBot, words: str) -> Json | None:
    home = bot.server.team.homes["U1"]
    return home if words in str(home) else None


async def test_a_channel_is_muted_and_unsubscribed_from_the_home(bot: SlackBot) -> None:
    await (await bot.server.command("subscribe api")).response()
    await bot.server.click_view(await home_of(bot), "icd.channel", "mute 2h/C1")
    assert "Muted for 2 h" in await window(bot)
    muted = await bot.subscription()
    assert muted is not None
    assert muted.muted_until is not None

    home = await eventually(lambda: said_again(bot, "unmute/C1"))
    await bot.server.click_view(home, "icd.channel", "unsubscribe/C1")
    assert "Unsubscribed" in await window(bot)
    assert await bot.subscription() is None

    def said() -> list[str] | None:
        lines = [message.text for message in bot.server.messages("C1")]
        return lines if len(lines) == 3 else None

    await eventually(said)  # each change is said in its channel


async def test_a_window_that_comes_too_late_is_answered_in_the_conversation(bot: SlackBot) -> None:
    home = await home_of(bot)
    bot.server.fail("error", "views.open", error="expired_trigger_id")
    await bot.server.click_view(home, "icd.subscribe")
    (message,) = await eventually(bot.server.direct_messages)
    assert "Subscribed" in message.text


async def test_a_home_is_published_again_when_the_answer_changes_by_whoever_runs_then() -> None:
    with standalone() as node:
        async with running_slack() as server:
            async with slack_bot(server, "http", redis=node.url) as bot:
                before = await home_of(bot)
                for _ in range(2):
                    await bot.slack._homes.refresh()
                assert server.team.homes["U1"] == before, "nothing changed: nothing is published"
                await commit(bot.store, incident(EventKind.OPENED))
            async with slack_bot(server, "http", redis=node.url) as bot:
                await bot.slack._homes.refresh()
                after = server.team.homes["U1"]
                assert "I don't know yet" in str(before)
                assert "I don't know yet" not in str(after)
                await bot.slack._homes.refresh()
                assert server.team.homes["U1"] == after


async def opened(bot: SlackBot, *people: str, at: datetime | None = None) -> RedisHomes:
    """Have these people opened their homes, when another answer was true."""
    homes = RedisHomes(bot.store.database, "test", utc_now)
    for person in people:
        if person not in bot.server.team.users:
            bot.server.team.add_user(person)
        await homes.put(OpenedHome("T1", person, at or utc_now(), "another answer"))
    return homes


async def test_homes_are_renewed_some_at_a_time_and_none_holds_up_another(bot: SlackBot) -> None:
    people = [f"U{number}" for number in range(100, 105 + MOST_AT_ONCE)]
    await opened(bot, *people)
    del bot.server.team.users["U104"]  # who left
    renewed = bot.server.team.homes
    await bot.slack._homes.refresh()
    assert 0 < len(renewed) <= MOST_AT_ONCE
    await bot.slack._homes.refresh()
    assert set(renewed) == set(people) - {"U104"}


async def test_a_limit_puts_homes_off_and_loses_none(bot: SlackBot) -> None:
    await opened(bot, "U1", "U7")
    bot.server.fail("ratelimited", "views.publish", retry_after=1)
    await bot.slack._homes.refresh()
    assert bot.server.team.homes == {}
    async with asyncio.timeout(20):
        while len(bot.server.team.homes) < 2:
            await asyncio.sleep(0.1)
            await bot.slack._homes.refresh()


async def test_a_home_is_forgotten_after_a_day_and_one_process_renews_at_a_time(
    bot: SlackBot,
) -> None:
    await opened(bot, "U1", at=utc_now() - timedelta(hours=25))
    homes = await opened(bot, "U7")
    assert [home.person for home in await homes.all()] == ["U7"]
    assert [home.person for home in await homes.all()] == ["U7"]
    assert [await homes.may_renew(60) for _ in range(2)] == [True, False]


async def test_the_person_has_one_conversation_whatever_they_press(bot: SlackBot) -> None:
    home = await home_of(bot)
    for _ in range(3):
        await bot.server.click_view(home, "icd.subscribe")
        await window(bot)
    found = [one async for one in bot.store.subscriptions.of_tenant("slack", "T1")]

    assert [type(one) for one in found] == [Subscription]
