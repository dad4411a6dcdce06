"""What happened in a day or a week, for a digest: gathered once for all channels alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.incident import Incident, Origin
from bot.domain.quiet import Period
from bot.domain.subscription import Subscription
from bot.evidence.scoreboard import ScoreEntry, ScoreResult, scoreboard
from bot.history.figures import UptimeReport
from bot.status.service import StatusService

BEFORE = timedelta(days=30)  # "the month before", with which uptime is compared


@dataclass(frozen=True, slots=True)
class Digest:
    """What one channel is told of a period."""

    period: Period
    incidents: tuple[Incident, ...] = ()  # oldest first
    scheduled: tuple[Incident, ...] = ()
    scored: tuple[ScoreEntry, ...] = ()  # our own early and false alarms
    uptime: UptimeReport | None = None
    before: UptimeReport | None = None  # the month before the period

    @property
    def is_empty(self) -> bool:
        return not (self.incidents or self.scheduled or self.scored)


async def digest_for(status: StatusService, subscription: Subscription, period: Period) -> Digest:
    """Gather what a channel asked for.

    Raises:
        StoreError: Redis did not answer.
    """
    known = await status.incidents_since(period.start)
    asked = [
        one
        for one in known
        if subscription.matches(one) and not one.withdrawn and one.started_at < period.end
    ]
    happened = [
        one
        for one in asked
        if not one.maintenance and not one.quiet and one.origin is not Origin.SUSPECTED
    ]
    planned = [
        one
        for one in asked
        if one.maintenance and one.is_open and (one.scheduled_for or one.started_at) >= period.end
    ]
    told = {ScoreResult.LEAD, ScoreResult.FALSE_ALARM}
    scored = [e for e in scoreboard(asked).entries if e.result in told]
    catalog = status.catalog
    surfaces = sorted(subscription.surfaces) or [
        surface.id for name in catalog.by_default for surface in catalog.provider(name).surfaces
    ]
    length = period.end - period.start
    return Digest(
        period,
        tuple(happened),
        tuple(planned),
        tuple(scored),
        await status.uptime(surfaces, length, end=period.end),
        await status.uptime(surfaces, BEFORE, end=period.start),
    )
