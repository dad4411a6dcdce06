"""Autocompletion: what is suggested while an option is typed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

import discord
from discord.app_commands import Choice

from adapters.chat.text import cut
from bot.commands import Commands

Suggest = Callable[[discord.Interaction, str], Coroutine[Any, Any, list[Choice[str]]]]

# https://docs.discord.com/developers/interactions/application-commands#autocomplete
MOST_CHOICES: Final = 25
_CHOICE_TEXT: Final = 100
_LENGTHS: Final = ("30m", "1h", "2h", "4h", "8h", "1d", "2d", "7d", "14d", "30d", "90d")


class Answering(Protocol):
    """A responder of interactions, with the commands that it answers by."""

    @property
    def commands(self) -> Commands: ...


def suggest_surfaces(asked: Answering) -> Suggest:
    """Return what suggests surfaces for the last word that is being typed."""

    async def suggest(_interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        before, _, last = typed.replace(",", " ").rpartition(" ")
        sign = last[:1] if last[:1] in {"+", "-"} else ""
        found = asked.commands.suggest(last[len(sign) :])
        lead = f"{before.strip()} " if before.strip() else ""
        choices = [(f"{lead}{sign}{one.label}", f"{lead}{sign}{one.value}") for one in found]
        fitting = [pair for pair in choices if max(map(len, pair)) <= _CHOICE_TEXT]
        return [Choice(name=name, value=value) for name, value in fitting[:MOST_CHOICES]]

    return suggest


async def suggest_lengths(_interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
    """Suggest lengths of time that begin with what is typed."""
    return [Choice(name=one, value=one) for one in _LENGTHS if one.startswith(typed.strip())]


def suggest_incidents(asked: Answering) -> Suggest:
    """Return what suggests recent incidents by their id or a word of their title."""

    async def suggest(_interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        found = await asked.commands.suggest_incidents(typed)
        return [
            Choice(name=cut(f"{one.value} · {one.label}", _CHOICE_TEXT), value=one.value)
            for one in found[:MOST_CHOICES]
            if len(one.value) <= _CHOICE_TEXT
        ]

    return suggest
