"""Questions in plain English, in states that are known: the first word answers what was asked."""

from __future__ import annotations

import pytest

from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.catalog.watched import watched_catalog
from bot.commands import Request
from bot.commands.parser import parse
from bot.settings import Settings
from tests.cases.day import Day
from tests.servers.statuspage import CLAUDE_AI
from tests.unit.commands.fakes import OPS

ASKED = {
    "is claude down?": ("No.", "Yes, partly."),
    "is it back": ("Yes.", "Only partly."),
    "are the mobile apps working?": ("Yes.", "No."),
    "everything ok?": ("Yes.", "Only partly."),
    "isn't claude.ai working": ("No.", "Yes."),
    "why is claude down?": ("It is up.", "It is partly down."),
    "when will it be back": ("It is up.", "It is partly down."),
}


@pytest.mark.parametrize("question", ASKED)
async def test_the_first_word_answers_what_was_asked(question: str) -> None:
    well, bad = ASKED[question]
    day = Day()
    assert (await day.asks(question)).message.plain.startswith(well)
    day.page.open("Login and logout fail", {CLAUDE_AI: "major_outage"})
    day.passes(minutes=2)
    assert (await day.asks(question)).message.plain.startswith(bad)


@pytest.mark.parametrize(
    ("question", "provider"),
    [("is chatgpt down", "openai"), ("openai", "openai"), ("is azure openai ok", "azure-openai")],
)
async def test_a_provider_that_is_not_watched_is_said_to_be_so(
    question: str, provider: str
) -> None:
    text = await Day().says(question)
    assert "is not watched here" in text
    assert provider in text


def test_the_running_program_knows_whom_it_does_not_watch() -> None:
    """What the settings make, not only what a test makes of the catalogue."""
    (doubt,) = parse("is chatgpt down", watched_catalog(Settings())).doubts
    assert doubt.unwatched
    assert doubt.unwatched.id == "openai"


def test_a_provider_that_is_watched_is_never_called_unwatched() -> None:
    watched = only(load_catalog(), ["claude", "openai"])
    assert not parse("is chatgpt down", watched).doubts


async def test_each_button_of_the_help_is_answered() -> None:
    day = Day()
    buttons = (await day.asks("help")).message.buttons
    assert buttons
    for button in buttons:
        pressed = Request(OPS, "U1", "Ana", "", may_manage=True)
        answer = await day.commands.press(pressed, button.action, button.value)
        assert "don't know" not in answer.message.title
