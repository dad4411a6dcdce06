"""Every button of the App Home does something, and the answer comes where there is no channel."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.domain.subscription import Subscription
from tests.contract.slack_bot import SlackBot, slack_bot
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
    lines = [message.text for message in bot.server.messages("C1")]
    assert len(lines) == 3, "each change is said in its channel"


async def test_a_window_that_comes_too_late_is_answered_in_the_conversation(bot: SlackBot) -> None:
    home = await home_of(bot)
    bot.server.fail("error", "views.open", error="expired_trigger_id")
    await bot.server.click_view(home, "icd.subscribe")
    (message,) = await eventually(bot.server.direct_messages)
    assert "Subscribed" in message.text


async def test_a_home_is_published_again_when_the_answer_changes(bot: SlackBot) -> None:
    before = await home_of(bot)
    homes = bot.slack._homes
    await homes.refresh()
    await homes.refresh()
    assert bot.server.team.homes["U1"] == before, "nothing changed, so nothing is published"

    homes._shown["T1"] = "another answer"
    await homes.refresh()
    assert bot.server.team.homes["U1"]["id"] != before["id"]


async def test_the_person_has_one_conversation_whatever_they_press(bot: SlackBot) -> None:
    home = await home_of(bot)
    for _ in range(3):
        await bot.server.click_view(home, "icd.subscribe")
        await window(bot)
    found = [one async for one in bot.store.subscriptions.of_tenant("slack", "T1")]

    assert [type(one) for one in found] == [Subscription]
