from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.message import Link, Message, Note, ThreadLink
from bot.domain.page import Severity
from bot.messages.answer import answer_message
from bot.status.view import ProviderStatus
from tests.unit.messages.examples import (
    DEGRADED,
    DOWN,
    MAJOR,
    OUTAGE,
    QUIET,
    SEVERAL,
    UP,
    ago,
    claude,
    seen,
    spoken,
    verdict,
)


def answer(present: ProviderStatus, asked: Collection[str] = ()) -> Message:
    return answer_message(seen(present), asked=asked)


def test_an_outage_is_answered_as_the_product_says() -> None:
    here = {OUTAGE.key: ThreadLink("ops", "1")}
    card = answer_message(seen(claude(*DOWN, incidents=(OUTAGE,))), threads=here)
    assert spoken(card).splitlines() == [
        (
            "🔴 Yes, partly. claude.ai is down; Claude Code is partly down; "
            "the API and the Console work."
        ),
        "major_outage: claude.ai major outage since 17:41",
        "partial_outage: Claude Code partial outage since 17:41",
        "up: API up",
        "up: Console up",
        (
            "Incident: Claude.ai unavailable (identified, 2 updates) · "
            "[open it](https://stspg.io/9l93x2ht4s5w) · thread in #ops/1"
        ),
        (
            "What you can do: use the API (official page, 12 s ago), which works; "
            "look again in 15 min; save your work and keep the session open."
        ),
        "Official page, checked 12 s ago · [status.claude.com](https://status.claude.com)",
    ]
    assert [button.label for button in card.buttons] == [
        "I'm affected",
        "Tell me when it's back",
        "Subscribe this channel",
        "Details",
    ]


def test_when_all_is_well_the_answer_is_no() -> None:
    card = answer(claude(*QUIET))
    assert (card.emoji, card.plain) == ("🟢", "No. Everything is up.")


def test_an_incident_that_stays_open_over_green_is_mentioned() -> None:
    green = replace(OUTAGE, severity=UP)
    assert answer(claude(*QUIET, incidents=(green,))).plain == (
        "No. Everything is up, though an incident is still open."
    )


@pytest.mark.parametrize(
    ("severity", "plain"),
    [
        (UP, "No. The API is up."),
        (Severity.MAINTENANCE, "Maintenance. The API is in maintenance."),
        (DEGRADED, "Partly. The API is degraded."),
        (Severity.PARTIAL, "Yes, partly. The API is partly down."),
        (MAJOR, "Yes. The API is down."),
    ],
)
def test_one_surface_gets_a_straight_answer(severity: Severity, plain: str) -> None:
    assert answer(claude(verdict("api", severity)), ["api"]).plain == plain


def test_naming_a_surface_answers_for_that_one_only() -> None:
    text = spoken(answer(claude(*DOWN, incidents=(OUTAGE,)), ["api"]))
    assert "API up" in text
    assert "Claude Code" not in text
    assert "Incident" not in text


def test_a_page_out_of_sight_is_said_with_the_age_of_what_we_know() -> None:
    blind = claude(*DOWN, observed_at=ago(9), failing_since=ago(9), failure="HTTP 405")
    card = answer(blind)
    text = spoken(card)
    assert card.title == "I can't see the status page"
    assert "Out of sight since 17:42; what I last knew, 9 min ago:" in text
    assert "claude.ai was down; Claude Code was partly down; the API and the Console worked" in text
    assert "last seen 9 min ago (HTTP 405)" in text


def test_what_is_not_seen_is_never_shown_green() -> None:
    blind = answer(claude(*QUIET, observed_at=ago(9), failing_since=ago(9)))
    assert blind.severity is Severity.UNKNOWN
    assert "🟢" not in spoken(blind)
    assert "unknown: API was up" in spoken(blind)


def test_a_watcher_that_stopped_looking_is_not_taken_for_the_present() -> None:
    assert answer(claude(*QUIET, observed_at=ago(11))).severity is Severity.UNKNOWN


def test_one_failed_look_does_not_hide_what_was_seen_a_minute_ago() -> None:
    text = spoken(answer(claude(*QUIET, observed_at=ago(1), failing_since=ago(0.5))))
    assert "Everything is up." in text
    assert "(the last look failed)" in text


def test_verdicts_faded_to_unknown_still_tell_what_was_last_known() -> None:
    faded = Verdict(
        "api", Severity.UNKNOWN, None, ago(60), (Evidence(Source.PAGE, "api", MAJOR, ago(60)),)
    )
    card = answer(claude(faded, observed_at=ago(60), failing_since=ago(60)), ["api"])
    assert "The API was down." in card.plain


def test_before_the_first_look_nothing_is_claimed() -> None:
    card = answer(ProviderStatus("claude"))
    assert card.plain.startswith("I don't know yet.")
    assert card.severity is Severity.UNKNOWN


