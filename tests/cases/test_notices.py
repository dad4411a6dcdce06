"""Notices of which the page computes no impact, though their words say trouble.

They are one in ten of the incidents that were recorded.
"""

from __future__ import annotations

from tests.cases.day import Day


def noticed() -> Day:
    day = Day()
    day.page.open("iOS logins unavailable", impact="none", body="Users cannot log in on iOS.")
    day.passes(minutes=2)
    return day


async def test_a_surface_without_a_row_is_not_called_up_against_the_words_of_a_notice() -> None:
    view = await noticed().view()
    mobile, claude_ai = view.verdict("mobile"), view.verdict("claude.ai")
    assert mobile
    assert claude_ai
    assert mobile.in_trouble
    assert not claude_ai.in_trouble  # its row decides


async def test_an_answer_names_the_notice() -> None:
    day = noticed()
    assert "iOS logins unavailable" in await day.says("mobile")
    assert "Notice: iOS logins unavailable" in await day.says("is claude down?")


async def test_nobody_is_told_that_it_is_just_them_while_a_notice_is_open() -> None:
    day = noticed()
    assert "It is not just you" in await day.says("justme mobile")
    said = await day.says("justme claude.ai")
    assert "It may not be just you" in said
    assert "iOS logins unavailable" in said
