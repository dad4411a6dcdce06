"""What fails is one sentence, and tells no secret."""

from __future__ import annotations

import pytest

from bot.diagnostics import in_a_sentence, where
from bot.domain.errors import BotError, StoreError

SECRET = "xoxb-very-secret"


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_what_we_raise_on_purpose_is_its_own_sentence() -> None:
    assert in_a_sentence(BotError("The folder is in use.")) == "The folder is in use."


def test_of_tasks_that_failed_together_ours_is_told() -> None:
    group = ExceptionGroup("tasks", [KeyError("x"), ExceptionGroup("", [StoreError("Redis left")])])
    assert in_a_sentence(group) == "Redis left"


def test_what_the_system_refused_is_told_in_its_words() -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        open("/does/not/exist")  # noqa: PTH123, SIM115
    sentence = in_a_sentence(caught.value)
    assert "No such file or directory (/does/not/exist)" in sentence


def test_a_fault_of_ours_names_its_place_and_not_its_text() -> None:
    sentence = in_a_sentence(raised(ValueError(SECRET)))
    assert "ValueError in " in sentence
    assert "test_diagnostics.py, line" in sentence
    assert SECRET not in sentence


def test_an_error_without_a_place_is_named_all_the_same() -> None:
    assert where(ValueError(SECRET)) == "ValueError"
