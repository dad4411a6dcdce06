"""A channel's board: one message that is always changed to show the present."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.page import Severity

BOARD = "board:"  # its key in the queue: the same for all channels
PIN = "pin"  # how a record names whether it was pinned: "" or why it is not


@dataclass(frozen=True, slots=True)
class Board:
    """A board that a channel asked for."""

    since: datetime  # one that is asked for later is another message
    kept: bool = True  # False: it ends, with a last change

    @property
    def number(self) -> int:
        """The number by which its record knows it."""
        return int(self.since.timestamp())


@dataclass(frozen=True, slots=True)
class BoardState:
    """The subject of all boards. Its version changes with whatever a board may show."""

    version: str

    @property
    def key(self) -> str:
        return BOARD

    @property
    def severity(self) -> Severity:
        """Less urgent than all that is told by a message of its own."""
        return Severity.UP
