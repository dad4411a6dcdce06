"""Words of commands in a shell that mean nothing end them with 2, and a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.cli.export import _moment
from adapters.cli.words import length_named, severity_named
from bot.domain.errors import WrongWords

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "-1m", "5", "1e9d", "9999999d", "a while"])
def test_what_is_no_length_is_a_wrong_word(text: str) -> None:
    with pytest.raises(WrongWords, match="is not a length of time; write 30m, 2h or 7d"):
        length_named(text)


def test_a_severity_that_there_is_not_is_a_wrong_word() -> None:
    with pytest.raises(WrongWords, match="'bad' is unknown; there are"):
        severity_named("bad")


def test_an_export_begins_at_a_day_that_there_is() -> None:
    assert _moment("90d", NOW) == NOW - timedelta(days=90)
    for text in ("999999d", "yesterday", "0001-01-01T00:00+23:00"):
        with pytest.raises(WrongWords, match="is no date; write 2026-01-31, or 90d"):
            _moment(text, NOW)