def test_a_suspicion_is_never_told_as_a_fact_and_says_what_was_seen() -> None:
    probe = Evidence(Source.PROBE, "api", MAJOR, ago(1), says="our probe got 529 three times")
    guess = replace(verdict("api", DEGRADED), suspected=True, evidence=(probe,))
    card = answer(claude(guess, verdict("code")))
    assert card.plain == (
        "Perhaps. The API may have trouble that the status page does not show (yet). "
        "Claude Code is up."
    )
    assert "(suspected)" in spoken(card)
    assert "Also seen: API: our probe got 529 three times." in spoken(card)


def test_what_is_up_beside_a_suspicion_is_everything_else() -> None:
    probe = Evidence(Source.PROBE, "api", MAJOR, ago(1), says="our probe got 529 three times")
    guess = replace(verdict("api", DEGRADED), suspected=True, evidence=(probe,))
    others = (verdict(surface) for surface in ("claude.ai", "code", "cowork", "console"))
    card = answer(claude(guess, *others))
    assert card.plain.endswith("does not show (yet). Everything else is up.")


def test_a_figure_from_elsewhere_has_its_source_before_it() -> None:
    says = "Anthropic 41 % of requests well in 5 min, usual 99 %; Amazon Bedrock 100 %"
    figure = Evidence("openrouter", "opus", DEGRADED, ago(1), says=says)
    card = answer(claude(replace(verdict("opus", DEGRADED), suspected=True, evidence=(figure,))))
    assert f"Also seen: OpenRouter, Opus: {says}." in spoken(card)


def test_another_provider_is_spoken_of_only_when_it_is_down_or_asked_for() -> None:
    calm = ProviderStatus(
        "github", (verdict("github/actions"),), checked_at=ago(0.1), is_fresh=True
    )
    wrong = replace(calm, verdicts=(verdict("github/actions", MAJOR),))

    def text(other: ProviderStatus, asked: Collection[str] = ()) -> str:
        return spoken(answer_message(seen(claude(*QUIET), other, catalog=SEVERAL), asked=asked))

    label = SEVERAL.label("github/actions")
    assert label not in text(calm)
    assert label in text(wrong)
    assert label in text(calm, ["github/actions"])


def test_the_mobile_apps_are_several() -> None:
    said = answer(claude(verdict("mobile", UP)), asked=["mobile"])
    assert said.title == "No. The mobile apps are up."


def test_a_second_page_out_of_sight_is_said_in_the_first_line() -> None:
    lost = ProviderStatus("github", (verdict("github/actions"),), checked_at=ago(9))
    never = ProviderStatus("openai")
    card = answer_message(seen(claude(*QUIET), lost, never, catalog=SEVERAL))
    assert card.title == "No, but I can't see GitHub's and OpenAI's pages"
    text = spoken(card)
    assert "Everything that I can see is up." in text
    assert "GitHub's page was last seen 9 min ago." in text
    assert "OpenAI's page has not been read yet." in text
    assert card.severity is Severity.UNKNOWN
    assert "🟢" not in card.emoji


def test_what_is_down_is_said_though_another_page_cannot_be_seen() -> None:
    lost = ProviderStatus("github", (verdict("github/actions"),), checked_at=ago(9))
    card = answer_message(seen(claude(*DOWN), lost, catalog=SEVERAL))
    assert card.title == "Yes, partly, but I can't see GitHub's page"
    assert card.severity is MAJOR


def test_a_surface_that_the_page_does_not_list_is_only_as_good_as_what_carries_it() -> None:
    carried = replace(verdict("opus", MAJOR), carried_by="api")
    assert answer(claude(verdict("api", MAJOR), carried), ["opus"]).plain == (
        "Yes. The page does not list Opus; the API, which it runs on, has a major outage."
    )
    well = replace(verdict("mobile"), carried_by="claude.ai")
    assert answer(claude(verdict("claude.ai"), well), ["mobile"]).plain == (
        "No. The page does not list the mobile apps; claude.ai, which they run on, is up."
    )


def test_an_answer_for_everything_does_not_repeat_what_carries_each_model() -> None:
    models = [replace(verdict(s, MAJOR), carried_by="api") for s in ("opus", "sonnet", "haiku")]
    text = spoken(answer(claude(verdict("api", MAJOR), verdict("console"), *models)))
    assert "Opus" not in text
    assert "The API is down; the Console works." in text


def test_where_the_answer_is_a_page_for_everybody_it_is_linked() -> None:
    linked = answer_message(seen(claude(*QUIET)), page_url="https://example.com/claude")
    notes = [block for block in linked.blocks if isinstance(block, Note)]

    assert Link("open it", "https://example.com/claude") in notes[-1].line
    assert "As a page" not in spoken(answer_message(seen(claude(*QUIET))))
