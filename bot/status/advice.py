"""Retry now, back off, use something else, or stop: from the verdict, its phase and its trend.

    verdict                     phase or trend          advice
    up                          any                     retry now
    up, ended under 10 min ago  any                     back off 1 min: all the others retry too
    unknown                     any                     back off 2 min
    suspected, degraded         getting better          back off 1 min
    suspected, degraded         otherwise               back off 3 min
    partial outage              monitoring, better      back off 3 min
    partial outage              otherwise               back off 8 min
    major outage                monitoring, better      back off 5 min
    major outage                otherwise               stop; look again in 15 min
    maintenance                 any                     stop; look again at its end, or in 15 min

Where it says back off or stop and there are switch targets (see `switch`), they are named: use
them instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from bot.domain.evidence import Verdict
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.status.switch import SwitchTarget, switch_targets
from bot.status.view import StatusView

JITTER = 0.5  # a wait is drawn between once and one and a half times what is advised
SETTLING = timedelta(minutes=10)


class Do(StrEnum):
    NOW = "retry_now"
    BACK_OFF = "back_off"
    SWITCH = "switch"
    STOP = "stop"


class Trend(StrEnum):
    BETTER = "better"
    STEADY = "steady"
    WORSE = "worse"

    @classmethod
    def of(cls, before: Severity, after: Severity) -> Trend:
        if before is after or before in {Severity.UP, Severity.UNKNOWN}:
            return Trend.STEADY  # the beginning is no trend
        return Trend.BETTER if after.rank < before.rank else Trend.WORSE


@dataclass(frozen=True, slots=True)
class Advice:
    """`wait` is what everybody is told, `retry_after` the same with the asker's own jitter.

    `targets` are surfaces to use instead (only with SWITCH; `wait` then says when to look again).
    """

    do: Do
    wait: timedelta
    retry_after: timedelta
    targets: tuple[SwitchTarget, ...] = ()

    @property
    def use(self) -> tuple[str, ...]:
        return tuple(target.surface for target in self.targets)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The course of a surface by its open incidents."""

    phase: str = ""
    trend: Trend = Trend.STEADY
    until: datetime | None = None  # a maintenance's end
    ended_at: datetime | None = None  # the latest that is over


def outlook(surface: str, incidents: Sequence[Incident]) -> Outlook:
    """Read the course from incidents, open ones and those that ended lately."""
    about = [i for i in incidents if surface in i.surfaces and not i.withdrawn]
    ended = max((i.ended_at for i in about if i.ended_at), default=None)
    running = [i for i in about if i.is_open]
    if not running:
        return Outlook(ended_at=ended)
    last = max(running, key=lambda i: i.events[-1].at if i.events else i.started_at)
    # By the last change of this surface; without one, by the last two severities of the whole.
    changes = [c for e in last.events for c in e.changes if c.surface == surface and not c.released]
    moves = [(change.before, change.after) for change in changes]
    moves = moves or list(pairwise(severity for _, severity in last.timeline))
    trend = Trend.of(*moves[-1]) if moves else Trend.STEADY
    return Outlook(last.phase, trend, last.scheduled_until, ended)


def advice(view: StatusView, surface: str, draw: float) -> Advice | None:
    """Return the advice on a surface; None where nobody knows it.

    `draw` is a random number from 0 to 1 for the jitter.
    """
    verdict = view.verdict(surface)
    return None if verdict is None else advice_on(verdict, view, draw)


def advice_on(verdict: Verdict, view: StatusView, draw: float) -> Advice:
    """Return the advice on the surface of a verdict of this view."""
    course = outlook(verdict.carried_by or verdict.surface, view.recent)
    return advise(verdict, course, switch_targets(view, verdict.surface), view.at, draw)


def advise(
    verdict: Verdict, course: Outlook, targets: Sequence[SwitchTarget], now: datetime, draw: float
) -> Advice:
    """Say what to do about one surface.

    `draw` is a random number from 0 to 1 for the jitter.
    """
    do, wait = _base(verdict, course, now)
    switches = bool(targets) and do is not Do.NOW and verdict.severity is not Severity.UP
    do = Do.SWITCH if switches else do
    return Advice(do, wait, wait * (1 + JITTER * draw), tuple(targets) if switches else ())


def _base(verdict: Verdict, course: Outlook, now: datetime) -> tuple[Do, timedelta]:
    better = course.trend is Trend.BETTER or course.phase == "monitoring"
    minutes: float
    match verdict.severity:
        case Severity.UP:
            settling = course.ended_at is not None and now - course.ended_at < SETTLING
            return (Do.BACK_OFF, timedelta(minutes=1)) if settling else (Do.NOW, timedelta(0))
        case Severity.UNKNOWN:
            minutes = 2
        case Severity.DEGRADED:
            minutes = 1 if better else 3
        case Severity.PARTIAL:
            minutes = 3 if better else 8
        case Severity.MAJOR if better:
            minutes = 5
        case Severity.MAINTENANCE if course.until is not None and course.until > now:
            return Do.STOP, course.until - now
        case _:
            return Do.STOP, timedelta(minutes=15)
    return Do.BACK_OFF, timedelta(minutes=minutes)
