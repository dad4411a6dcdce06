"""A clock that stands until a test moves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Moment = TypeVar("Moment")  # an aware datetime, or seconds


@dataclass
class StandingClock(Generic[Moment]):
    """Every call returns `now`."""

    now: Moment

    def __call__(self) -> Moment:
        return self.now
