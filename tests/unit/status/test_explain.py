"""Whose fault is this error? Real shapes, as people paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.evidence import Verdict
from bot.domain.page import Severity
from bot.status.explain import LONGEST, Side, explain, known_errors, read_table, simplify

TABLE = known_errors()


def verdict(surface: str, severity: Severity, *, suspected: bool = False) -> Verdict:
    return Verdict(surface, severity, None, None, suspected=suspected)


UP = [verdict(s, Severity.UP) for s in ("api", "code", "claude.ai", "console")]
DOWN = [verdict("api", Severity.MAJOR), verdict("code", Severity.PARTIAL)]


def json_error(kind: str, message: str) -> str:
    return f'{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}'


NOT_A_MEMBER = "Please run /login · API Error: 403 " + json_error(
    "permission_error",
    "Account is no longer a member of the organization associated with this token.",
)
SHAPES = [
    ("API Error: 529 " + json_error("overloaded_error", "Overloaded"), "overloaded", "theirs"),
    ("API Error: Repeated 529 Overloaded errors · check status", "overloaded", "theirs"),
    ("529", "overloaded", "theirs"),
    ("HTTP/1.1 529", "overloaded", "theirs"),
    (
        "API Error: 500 " + json_error("api_error", "Internal server error"),
        "server_error",
        "theirs",
    ),
    ("502 Bad Gateway", "server_error", "theirs"),
    ("Service is temporarily busy", "busy", "theirs"),
    (NOT_A_MEMBER, "not_a_member", "yours"),
    ("API Error: 401 " + json_error("authentication_error", "x"), "authentication", "yours"),
    ("Invalid API key · Please run /login", "login", "yours"),
    (
        "API Error (429 " + json_error("rate_limit_error", "This request would exceed your") + ")",
        "rate_limit",
        "yours",
    ),
    ("Claude AI usage limit reached|1753441200", "usage_limit", "yours"),
    ("You’ve hit your weekly limit", "usage_limit", "yours"),
    ("Can’t reach Claude. Check your connection", "unreachable", "unclear"),
    ("\x1b[31mUnable to connect to API (ECONNREFUSED)\x1b[0m", "unreachable", "unclear"),
    ("Error: 400 " + json_error("invalid_request_error", "messages.5"), "invalid_request", "yours"),
    ('{\\"type\\":\\"overloaded_error\\"}', "overloaded", "theirs"),
]


@pytest.mark.parametrize(("pasted", "entry", "side"), SHAPES)
def test_real_shapes_are_known(pasted: str, entry: str, side: str) -> None:
    found = explain(pasted, UP, TABLE)

    assert found.entry is not None
    assert (found.entry.id, found.side.value) == (entry, side)


def test_a_connection_error_is_theirs_while_their_side_has_trouble() -> None:
    found = explain("Can't reach Claude. Check your connection", DOWN, TABLE)

    assert found.side is Side.THEIRS
    assert found.because == ("api", "code")


def test_a_suspected_surface_counts_as_trouble() -> None:
    found = explain("fetch failed", [verdict("api", Severity.DEGRADED, suspected=True)], TABLE)

    assert found.side is Side.THEIRS


def test_an_error_of_yours_is_unclear_while_outages_make_the_same_one() -> None:
    assert explain(NOT_A_MEMBER, DOWN, TABLE).side is Side.UNCLEAR


def test_a_usage_limit_is_probably_yours_and_unclear_while_there_is_an_outage() -> None:
    for pasted in ("You've hit your limit for Claude messages", "Message limit reached"):
        assert explain(pasted, UP, TABLE).side is Side.YOURS
        down = explain(pasted, DOWN, TABLE)
        assert down.side is Side.UNCLEAR
        assert "before you buy or change anything" in down.advice


def test_credit_that_is_too_low_was_theirs_once() -> None:
    assert explain("credit balance is too low", UP, TABLE).side is Side.YOURS
    assert explain("credit balance is too low", DOWN, TABLE).side is Side.UNCLEAR


@pytest.mark.parametrize(
    ("pasted", "entry"),
    [
        ("API 500", "server_error"),
        ("Login failed", "login_failed"),
        ("Your session expired", "login_failed"),
        ("There was an error logging you in", "login_failed"),
        ("Message limit reached", "usage_limit"),
        ("getaddrinfo ENOTFOUND api.anthropic.com", "dns"),
        ("curl: (6) Could not resolve host: api.anthropic.com", "dns"),
    ],
)
def test_what_people_saw_in_outages_is_known(pasted: str, entry: str) -> None:
    found = explain(pasted, UP, TABLE)
    assert found.entry is not None
    assert found.entry.id == entry


def test_a_name_that_does_not_resolve_is_hardly_ever_theirs() -> None:
    assert explain("getaddrinfo ENOTFOUND api.anthropic.com", DOWN, TABLE).side is Side.YOURS


def test_an_unknown_error_in_an_outage_names_the_outage() -> None:
    found = explain("flux capacitor drained", DOWN, TABLE)
    assert (found.side, found.because) == (Side.UNCLEAR, ("api", "code"))
    assert explain("flux capacitor drained", UP, TABLE).because == ()


def test_certainty_is_graded() -> None:
    assert explain("529 Overloaded", UP, TABLE).certain
    assert not explain("401 authentication_error", UP, TABLE).certain
    reset = explain("socket hang up", DOWN, TABLE)
    assert (reset.side, reset.certain) == (Side.THEIRS, False)


def test_nobody_is_told_to_try_another_account() -> None:
    said = [explain("flux", UP, TABLE).advice, *(e.advice + e.when_down for e in TABLE)]
    assert not any("another account" in advice for advice in said)


@pytest.mark.parametrize("pasted", ["it wrote 500 lines", "see issue 529", "in 404 files", "hello"])
def test_ordinary_words_and_numbers_are_no_error(pasted: str) -> None:
    assert explain(pasted, UP, TABLE).entry is None


@pytest.mark.parametrize("pasted", ["", "   ", "\x00", "\x1b[31m\x1b[0m"])
def test_nothing_pasted_asks_for_the_text(pasted: str) -> None:
    assert "aste" in explain(pasted, UP, TABLE).advice or explain(pasted, UP, TABLE).entry is None


@given(st.text(max_size=6000))
def test_any_text_has_an_answer_that_repeats_nothing_of_it(pasted: str) -> None:
    ours = {explain("", UP, TABLE).advice, explain("zzz", UP, TABLE).advice}
    ours |= {entry.advice for entry in TABLE}

    found = explain(f"§{pasted}", UP, TABLE)

    assert found.advice in ours


def test_a_megabyte_of_text_is_cut_before_anything_else() -> None:
    assert len(simplify("ﷺ" * 1_000_000)) <= LONGEST


def test_every_entry_has_a_source_advice_and_something_to_match() -> None:
    for entry in TABLE:
        assert entry.sources, entry.id
        assert all(source.startswith("https://") for source in entry.sources)
        assert entry.advice, entry.id
        assert entry.words or entry.types or entry.statuses, entry.id
        assert entry.side is not Side.UNCLEAR or (entry.surfaces and entry.when_down), entry.id
    assert len({entry.id for entry in TABLE}) == len(TABLE)


def test_words_outrank_types_and_these_outrank_statuses() -> None:
    table = read_table(
        """
        [[error]]
        id = "status"
        title = ""
        side = "yours"
        advice = "s"
        sources = []
        statuses = [500]
        [[error]]
        id = "type"
        title = ""
        side = "yours"
        advice = "t"
        sources = []
        types = ["api_error"]
        [[error]]
        id = "words"
        title = ""
        side = "yours"
        advice = "w"
        sources = []
        words = ["Boom"]
        """
    )
    assert explain("error 500 api_error boom", [], table).advice == "w"
    assert explain("error 500 api_error", [], table).advice == "t"
    assert explain("error 500", [], table).advice == "s"
