"""Lines of a root that name what a channel's team can use instead, as of the moment it is sent.

They name the time at which it was seen to work, so that a root that stays as it is says nothing
wrong. Only teams that have said what they can use get one: a root is else the same for thousands
of channels.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.delivery.cache import TimedCache
from bot.domain.errors import StoreError
from bot.domain.incident import Incident
from bot.domain.message import Line
from bot.domain.subscription import Channel
from bot.messages.advice import switch_line
from bot.status.switch import switch_targets
from bot.status.view import StatusView

TEAMS_READ_EVERY = 10.0  # seconds (guess): one read for all roots of that time


class SwitchLines:
    """`teams` reads what each team has said, by its name; `usable` holds for all others."""

    def __init__(
        self,
        view: TimedCache[StatusView],
        teams: Callable[[], Awaitable[Mapping[str, tuple[str, ...]]]],
        usable: tuple[str, ...],
    ) -> None:
        self._view = view
        self._teams = TimedCache(teams, TEAMS_READ_EVERY)
        self._usable = usable

    async def line(self, channel: Channel, incident: Incident) -> Line:
        """Return the line; empty where nothing is known to work, or it cannot be read now."""
        if not incident.is_open or incident.withdrawn or not incident.surfaces:
            return ()
        try:
            alternatives = (await self._teams.get()).get(channel.owner, self._usable)
            if not alternatives:
                return ()
            view = replace(await self._view.get(), alternatives=alternatives)
        except StoreError:
            return ()  # an incident does not wait for it
        surfaces = incident.surfaces
        worst = max(surfaces, key=lambda surface: surfaces[surface].now.rank)
        targets = switch_targets(view, worst)
        return switch_line([t for t in targets if t.surface not in surfaces], view.catalog)
