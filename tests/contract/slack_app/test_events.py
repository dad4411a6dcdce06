"""Events: told twice, unknown, and of channels and workspaces that come and go."""

from __future__ import annotations

import pytest

from tests.contract.slack_app.kit import Json, button
from tests.contract.slack_bot import SlackBot
from tests.servers.slack import eventually, payloads


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
    bases = database.shards.of_platform("slack")
    shards = [await database.call("HEXISTS", f"{base}:tenants", "T1") for base in bases]

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
