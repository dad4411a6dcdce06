"""What is known now of one provider, gathered for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.evidence import Source, Verdict
from bot.domain.incident import Incident
from bot.domain.page import Severity, worst
from bot.domain.state import State

# A look that fails now and then is no news; for this long we still say what we saw last.
_BLIND_AFTER = timedelta(minutes=2)
# Nobody looked at all (the watcher is gone, the machine slept): the answer would be a guess.
_OLD_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """One provider's verdicts, its open incidents, and how well we see its page.

    `checked_at` is the last good look (None: never). `failing_since`: no look succeeded since
    then, for the reason `failure`. `seen`: what may be asked of it (see `sees`).
    """

    provider: str
    verdicts: tuple[Verdict, ...] = ()
    incidents: tuple[Incident, ...] = ()
    checked_at: datetime | None = None
    failing_since: datetime | None = None
    failure: str = ""
    debounced: int = 0

    def sees(self, now: datetime) -> bool:
        """Is what we know fresh enough to speak of the present?"""
        if self.checked_at is None:
            return False
        age = now - self.checked_at
        return age < (_BLIND_AFTER if self.failing_since else _OLD_AFTER)


def provider_status(
    provider: str, state: State | None, verdicts: tuple[Verdict, ...] = ()
) -> ProviderStatus:
    """What a stored state and the verdicts drawn from it say."""
    if state is None:
        return ProviderStatus(provider)
    open_ones = [i for i in state.incidents.values() if i.is_open and not i.withdrawn]
    return ProviderStatus(
        provider=provider,
        verdicts=verdicts,
        incidents=tuple(sorted(open_ones, key=lambda i: i.started_at)),
        checked_at=state.observed_at,
        failing_since=state.failing_since,
        failure=state.failure,
        debounced=state.debounced,
    )


def last_known(verdict: Verdict) -> Severity:
    """The severity when the page was last seen, even where the verdict is by now unknown."""
    if verdict.severity is not Severity.UNKNOWN:
        return verdict.severity
    page = [e.severity for e in verdict.evidence if e.source is Source.PAGE]
    return worst(page, default=Severity.UNKNOWN)
