"""Tell me when it's back: one press, one message, once; on a real Redis."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.errors import RateLimited, Uncertain
from bot.domain.page import Severity
from bot.domain.subscription import Channel
from bot.messages.evidence import back_message
from tests.contract.evidence_bench import CATALOG, NOW, OUTAGE, Bench, bench, node, words

__all__ = ["bench", "node"]  # fixtures


async def test_one_press_one_message_once(bench: Bench) -> None:
    await bench.page_says(code=Severity.MAJOR)
    for _ in range(3):
        await bench.press("back", "code")
    await bench.reminder_sender().pass_over()
    assert bench.post.said == []

    bench.now += timedelta(minutes=40)
    await bench.page_says()
    for _ in range(3):
        await bench.reminder_sender().pass_over()

    ((channel, card, _),) = bench.post.said
    assert channel == Channel("slack", "T1", "D-U1")
    assert card.title == "Claude Code is back"
    assert "40 min" in words(card)


async def test_the_button_of_an_incident_waits_for_all_that_is_down(bench: Bench) -> None:
    await bench.page_says(OUTAGE, code=Severity.MAJOR, api=Severity.PARTIAL)
    await bench.press("back", OUTAGE.key)
    await bench.page_says(OUTAGE, code=Severity.UP, api=Severity.PARTIAL)
    await bench.reminder_sender().pass_over()
    assert bench.post.said == []

    await bench.page_says()
    await bench.reminder_sender().pass_over()

    assert bench.post.said[0][1].title == "API and Claude Code are back"


async def test_what_is_up_is_said_at_once_and_not_waited_for(bench: Bench) -> None:
    answer = await bench.press("back", "code")

    assert answer.message.title == "It is up, as far as I can see"
    assert await bench.reminders.all() == []


async def waiting(bench: Bench) -> None:
    await bench.page_says(code=Severity.MAJOR)
    await bench.press("back", "code")
    await bench.page_says()


async def test_a_message_that_arrived_without_an_answer_is_not_sent_again(bench: Bench) -> None:
    await waiting(bench)
    bench.post.fails, bench.post.arrives_anyway = [Uncertain("timeout")], True
    await bench.reminder_sender().pass_over()
    bench.now += timedelta(minutes=3)
    await bench.reminder_sender().pass_over()

    assert len(bench.post.said) == 1
    assert await bench.reminders.all() == []


async def test_a_message_that_was_lost_on_the_way_is_sent_again(bench: Bench) -> None:
    await waiting(bench)
    bench.post.fails = [Uncertain("timeout"), RateLimited("slow", retry_after=1)]
    for _ in range(4):
        await bench.reminder_sender().pass_over()
        bench.now += timedelta(minutes=3)
        await bench.page_says()

    assert len(bench.post.said) == 1
    assert await bench.reminders.all() == []


async def test_a_replica_that_died_while_sending_is_taken_over_without_doubling(
    bench: Bench,
) -> None:
    await waiting(bench)
    (reminder,) = await bench.reminders.all()
    await bench.reminders.claim(reminder, bench.now, timedelta(minutes=1))
    await bench.post.say(reminder.channel, back_message(("code",), NOW, NOW, CATALOG), reminder.key)
    await bench.reminder_sender().pass_over()
    assert len(await bench.reminders.all()) == 1, "the dead one's lease still holds"

    bench.now += timedelta(minutes=2)
    await bench.page_says()
    await bench.reminder_sender().pass_over()

    assert len(bench.post.said) == 1
    assert await bench.reminders.all() == []


async def test_a_wish_is_forgotten_after_a_week(bench: Bench) -> None:
    await bench.page_says(code=Severity.MAJOR)
    await bench.press("back", "code")
    bench.now += timedelta(days=8)

    await bench.reminder_sender().pass_over()

    assert await bench.reminders.all() == []
    assert bench.post.said == []
