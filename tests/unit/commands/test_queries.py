from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import Request
from bot.domain.errors import DeliveryError
from bot.domain.incident import Impact, SeenBy
from bot.domain.page import Severity
from bot.domain.subscription import ThreadRecord
from tests.unit.commands.fakes import DEV, OPS, Room
from tests.unit.messages.examples import DOWN, OUTAGE, OVER, ago


async def test_the_bare_question_is_answered_with_the_thread_in_this_channel() -> None:
    room = Room(OUTAGE, verdicts=DOWN)
    room.threads.kept[OPS, OUTAGE.key] = ThreadRecord(root="1.2", joined=1, shown=2)
    assert "thread in #C-ops/1.2" in await room.say("")
    other = await room.type("", channel=DEV)
    assert "thread" not in other.message.plain


async def test_share_makes_the_answer_public() -> None:
    assert (await Room().type("api share")).shared


async def test_a_store_that_does_not_answer_is_said_and_never_taken_for_nothing() -> None:
    room = Room()
    room.incident_store.down = True
    for text in ("", "subscribe api", "history x"):
        answer = await room.type(text)
        assert (
            "can't reach my own memory" in answer.message.title
            or "get that" in answer.message.title
        )
    assert room.here is None


async def test_before_the_first_look_nothing_is_claimed() -> None:
    room = Room()
    room.incident_store.never_read = True
    assert "I don't know yet" in await room.say("")


async def test_history_lists_what_happened_newest_first_with_ids() -> None:
    old = replace(OVER, id="old1", title="Old trouble", started_at=ago(5000), ended_at=ago(4900))
    text = await Room(old, OUTAGE).say("history")
    assert "2 incidents in the last 7 days" in text
    assert text.index("Claude.ai unavailable") < text.index("Old trouble")
    assert "old1" in text
    assert "No incident of Opus in the last 7 days" in await Room(OUTAGE).say("history opus")


async def test_an_incident_is_found_by_its_id_or_the_beginning_of_it() -> None:
    room = Room(OUTAGE)
    for text in ("incident 9l93x2ht4s5w", "incident claude/9l93x2ht4s5w", "incident 9L93x"):
        assert "We are looking into it." in await room.say(text)


async def test_an_id_of_several_or_of_none_asks_back() -> None:
    room = Room(OUTAGE, replace(OUTAGE, id="9l93zzz"))
    text = await room.say("incident 9l93")
    assert "Which one?" in text
    assert "9l93zzz" in text
    assert "I know of no incident “nope”" in await room.say("incident nope")
    assert "Which incident?" in await room.say("incident")


async def test_details_are_a_button_too() -> None:
    room = Room(OUTAGE, verdicts=DOWN)
    answer = await room.commands.press(_pressed(), "details", OUTAGE.key)
    assert "Claude.ai unavailable" in answer.message.title
    assert (await room.commands.press(_pressed(), "details", "api")).message.plain == (
        "No. The API is up."
    )


async def test_the_subscribe_button_adds_and_never_narrows() -> None:
    room = Room()
    await room.type("subscribe code major")
    await room.commands.press(_pressed(), "subscribe", "api")
    assert room.surfaces() == {"code", "api"}
    assert room.here
    assert room.here.severity is Severity.MAJOR
    await room.commands.press(_pressed(), "subscribe", "")
    assert room.surfaces() == {"code", "api"}


async def test_an_example_is_posted_in_the_channel_and_marked_as_one() -> None:
    room = Room()
    await room.type("test")
    (((channel, _), card),) = room.slack.said.items()
    assert channel == OPS
    assert "EXAMPLE" in card.title
    assert "only an example" in card.plain


async def test_an_example_that_cannot_be_posted_says_why() -> None:
    room = Room()
    room.slack.refuses = DeliveryError("restricted_action")
    assert "restricted_action" in await room.say("test")


async def test_why_tells_of_what_was_told_and_what_was_not() -> None:
    room = Room(OUTAGE)
    assert "not told: this channel is not subscribed" in await room.say("why")
    await room.type("subscribe api")
    assert "not told: it touched only claude.ai, Claude Code" in await room.say("why")
    await room.type("subscribe code major")
    assert "on its way" in await room.say("why")
    room.threads.kept[OPS, OUTAGE.key] = ThreadRecord(root="1.2", joined=1, shown=1)
    text = await room.say("why")
    assert "told; 1 newer change still to come" in text
    assert "thread in #C-ops/1.2" in text


