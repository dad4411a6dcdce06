"""The home, mentions, conversations with one person, shortcuts."""

from __future__ import annotations

import pytest

from bot.domain.errors import DeliveryError
from bot.domain.page import Severity
from bot.domain.subscription import Channel
from tests.contract.slack_app.kit import Json, said
from tests.contract.slack_bot import SlackBot
from tests.servers.slack import eventually


async def test_the_home_shows_verdicts_and_only_channels_of_that_person(bot: SlackBot) -> None:
    await (await bot.server.command("subscribe api", channel="C1")).response()
    await (await bot.server.command("subscribe code", channel="G1")).response()
    await bot.server.open_home("U2")
    home = await eventually(lambda: bot.server.team.homes.get("U2"))

    assert "<#C1>" in str(home)
    assert "<#G1>" not in str(home)


async def test_a_mention_is_answered_to_the_one_who_asked(bot: SlackBot) -> None:
    me = bot.server.team.bot_user
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "text": f"<@{me}> help"}
    await bot.server.event(event)
    (whisper,) = await eventually(lambda: bot.server.team.ephemerals)

    assert whisper.ephemeral_to == "U1"
    assert "subscribe" in said({"text": whisper.text, "blocks": whisper.blocks})


async def test_what_is_typed_to_the_bot_alone_is_answered_there(bot: SlackBot) -> None:
    await bot.server.say("help")
    (answer,) = await eventually(bot.server.direct_messages)
    assert "subscribe" in said({"text": answer.text, "blocks": answer.blocks})


@pytest.mark.parametrize("more", [{"bot_id": "B1"}, {"subtype": "message_changed"}])
async def test_the_bot_does_not_answer_itself_nor_edits(bot: SlackBot, more: Json) -> None:
    alone = bot.server.team.direct("U1").id
    event = {"type": "message", "channel_type": "im", "channel": alone, "user": "U1", "text": "x"}
    await bot.server.event(event | more)
    await bot.server.say("help")
    assert len(await eventually(bot.server.direct_messages)) == 1


async def test_a_person_may_subscribe_alone(bot: SlackBot) -> None:
    await bot.server.say("subscribe major")
    await eventually(bot.server.direct_messages)
    kept = await bot.subscription(bot.server.team.direct("U1").id)

    assert kept is not None
    assert kept.severity is Severity.MAJOR
    assert len(bot.server.direct_messages()) == 1, "the answer is enough where nobody else reads"


async def test_the_shortcut_asks_in_a_window(bot: SlackBot) -> None:
    await bot.server.shortcut("icd.ask")
    (view,) = await eventually(bot.server.views)
    assert view["blocks"]


async def test_the_shortcut_of_a_message_explains_the_error_in_it(bot: SlackBot) -> None:
    delivery = await bot.server.shortcut("icd.explain", "HTTP 529 overloaded_error")
    response = await delivery.response()
    assert response["response_type"] == "ephemeral"
    assert "529" in said(response)


async def test_a_person_who_is_mentioned_is_known_by_name_and_a_stranger_is_not(
    by_socket: SlackBot,
) -> None:
    here = Channel("slack", "T1", "C1")
    by_socket.server.team.users["U2"]["profile"] = {"display_name": "Ben"}
    assert await by_socket.slack.messenger.name_of(here, "U2") == "Ben"
    assert await by_socket.slack.messenger.name_of(here, "U1")
    with pytest.raises(DeliveryError):
        await by_socket.slack.messenger.name_of(here, "U404")
