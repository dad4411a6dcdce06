"""What texts of incidents say of models, by rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.catalog_file import load_catalog
from bot.catalog.model_texts import ModelState, state_of, statements

CLAUDE = load_catalog().provider("claude")
MODELS = [surface.id for surface in CLAUDE.surfaces if surface.model]


def accused(*texts: str) -> dict[str, str]:
    """Models in trouble after these texts → their versions, joined."""
    states = {model: state_of(CLAUDE, model, texts) for model in MODELS}
    return {m: " ".join(sorted(s.versions)) for m, s in states.items() if s.in_trouble}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Elevated errors on Opus", {"opus": ""}),
        ("Elevated errors on Claude Opus 5", {"opus": "5"}),
        ("Errors on Opus 4.6 and 4.8, and Sonnet 4.5", {"opus": "4.6 4.8", "sonnet": "4.5"}),
        ("Opus 4.6 and Opus are slow", {"opus": ""}),
        ("Errors on Opus 5. Sonnet 5 is not affected.", {"opus": "5"}),
        ("We saw errors on Opus 4.6, 18:16 to 18:42 UTC.", {"opus": "4.6"}),
        ("Opus 4.6 has recovered while Sonnet 4.5 remains degraded.", {"sonnet": "4.5"}),
        ("The site is slow.", {}),
        ("Errors on requests to the model.", {}),
    ],
)
def test_a_name_accuses_what_it_names_in_its_version(text: str, meant: dict[str, str]) -> None:
    assert accused(text) == meant


@pytest.mark.parametrize("word", ["all", "many", "multiple", "several", "other", "Claude", "most"])
def test_a_word_for_several_models_touches_every_model(word: str) -> None:
    assert accused(f"Elevated errors on {word} models") == dict.fromkeys(MODELS, "")


def test_all_models_but_one_have_recovered() -> None:
    began = "Elevated errors across multiple models."
    for end in ("All models except Opus 5 have recovered.", "All models but Opus 5 are restored."):
        assert accused(began, end) == {"opus": "5"}


def test_the_only_affected_models_are_the_only_ones() -> None:
    began = "Elevated errors across all models."
    now = "The only affected models right now are Opus 4.6 and Haiku 4.5."
    assert accused(began, now) == {"opus": "4.6", "haiku": "4.5"}


def test_what_has_recovered_is_no_longer_accused() -> None:
    began = "Errors on Opus 4.6 and Opus 4.8."
    assert accused(began, "Opus 4.6 has recovered.") == {"opus": "4.8"}
    fixed = "A fix has been deployed for Claude Opus 4.8 and success rates have returned to normal."
    assert accused(began, "Opus 4.6 has recovered.", fixed) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Opus 4.6 has not recovered yet.",
        "We will update when Opus has recovered.",
        "We are seeing recovery across most models.",
    ],
)
def test_what_has_not_recovered_is_still_accused(text: str) -> None:
    assert "opus" in accused("Errors on Opus.", text)


def test_getting_better_accuses_nobody_anew() -> None:
    assert accused("Errors on Opus 5.", "We are seeing recovery across most models.") == {
        "opus": "5"
    }


def test_a_version_is_accused_by_its_own_name_alone() -> None:
    five = state_of(CLAUDE, "opus", ["Errors on Opus 5"])
    assert five.accuses("5")
    assert five.accuses("")
    assert not five.accuses("4.8")
    all_but = state_of(CLAUDE, "opus", ["Errors on Opus.", "Opus 4.6 has recovered."])
    assert not all_but.accuses("4.6")
    assert all_but.accuses("4.8")
    assert not ModelState().accuses("")


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    for said in statements(CLAUDE, text):
        assert said.surface in MODELS


@pytest.mark.parametrize("begin", ["x", "Opus", "Opus 5,", "all but"])
@pytest.mark.parametrize("blank", [" ", "\u2003", "\n\u2003", " ,"])
def test_a_text_of_blanks_is_read_to_its_end(begin: str, blank: str) -> None:
    # What was quadratic took five seconds for a fifth of it.
    statements(CLAUDE, begin + blank * 30_000 + "x")
