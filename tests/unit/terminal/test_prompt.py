"""What Tab offers at the prompt, and which buttons are pressed by typing."""

from __future__ import annotations

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from adapters.terminal import render
from adapters.terminal.buttons import pressed, typed_words
from adapters.terminal.completion import PromptCompleter
from adapters.terminal.look import Look
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.domain.message import Button, Message
from tests.unit.commands.fakes import Room
from tests.unit.messages.examples import NOW, OUTAGE

TWO = only(load_catalog(), ("claude", "openai"))


def offers(typed: str, words: PromptCompleter | None = None) -> list[str]:
    words = words or PromptCompleter(Room().commands, also=("logs", "exit"))
    return [found.text for found in words.get_completions(Document(typed), CompleteEvent())]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("subs", ["subscribe", "subscriptions"]),
        ("/isclaudedown unm", ["unmute"]),
        ("subscribe cod", ["code"]),
        ("subscribe +cod", ["+code"]),
        ("subscribe api maj", ["major"]),
        ("subscribe -mobi", ["-mobile"]),
        ("subscribe e", ["everything"]),
        ("subscribe th", ["thread-only"]),
        ("subscribe api ap", []),  # it is there already
        ("mute co", []),
        ("mute ", ["30m", "2h", "8h", "1d"]),
        ("history api 7", ["7d"]),
        ("uptime api 9", ["90d"]),
        ("help unm", ["unmute"]),
        ("help ap", []),
        ("consol", ["console"]),
        ("log", ["logs"]),
        ("ex", ["explain", "exit"]),
    ],
)
def test_what_is_being_typed_is_completed(typed: str, offered: list[str]) -> None:
    assert offers(typed) == offered


def test_an_empty_line_offers_verbs_first() -> None:
    assert offers("")[:2] == ["subscribe", "unsubscribe"]
    assert "ask" not in offers("")


def test_providers_are_offered_where_there_are_several() -> None:
    assert "openai" in offers("subscribe ", PromptCompleter(Room(catalog=TWO).commands))
    assert "claude" not in offers("subscribe ")


async def test_incidents_are_offered_by_their_ids() -> None:
    words = PromptCompleter(Room(OUTAGE).commands)
    await words.learn()

    assert offers("incident ", words) == [OUTAGE.id]
    assert offers("why ", words) == [OUTAGE.id]


BUTTONS = (
    Button("affected", "I'm affected", "claude/abc"),
    Button("back", "Tell me when it's back", "code"),
    Button("details", "Details", "claude/abc"),
    Button("subscribe", "Subscribe this channel"),
    Button("open", "Open it", url="https://example.com"),
)


def test_buttons_are_drawn_as_what_is_to_be_typed_where_one_can_type() -> None:
    words = ["affected claude/abc", "back code", "incident abc"]
    card = Message("Down", "Down", buttons=BUTTONS)
    somewhere = Look(100, colour=False, now=NOW)

    assert typed_words(BUTTONS) == words
    assert f"Type: {' · '.join(words)}" in render.root(card, Look(100, False, NOW, typed=True))
    assert "Type" not in render.root(card, somewhere)


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("affected claude/abc", ("affected", "claude/abc")),
        ("Works api ", ("works", "api")),
        ("back claude/abc", ("back", "claude/abc")),
        ("affected", ("affected", "")),
        ("back code", None),
        ("subscribe openai/api", None),
        ("affected by what", None),
        ("api", None),
        ("", None),
    ],
)
def test_a_line_that_is_no_command_presses_the_button_it_names(
    line: str, means: tuple[str, str] | None
) -> None:
    assert pressed(line) == means
