"""The commands as they are typed on Discord.

The core speaks of commands by their words ("subscribe api partial"), set in code style. On
Discord they are two commands with named options; this turns the one into the other. Pure.
"""

from __future__ import annotations

from typing import Final

ASK: Final = "isclaudedown"
MANAGE: Final = "claudewatch"

_SEVERITIES: Final = ("degraded", "partial", "major", "maintenance", "all")
# Verb of the core → subcommand, and the option that takes what follows.
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


def native(words: str) -> str:
    """Return how Discord's users call this; words that are no command stay as they are.

    >>> native("subscribe +opus")
    '/claudewatch subscribe surfaces:+opus'
    """
    if words == "(nothing)":
        return f"/{ASK}"
    verb, _, rest = words.strip().partition(" ")
    if verb not in _OPTIONS or "," in verb:
        return words
    name, option = _OPTIONS[verb]
    named = _named(option, rest.split()) if option else ""
    return f"/{MANAGE} {name}{named}"


def _named(option: str, rest: list[str]) -> str:
    severity = [word for word in rest if word in _SEVERITIES and option == "surfaces"]
    others = " ".join(word for word in rest if word not in severity)
    shown = f" {option}:{others}" if others else ""
    return shown + (f" severity:{severity[0]}" if severity else "")
