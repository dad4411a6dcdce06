"""Commands: asked, answered, subscribed, by socket and by signed request."""

from __future__ import annotations

import pytest

from bot.domain.page import Severity
from bot.domain.subscription import Channel
from tests.contract.messenger_contract import card
from tests.contract.slack_app.kit import said
from tests.contract.slack_bot import SlackBot, slack_bot
from tests.servers.slack import SlackServer, eventually


async def test_an_ask_is_answered_privately_and_at_once(bot: SlackBot) -> None:
    delivery = await bot.server.command("")
    response = await delivery.response()

    assert delivery.acked
    assert delivery.seconds < 3
    assert response["response_type"] == "ephemeral"
    assert bot.server.messages("C1") == []


async def test_share_makes_the_answer_public(bot: SlackBot) -> None:
    response = await (await bot.server.command("share")).response()
    assert response["response_type"] == "in_channel"


@pytest.mark.parametrize("in_thread", [False, True])
async def test_share_makes_the_answer_to_a_mention_public_where_it_was_asked(
    bot: SlackBot, in_thread: bool
) -> None:
    root = await bot.slack.messenger.open_thread(Channel("slack", "T1", "C1"), card(), "k")
    text = f"<@{bot.server.team.bot_user}> share"
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "text": text}
    await bot.server.event(event | ({"thread_ts": root} if in_thread else {}))
    (answer,) = await eventually(lambda: bot.server.messages("C1")[1:])

    assert answer.thread_ts == (root if in_thread else None)
    assert bot.server.team.ephemerals == []


async def test_a_public_line_whose_answer_is_lost_is_not_said_twice(bot: SlackBot) -> None:
    bot.server.fail("drop_after", "chat.postMessage")
    delivery = await bot.server.command("subscribe api")
    await delivery.response()
    await (await bot.server.command("help")).response()

    assert len(bot.server.messages("C1")) == 1
    assert [answer["response_type"] for answer in delivery.responses] == ["ephemeral"]


async def test_subscribing_is_kept_confirmed_and_leaves_one_public_line(bot: SlackBot) -> None:
    response = await (await bot.server.command("subscribe api code partial")).response()
    line = await eventually(lambda: bot.server.messages("C1"))
    kept = await bot.subscription()

    assert kept is not None
    assert (set(kept.surfaces), kept.severity) == ({"api", "code"}, Severity.PARTIAL)
    assert response["response_type"] == "ephemeral"
    assert "API" in said(response)
    assert len(line) == 1
    assert "ada" in line[0].text


async def test_subscribing_enters_a_public_channel_so_that_it_can_be_read_back(
    bot: SlackBot,
) -> None:
    assert not bot.server.channel("C2").bot_is_member
    await (await bot.server.command("subscribe api", channel="C2")).response()
    assert bot.server.channel("C2").bot_is_member


async def test_a_channel_that_can_be_written_to_and_not_read_is_told_so(bot: SlackBot) -> None:
    bot.server.fail("error", "conversations.join", error="restricted_action", times=None)
    response = await (await bot.server.command("subscribe api", channel="C2")).response()

    assert "✅" in said(response)
    assert "not read back" in said(response)
    assert "/invite @isclaudedown" in said(response)


async def test_a_private_channel_without_the_bot_is_told_to_invite_it(bot: SlackBot) -> None:
    bot.server.channel("G1").bot_is_member = False
    response = await (await bot.server.command("subscribe api", channel="G1")).response()
    assert "/invite @isclaudedown" in said(response)


async def test_unsubscribing_ends_it(bot: SlackBot) -> None:
    await (await bot.server.command("subscribe")).response()
    await (await bot.server.command("unsubscribe")).response()
    assert await bot.subscription() is None


async def test_a_group_named_in_a_command_can_be_called(bot: SlackBot) -> None:
    await (await bot.server.command("subscribe api <!subteam^S12|@oncall>")).response()
    kept = await bot.subscription()
    assert kept is not None
    assert kept.mention == "<!subteam^S12>"


async def test_hostile_words_are_answered_and_ping_nobody(bot: SlackBot) -> None:
    words = "&lt;!channel&gt; <@U2|bob> *x* &amp; `y` " + "z" * 3000
    response = await (await bot.server.command(words)).response()
    assert response["response_type"] == "ephemeral"


async def test_where_it_may_not_write_it_says_invite_at_once(server: SlackServer) -> None:
    token = server.world.tokens[server.team.token]
    token.scopes -= {"chat:write.public", "channels:join"}
    async with slack_bot(server, "socket") as bot:
        response = await (await bot.server.command("subscribe", channel="C2")).response()
    assert "/invite" in said(response)


async def test_a_mention_is_answered_by_name(bot: SlackBot) -> None:
    text = f"<@{bot.server.team.bot_user}> subscribe api"
    await bot.server.event({"type": "app_mention", "user": "U2", "channel": "C1", "text": text})
    (line,) = await eventually(lambda: bot.server.messages("C1"))
    assert line.text.startswith("bob ")


async def test_where_it_cannot_write_yet_nothing_is_called_done(bot: SlackBot) -> None:
    bot.server.channel("G1").bot_is_member = False
    response = await (await bot.server.command("subscribe api", channel="G1")).response()

    assert "✅" not in said(response)
    assert "once I can write here" in said(response)


async def test_admins_only_means_that_others_are_refused(server: SlackServer) -> None:
    server.world.tokens[server.team.token].scopes |= {"users:read"}
    server.team.add_user("U9", "root", admin=True)
    async with slack_bot(server, "socket", admins_only=True) as bot:
        await (await bot.server.command("subscribe api", user="U1")).response()
        assert await bot.subscription() is None
        await (await bot.server.command("subscribe api", user="U9")).response()
        assert await bot.subscription() is not None


async def test_an_answer_gets_through_although_the_response_url_is_lost(bot: SlackBot) -> None:
    bot.server.world.response_urls_fail = True
    await bot.server.command("help")
    (whisper,) = await eventually(lambda: bot.server.team.ephemerals)
    assert whisper.ephemeral_to == "U1"
