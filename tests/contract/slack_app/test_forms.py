"""Buttons and the settings form."""

from __future__ import annotations

import pytest

from bot.domain.incident import CHANNEL_KINDS
from bot.domain.page import Severity
from tests.contract.slack_app.kit import button, picked
from tests.contract.slack_bot import SlackBot
from tests.servers.slack import eventually


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
    assert "<#C1> gets: *Claude Code*" in str(sent.answer)


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
    assert "ada subscribed this channel to API; 2 people or groups will be called" in line.text


async def test_a_form_without_a_channel_says_so_beside_the_field(bot: SlackBot) -> None:
    await bot.server.command("settings")
    (form,) = await eventually(bot.server.views)
    sent = await bot.server.submit(form, picked(None, [], "degraded"))
    assert sent.answer == {"response_action": "errors", "errors": {"channel": "Pick a channel."}}


async def test_the_form_sets_quiet_hours_and_a_digest(bot: SlackBot) -> None:
    await bot.server.command("settings")
    (form,) = await eventually(bot.server.views)
    typed = {
        "quiet/C1": {"pick": {"value": "22-7 Europe/Berlin"}},
        "digest/C1": {"pick": {"value": "daily 9:00"}},
    }
    sent = await bot.server.submit(form, picked("C1", [], "degraded") | typed)
    kept = await bot.subscription()

    assert "quiet 22:00-07:00 Europe/Berlin · digest daily 09:00 Europe/Berlin" in str(sent.answer)
    assert kept is not None
    assert kept.digest is not None
    assert kept.digest.since is not None
