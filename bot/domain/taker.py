"""Who has taken an incident, and what a channel wants done while nobody has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Taker:
    """A person who said "I'm on it"."""

    person: str  # the platform's id; empty where the incident was handed to a name
    name: str  # as people read it: outside text
    at: datetime


@dataclass(frozen=True, slots=True)
class Escalation:
    """Call `mention` once a major outage has gone on for so long and nobody has taken it."""

    minutes: int
    mention: str  # the platform's own address of whom to call
