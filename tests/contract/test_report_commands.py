"""report, justme, explain, scoreboard: as people use them, on a real Redis."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.page import Severity
from bot.domain.subscription import Channel
from bot.evidence.probes import ProbeHistory
from bot.evidence.reports import quorum
from tests.contract.evidence_bench import NOW, OPS, OUTAGE, Bench, bench, node, words

__all__ = ["bench", "node"]  # fixtures


async def test_a_report_is_counted_and_the_others_here_are_told_of(bench: Bench) -> None:
    await bench.ask(person="U2", text="report code")
    answer = await bench.ask(person="U1", text="report claude code it hangs, secret plans")

    assert answer.message.title == "Counted: trouble with Claude Code"
    assert "Besides you 1 more here" in words(answer.message)
    assert "secret" not in words(answer.message)
    assert answer.public is None
    again = await bench.ask(person="U1", text="report code")
    assert again.message.title.startswith("You are counted already")


async def test_a_report_without_a_surface_asks_back_and_counts_nothing(bench: Bench) -> None:
    answer = await bench.ask("report everything is slow")

    assert {b.action for b in answer.message.buttons} == {"affected"}
    assert await bench.reports.of_channel(OPS, NOW) == []


async def test_the_button_of_an_incident_with_one_surface_counts_at_once(bench: Bench) -> None:
    await bench.page_says(OUTAGE, code=Severity.MAJOR, api=Severity.PARTIAL)

    several = await bench.press("affected", OUTAGE.key)
    assert {b.value for b in several.message.buttons} == {"code", "api"}
    await bench.press("affected", "code")

    assert [t.surface for t in await bench.reports.of_channel(OPS, NOW)] == ["code"]


async def test_the_quorum_is_relative_to_the_size_of_the_channel(bench: Bench) -> None:
    bench.post.size = 300
    for person in range(3):
        await bench.press("affected", "code", f"U{person}")

    (report_count,) = await bench.reports.of_channel(OPS, NOW)

    assert (report_count.people, report_count.members, quorum(report_count.members)) == (3, 300, 9)


async def test_a_report_can_be_taken_back(bench: Bench) -> None:
    await bench.press("affected", "code")
    await bench.press("works", "code")

    assert await bench.reports.of_channel(OPS, NOW) == []


async def test_reports_of_one_channel_are_not_shown_in_another_workspace(bench: Bench) -> None:
    for person in range(9):
        await bench.press("affected", "code", f"U{person}")
    elsewhere = Channel("slack", "T2", "C9")

    answer = await bench.ask("justme code", channel=elsewhere)

    assert answer.message.title == "It looks like it is just you"
    here = await bench.ask("justme code")
    assert here.message.title == "It is not just you"
    assert "Claude Code degraded suspected" in words(here.message)


async def test_just_me_with_nothing_wrong_gives_a_short_checklist(bench: Bench) -> None:
    answer = await bench.ask("justme api")

    assert "Official page, API: up" in words(answer.message)
    assert "VPN" in words(answer.message)


async def test_just_me_counts_others_here_and_not_the_one_who_asks(bench: Bench) -> None:
    await bench.ask("report api")
    alone = await bench.ask("justme api")
    assert alone.message.title == "It looks like it is just you"
    assert "report trouble" not in words(alone.message)
    assert "reports trouble" not in words(alone.message)

    for person in ("U2", "U3"):
        await bench.ask("report api", person)
    joined = await bench.ask("justme api")
    assert joined.message.title == "It is not just you"
    assert "2 here report trouble" in words(joined.message)
    assert "3 people here" not in words(joined.message)


async def test_just_me_shows_what_our_probe_sees(bench: Bench) -> None:
    await bench.probes.keep([ProbeHistory("the API", ("api",), NOW, NOW, "bbbbb", "answers 529")])

    answer = await bench.ask("justme api")

    assert answer.message.title == "It is not just you"
    assert "our probe of the API answers 529 (5 of the last 5 looks failed), since" in words(
        answer.message
    )


async def test_the_bare_question_is_told_when_to_retry_and_how_long_it_may_take(
    bench: Bench,
) -> None:
    past = [replace(OUTAGE, id=f"p{n}", started_at=NOW - timedelta(days=n + 2)) for n in range(9)]
    await bench.page_says(OUTAGE, code=Severity.MAJOR)
    for old in past:
        ended = old.started_at + timedelta(minutes=30)
        over = {s: replace(i, now=Severity.UP) for s, i in old.surfaces.items()}
        await bench.page_says(replace(old, ended_at=ended, surfaces=over))
    await bench.page_says(OUTAGE, code=Severity.MAJOR)

    said = words((await bench.ask("")).message)

    for line in [
        "What you can do: use claude.ai (official page, ",
        " ago) or the API (official page, ",
        " ago), which work; look again in 15 min; save your work and keep the session open.",
        (
            "Of 9 incidents as bad as this, half were over within 30 min of their beginning, "
            "all of them in 30 min."
        ),
    ]:
        assert line in said
    assert "retry" not in words((await bench.ask("api")).message)


async def test_an_error_is_explained_by_the_present_verdict(bench: Bench) -> None:
    pasted = "Can't reach Claude. Check your connection <!channel>"
    assert (await bench.ask(f"explain {pasted}")).message.title.startswith("Unclear")
    await bench.page_says(api=Severity.MAJOR)

    answer = await bench.ask(f"explain {pasted}")

    assert answer.message.title.startswith("It is probably theirs")
    assert "trouble with API" in words(answer.message)
    assert "<!channel>" not in words(answer.message)


async def test_the_scoreboard_answers_with_nothing_on_it(bench: Bench) -> None:
    assert "0 false alarms" in words((await bench.ask("scoreboard")).message)
