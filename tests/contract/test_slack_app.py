"""What people do in Slack, by socket and by signed request: asked, answered, remembered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import pytest

from adapters.redis import keys
from bot.domain.incident import CHANNEL_KINDS
from bot.domain.page import Severity
from bot.domain.subscription import Channel
from tests.contract.messenger_contract import card
from tests.contract.slack_bot import SlackBot, slack_bot
from tests.servers.slack import SlackServer, eventually, payloads, running_slack
from tests.servers.slack.blocks import texts

Json = dict[str, Any]


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack() as slack:
        slack.sockets.ack_seconds = 3.0
        yield slack


@pytest.fixture(params=["socket", "http"])
async def bot(server: SlackServer, request: pytest.FixtureRequest) -> AsyncIterator[SlackBot]:
    async with slack_bot(server, request.param) as running:
        yield running


@pytest.fixture
async def by_socket(server: SlackServer) -> AsyncIterator[SlackBot]:
    async with slack_bot(server, "socket") as running:
        yield running


def said(message: Json) -> str:
    blocks = message.get("blocks") or []
    return unescape("\n".join([message.get("text", ""), *(str(t["text"]) for t in texts(blocks))]))


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


async def test_a_button_in_a_thread_is_answered_in_the_thread(by_socket: SlackBot) -> None:
    message = {
        "text": "m",
        "ts": "1700000000.000200",
        "thread_ts": "1700000000.000100",
        "blocks": [{"type": "actions", "elements": [button("icd.affected", "claude/1")]}],
    }
    delivery = await by_socket.server.click(message, "icd.affected")
    (whisper,) = await eventually(lambda: by_socket.server.team.ephemerals)

    assert delivery.acked
    assert (whisper.ephemeral_to, whisper.thread_ts) == ("U1", "1700000000.000100")


async def test_a_button_in_the_channel_is_answered_privately(bot: SlackBot) -> None:
    message = {
        "text": "m",
        "blocks": [{"type": "actions", "elements": [button("icd.subscribe")]}],
    }
    response = await (await bot.server.click(message, "icd.subscribe")).response()

    assert response["response_type"] == "ephemeral"
    assert response["replace_original"] is False
    assert await bot.subscription() is not None


async def test_the_form_shows_what_there_is_and_saves_what_was_picked(bot: SlackBot) -> None:
    await (await bot.server.command("subscribe api major")).response()
    await bot.server.command("settings")
    (form,) = await eventually(bot.server.views)
    assert "'initial_option': {'text': {'type': 'plain_text', 'text': 'Major" in str(form)

    sent = await bot.server.submit(form, picked("C1", ["code"], "partial_outage", person="U2"))
    kept = await bot.subscription()

    assert sent.answer["response_action"] == "update"
    assert kept is not None
    assert (set(kept.surfaces), kept.severity) == ({"code"}, Severity.PARTIAL)
    assert kept.mention == "<@U2>"
    assert kept.thread_only == CHANNEL_KINDS


async def test_picking_another_channel_shows_what_that_one_has(bot: SlackBot) -> None:
    await (await bot.server.command("subscribe api major", channel="C1")).response()
    await bot.server.command("settings", channel="G1")
    (form,) = await eventually(bot.server.views)
    assert form["private_metadata"] == "G1"

    await bot.server.pick(form, "icd.pick", "C1")
    shown = await eventually(
        lambda: next((v for v in bot.server.views() if v["private_metadata"] == "C1"), None)
    )
    assert "'initial_option': {'text': {'type': 'plain_text', 'text': 'Major" in str(shown)


async def test_a_form_that_was_filled_for_another_channel_overwrites_nothing(
    bot: SlackBot,
) -> None:
    await (await bot.server.command("subscribe api major", channel="C1")).response()
    await bot.server.command("settings", channel="G1")
    (form,) = await eventually(bot.server.views)
    sent = await bot.server.submit(form, picked("C1", ["code"], "degraded"))
    kept = await bot.subscription("C1")

    assert sent.answer["response_action"] == "update"
    assert sent.answer["view"]["private_metadata"] == "C1"
    assert kept is not None
    assert set(kept.surfaces) == {"api"}


@pytest.mark.parametrize("action", ["icd.channel.mute", "icd.channel.end"])
async def test_the_form_mutes_and_unsubscribes(bot: SlackBot, action: str) -> None:
    await (await bot.server.command("subscribe api")).response()
    await bot.server.command("settings")
    (form,) = await eventually(bot.server.views)
    await bot.server.click_view(form, action)
    await eventually(lambda: form["close"]["text"] == "Done")
    kept = await bot.subscription()

    assert (kept is None) == (action == "icd.channel.end")
    assert kept is None or kept.muted_until is not None


async def test_several_people_and_groups_can_be_called_and_the_channel_is_told(
    bot: SlackBot,
) -> None:
    await (await bot.server.command("subscribe api <@U2|bob> <!subteam^S12|@oncall>")).response()
    (line,) = await eventually(lambda: bot.server.messages("C1"))
    kept = await bot.subscription()

    assert kept is not None
    assert kept.mention == "<@U2> <!subteam^S12>"
    assert "2 people or groups will be called" in line.text


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


async def test_a_form_without_a_channel_says_so_beside_the_field(bot: SlackBot) -> None:
    await bot.server.command("settings")
    (form,) = await eventually(bot.server.views)
    sent = await bot.server.submit(form, picked(None, [], "degraded"))
    assert sent.answer == {"response_action": "errors", "errors": {"channel": "Pick a channel."}}


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


async def test_an_event_told_twice_is_handled_once(bot: SlackBot) -> None:
    me = bot.server.team.bot_user
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "text": f"<@{me}> help"}
    for _ in range(3):
        assert (await bot.server.event(event, event_id="Ev1")).acked
    await bot.server.event(event | {"text": "again"}, event_id="Ev2")
    await eventually(lambda: len(bot.server.team.ephemerals) >= 2)

    assert len(bot.server.team.ephemerals) == 2


async def test_a_command_told_twice_is_answered_once(bot: SlackBot) -> None:
    first = await bot.server.command("help")
    await first.response()
    for _ in range(2):
        assert (await bot.server.outbound.send("slash_commands", first.payload)).acked
    await (await bot.server.command("help")).response()

    assert first.url is not None
    assert first.url.uses == 1


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "channel": "C1", "user": "U1", "text": "hi", "channel_type": "channel"},
        {"type": "message", "subtype": "channel_join", "channel": "C1", "user": "U1", "text": "x"},
        {"type": "reaction_added", "user": "U1", "item": {"type": "message", "channel": "C1"}},
        {"type": "something_new"},
    ],
)
async def test_no_event_stays_unacknowledged(bot: SlackBot, event: Json) -> None:
    delivery = await bot.server.event(event)
    assert (delivery.acked, delivery.attempts) == (True, 1)


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1, "api_app_id": "A1"},
        {"type": "event_callback", "team_id": "T1", "event": {}, "event_id": "Ev9"},
        {"type": "something_new", "team": {"id": "T1"}, "user": {"id": "U1"}},
    ],
)
async def test_what_is_no_event_that_we_know_is_acknowledged_too(
    bot: SlackBot, payload: Json
) -> None:
    delivery = await bot.server.outbound.send("events_api", payload)
    assert (delivery.acked, delivery.attempts) == (True, 1)


async def test_buttons_and_forms_of_others_are_acknowledged(bot: SlackBot) -> None:
    message = {"text": "m", "blocks": [{"type": "actions", "elements": [button("unknown")]}]}
    view = {"type": "modal", "id": "V1", "callback_id": "unknown", "blocks": []}

    assert (await bot.server.click(message, "unknown")).acked
    assert (await bot.server.submit(view, {})).acked


@pytest.mark.parametrize(
    "event",
    [
        {"type": "channel_archive", "channel": "C1"},
        {"type": "channel_deleted", "channel": "C1"},
        {"type": "channel_left", "channel": "C1"},
        {"type": "member_left_channel", "channel": "C1", "user": "UBOT0001"},
    ],
)
async def test_a_channel_that_is_lost_is_paused_with_a_reason_not_forgotten(
    bot: SlackBot, event: Json
) -> None:
    await (await bot.server.command("subscribe api")).response()
    await bot.server.event(event)
    for _ in range(100):
        kept = await bot.subscription()
        if kept and kept.paused:
            break
    assert kept is not None
    assert kept.paused is not None
    assert kept.paused.reason


async def test_somebody_else_leaving_changes_nothing(bot: SlackBot) -> None:
    await (await bot.server.command("subscribe api")).response()
    await bot.server.event({"type": "member_left_channel", "channel": "C1", "user": "U2"})
    await (await bot.server.command("help")).response()
    kept = await bot.subscription()
    assert kept is not None
    assert kept.paused is None


@pytest.mark.parametrize("says", ["", "account_inactive"])
async def test_a_workspace_that_was_given_up_is_written_to_again_once_its_token_works(
    bot: SlackBot, says: str
) -> None:
    await bot.store.queue.silence("slack", "T1", "invalid_auth")
    if says:
        bot.server.fail("error", "auth.test", error=says, times=None)
    stay = await bot.slack.wake_silenced()

    assert stay == ({"T1"} if says else set())
    assert set(await bot.store.queue.silenced("slack")) == stay


@pytest.mark.parametrize(("late", "silenced"), [(300, False), (0, True)])
async def test_an_end_that_is_told_late_does_not_silence_a_workspace_whose_token_works(
    bot: SlackBot, late: int, silenced: bool
) -> None:
    database = bot.store.database
    told = payloads.event(bot.server.world, bot.server.team, {"type": "app_uninstalled"})
    told["event_time"] -= late
    if silenced:
        bot.server.revoke()  # else it would soon be found to work
    await bot.server.outbound.send("events_api", told)
    for _ in range(20):  # the event is acknowledged before it is handled
        await (await bot.server.command("help")).response()
    shards = [await database.call("HEXISTS", f"{b}:tenants", "T1") for b in keys.shards("slack")]

    assert any(shards) == silenced


async def test_another_workspace_gets_nothing_by_our_token(bot: SlackBot) -> None:
    other = bot.server.world.add_workspace("T2")
    other.add_channel("C20")
    before = dict(bot.server.world.calls)
    delivery = await bot.server.command("subscribe", channel="C20", team="T2")
    await (await bot.server.command("help")).response()

    assert delivery.acked
    assert await bot.subscription("C20", "T2") is None
    assert await bot.subscription("C20", "T1") is None
    assert bot.server.world.calls.get("chat.postMessage") == before.get("chat.postMessage")


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


def button(action: str, value: str = "") -> Json:
    known = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "x"}}
    return known | ({"value": value} if value else {})


def picked(
    channel: str | None, surfaces: list[str], severity: str, *, person: str | None = None
) -> Json:
    """What Slack reports of the filled form."""
    people = [{"type": "user", "user_id": person}] if person else []
    line = {"type": "rich_text_section", "elements": people}
    return {
        "channel": {"icd.pick": {"selected_conversation": channel}},
        f"surfaces/{channel}": {"pick": {"selected_options": [{"value": s} for s in surfaces]}},
        f"severity/{channel}": {"pick": {"selected_option": {"value": severity}}},
        f"mention/{channel}": {"pick": {"rich_text_value": {"elements": [line]}}},
        f"quiet/{channel}": {"pick": {"selected_options": []}},
    }
