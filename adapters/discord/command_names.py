"""Names of the commands as they are typed on Discord. Pure.

The core speaks of commands by their words ("subscribe api partial"), set in code style. On
Discord they are three commands with named options; this turns the one into the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bot.catalog.names import SEVERITIES, length_of, share_of
from bot.commands.table import command_of
from bot.commands.types import Command, Takes

ASK: Final = "isclaudedown"
MANAGE: Final = "claudewatch"
INFO: Final = "claudeinfo"  # what changes nothing, for everybody
EXPLAIN: Final = "Is it Claude?"  # in the menu of a message
_IN_CODE: Final = re.compile(
    rf"`/(?P<root>{ASK}|{MANAGE}|{INFO})(?P<sub>(?: [a-z-]+)?)(?P<options>(?: [a-z_]+:[^`]*)?)`"
)
# Subcommands that are called otherwise than the verb.
_CALLED: Final = {"subscriptions": "list"}


def subcommand(command: Command) -> str:
    """Return the name of a command below /claudewatch or /claudeinfo."""
    return _CALLED.get(command.verb, command.verb)


def native(words: str) -> str:
    """Return how Discord's users call this; words that are no command stay as they are.

    >>> native("subscribe +opus")
    '/claudewatch subscribe surfaces:+opus'
    """
    if words == "(nothing)":
        return f"/{ASK}"
    verb, _, rest = words.strip().partition(" ")
    command = command_of(verb)
    if command is None or command.verb != verb:
        return words
    if command.personal:
        return f"/{ASK} surface:{words.strip()}"
    # Every word goes to the first option that takes it.
    given: dict[str, list[str]] = {option.name: [] for option in command.options}
    for word in rest.split():
        for option in command.options:
            if _fits(word, option.takes, full=bool(given[option.name])):
                given[option.name].append("True" if option.takes is Takes.REPORT else word)
                break
    named = [f"{name}:{' '.join(several)}" for name, several in given.items() if several]
    root = MANAGE if command.changes else INFO
    return " ".join([f"/{root} {subcommand(command)}", *named])


def clickable(text: str, ids: Mapping[str, str]) -> str:
    """Return rendered text in which commands can be clicked, by the ids that Discord gave them.

    What follows the command as options stays in code style: a mention of a command holds none.
    https://docs.discord.com/developers/reference#message-formatting
    """

    def mention(found: re.Match[str]) -> str:
        id_ = ids.get(found["root"])
        # A command with subcommands cannot be called without one.
        if id_ is None or (found["root"] != ASK and not found["sub"]):
            return found[0]
        options = f" `{found['options'].strip()}`" if found["options"] else ""
        return f"</{found['root']}{found['sub']}:{id_}>{options}"

    return _IN_CODE.sub(mention, text)


def _fits(word: str, takes: Takes, *, full: bool) -> bool:
    match takes:
        case Takes.SURFACES | Takes.SIGNED:
            measure = word in SEVERITIES or length_of(word) or share_of(word)
            return not measure and word != "slo"
        case Takes.SURFACE:
            return not full and not length_of(word)
        case Takes.SEVERITY:
            return not full and word in SEVERITIES
        case Takes.LENGTH | Takes.TARGET:
            read = length_of if takes is Takes.LENGTH else share_of
            return not full and read(word) is not None
        case Takes.INCIDENT | Takes.TEXT | Takes.MUTE:
            return takes is not Takes.INCIDENT or not full
        case _:
            return takes is Takes.REPORT and word == takes.value
