"""Buttons of messages as words: what is typed at the prompt to press one, and which one it is.

`works code` presses "It works again for me". Where a command does the same, its words are shown.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.commands.buttons import BUTTONS
from bot.commands.table import command_of
from bot.domain.message import Button


def typed_words(buttons: Iterable[Button]) -> list[str]:
    """Return what to type for each; nothing for those that mean nothing at a prompt."""
    words = []
    for button in buttons:
        value = button.value
        match button.action:
            case "subscribe":
                # This channel is subscribed to everything from the start.
                words += [f"subscribe +{value}"] if value else []
            case "details":
                # Of a surface, or of all: that is what was just answered.
                words += [f"incident {value.partition('/')[2]}"] if "/" in value else []
            case action if not button.url:
                words.append(f"{action} {value}".strip())
    return words


def pressed(line: str) -> tuple[str, str] | None:
    """The action and value of the button that a line presses; None: it is a command."""
    action, _, value = line.strip().partition(" ")
    action, value = action.casefold(), value.strip()
    # `subscribe` is the command: the button only ever adds.
    if action not in BUTTONS or action == "subscribe" or " " in value:
        return None
    # The commands know surfaces, and no incident by its key.
    return (action, value) if command_of(action) is None or "/" in value else None
