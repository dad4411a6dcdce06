from __future__ import annotations

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from adapters.terminal.prompt import Words
from tests.unit.commands.fakes import Room


def offers(typed: str) -> list[str]:
    found = Words(Room().commands).get_completions(Document(typed), CompleteEvent())
    return [completion.text for completion in found]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("subs", ["subscribe", "subscriptions"]),
        ("/isclaudedown unm", ["unmute"]),
        ("subscribe cod", ["code"]),
        ("subscribe +cod", ["+code"]),
        ("subscribe api maj", ["major"]),
        ("subscribe -mobi", ["-mobile"]),
        ("mute co", []),
        ("consol", ["console"]),
    ],
)
def test_what_is_being_typed_is_completed(typed: str, offered: list[str]) -> None:
    assert offers(typed) == offered


def test_an_empty_line_offers_verbs_first() -> None:
    assert offers("")[:2] == ["subscribe", "unsubscribe"]
    assert "ask" not in offers("")
