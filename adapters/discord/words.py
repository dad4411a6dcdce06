"""The commands as they are typed on Discord.

The core speaks of commands by their words ("subscribe api partial"), set in code style. On
Discord they are two commands with named options; this turns the one into the other. Pure.
"""

from __future__ import annotations

import re
from typing import Final

ASK: Final = "isclaudedown"
MANAGE: Final = "claudewatch"

_SEVERITIES: Final = frozenset({"degraded", "partial", "major", "maintenance", "all"})
_LENGTH: Final = re.compile(r"\d+[mhdw]")
# Verb of the core → subcommand of /claudewatch, and the option that takes what follows.
_OPTIONS: Final = {
    "subscribe": ("subscribe", "surfaces"),
    "unsubscribe": ("unsubscribe", ""),
    "subscriptions": ("list", ""),
    "mute": ("mute", "length"),
    "unmute": ("unmute", ""),
    "history": ("history", "surface"),
    "incident": ("incident", "id"),
    "report": ("report", "surface"),
    "test": ("test", ""),
    "why": ("why", "incident"),
    "help": ("help", ""),
}
# Open to everybody, so they go with the question.
_ASKED: Final = frozenset({"justme", "back", "explain", "scoreboard"})


def native(words: str) -> str:
    """Return how Discord's users call this; words that are no command stay as they are.

    >>> native("subscribe +opus")
    '/claudewatch subscribe surfaces:+opus'
    """
    if words == "(nothing)":
        return f"/{ASK}"
    verb, _, rest = words.strip().partition(" ")
    if verb in _ASKED:
        return f"/{ASK} surface:{words.strip()}"
    if verb not in _OPTIONS:
        return words
    name, option = _OPTIONS[verb]
    return " ".join([f"/{MANAGE} {name}", *_named(name, option, rest.split())])


def _named(name: str, option: str, rest: list[str]) -> list[str]:
    """The options, each with its name in front."""
    if not option or not rest:
        return []
    if name == "subscribe":
        severity = [word for word in rest if word in _SEVERITIES]
        surfaces = [word for word in rest if word not in _SEVERITIES]
        return [*_option("surfaces", surfaces), *_option("severity", severity[:1])]
    if name == "history":
        length = [word for word in rest if _LENGTH.fullmatch(word)]
        return [
            *_option("surface", [w for w in rest if w not in length]),
            *_option("length", length),
        ]
    if name == "report":
        return [*_option("surface", rest[:1]), *_option("text", rest[1:])]
    return _option(option, rest)


def _option(name: str, words: list[str]) -> list[str]:
    return [f"{name}:{' '.join(words)}"] if words else []
