"""Log lines about a page for its operator: each once, until it changes."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.catalog.providers import Provider
from bot.domain.page import Snapshot

log = structlog.get_logger()

MOST_NAMED = 10  # components in a log line (guess)


@dataclass(slots=True)
class PageLog:
    """The lines about one page."""

    provider: str
    _oddities: tuple[str, ...] = ()  # of the last poll
    _unlisted: tuple[str, ...] = ()  # components of the last poll that the catalogue lacks

    def polled(self, snapshot: Snapshot, provider: Provider, flaps: int, ever: int) -> None:
        """Say what is new. `flaps`: changes that this poll showed to be no more than a flap."""
        if snapshot.list_failure:
            log.info("page.list_failed", provider=self.provider, reason=snapshot.list_failure)
        # What the page wrote that could not be understood.
        new = [oddity for oddity in snapshot.oddities if oddity not in self._oddities]
        if new:
            log.warning("page.odd", provider=self.provider, oddities=new)
        unlisted = tuple(c.name for c in snapshot.components if not provider.knows(c.id))
        if unlisted and unlisted != self._unlisted:
            # Their incidents are told to those who asked for everything, under no surface's name.
            first = unlisted[:MOST_NAMED]
            log.info("page.unlisted", provider=self.provider, components=first, count=len(unlisted))
        if flaps:
            log.info("page.debounced", provider=self.provider, flaps=flaps, ever=ever)
        self._oddities, self._unlisted = snapshot.oddities, unlisted