async def test_why_names_the_severity_that_was_missed() -> None:
    mild = replace(OUTAGE, worst=Severity.DEGRADED, severity=Severity.DEGRADED)
    room = Room(mild)
    await room.type("subscribe everything major")
    assert "degraded, and this channel asks for major outage or worse" in await room.say("why")


async def test_choices_for_typing_are_surfaces_and_at_most_what_platforms_show() -> None:
    commands = Room().commands
    assert [choice.value for choice in commands.suggest("cla")][:2] == ["claude.ai", "api"]
    assert 0 < len(commands.suggest("")) <= 25


@given(st.text())
async def test_any_text_gets_an_answer(text: str) -> None:
    answer = await Room(OUTAGE, OVER, verdicts=DOWN).type(text)
    assert answer.message.title
    assert answer.message.plain


@given(st.text(max_size=30), st.text(max_size=90))
async def test_any_button_gets_an_answer(action: str, value: str) -> None:
    answer = await Room(OUTAGE).commands.press(_pressed(), action, value)
    assert answer.message.plain


def _pressed() -> Request:
    return Request(OPS, "U1", "Ana")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("scoreboard 7d", "7d"),
        ("history major 7d", "major"),
        ("unmute opus", "opus"),
        ("api 7d", "7d"),
        ("subscribe api 2h", "2h"),
        ("history -api", "-api"),
    ],
)
async def test_a_word_that_a_command_cannot_use_is_never_dropped(text: str, word: str) -> None:
    room = Room(OUTAGE)
    await room.type("subscribe code")
    before = room.here
    answer = await room.type(text)
    assert f"does nothing with “{word}”" in answer.message.title
    assert room.here == before


@pytest.mark.parametrize("text", ["back xyzzy", "why xyzzy", "scoreboard xyzzy", "test xyzzy"])
async def test_a_word_that_nobody_knows_is_never_dropped(text: str) -> None:
    assert "“xyzzy”" in await Room(OUTAGE).say(text)


async def test_what_of_a_question_was_not_understood_is_said_with_the_answer() -> None:
    text = await Room().say("is claude slow for customers in europe")
    assert "Everything is up" in text
    assert "Answered without “customers” and “europe”" in text
    assert "Did you mean back" not in await Room().say("is it back")


async def test_help_about_one_command_says_what_it_takes() -> None:
    text = await Room().say("help subscribe")
    assert "subscribe api code partial" in text
    assert "severity: From which severity up" in text
    for words in ("--help", "-h", "?"):
        assert "What you can ask me" in await Room().say(words)


async def test_thanks_are_answered_and_change_nothing() -> None:
    assert "welcome" in await Room().say("thanks!")


async def test_history_says_of_each_incident_who_saw_it() -> None:
    before = replace(
        OVER,
        id="before",
        title="Before us",
        started_at=ago(900),
        ended_at=ago(800),
        seen_by=SeenBy.PAGE,
    )
    room = Room(OUTAGE, before)
    room.incident_store.changes = {"began_at": ago(30)}
    text = await room.say("history")
    assert "2 incidents in the last 7 days" in text
    assert "Before us · " in text
    assert "from the page · before" in text
    assert "seen by us · 9l93x2ht4s5w" in text
    assert "I have watched since 17:21; what was over before is from the page's own list." in text
    assert "incident 9l93x2ht4s5w" in text
    assert "it was over before I first looked" in await room.say("incident before")


async def test_history_on_a_fresh_start_says_since_when_it_watches() -> None:
    room = Room()
    room.incident_store.changes = {"began_at": ago(30)}
    text = await room.say("history 30d")
    assert "No incident that I know of in the last 30 days" in text
    assert "I have watched since 17:21." in text


async def test_asking_while_the_page_cannot_be_seen_has_it_polled_soon() -> None:
    room = Room()
    await room.say("")
    assert room.polled == []
    room.incident_store.changes = {"observed_at": ago(5), "failing_since": ago(5)}
    assert "I can't see the status page" in await room.say("")
    assert room.polled == ["claude"]


async def test_a_question_about_one_version_is_answered_for_that_one() -> None:
    five = replace(
        OUTAGE,
        title="Elevated errors on Opus 5",
        severity=Severity.DEGRADED,
        surfaces={"opus": Impact(Severity.DEGRADED, Severity.DEGRADED, from_text=True)},
    )
    room = Room(five)
    assert "Partly. Opus 5 is degraded." in await room.say("is opus 5 down?")
    text = await room.say("is opus 4.8 down?")
    assert "No. The page does not list Opus 4.8; the API, which it runs on, is up." in text
    assert "Incident: Elevated errors on Opus 5" in text
