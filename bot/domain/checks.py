"""Results of `doctor`: one line a thing, and what to do where something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    GOOD = "ok"
    WARNING = "warning"  # it works, and something will hurt one day
    BROKEN = "broken"
    OFF = "off"  # nobody set it up, which is fine


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`what` was looked at, what it `says`, and what to do (`advice`, empty where all is well)."""

    what: str
    says: str
    health: Health = Health.GOOD
    advice: str = ""
