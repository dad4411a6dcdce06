"""The frame of loops that queue channels by what the state of each provider says."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from bot.delivery.stores import EventStream
from bot.domain.state import State
from bot.loops.periodic import StoreLoop
from bot.ports import Clock, IncidentStore


class StateFanOut(StoreLoop):
    """A loop over the states of all providers. A subclass says which channels are queued."""

    name: ClassVar[str]  # for the log
    look_every: ClassVar[float]  # seconds

    def __init__(
        self,
        providers: Sequence[str],
        incident_store: IncidentStore,
        stream: EventStream,
        clock: Clock,
        *,
        interval: float | None = None,
    ) -> None:
        """`interval`: seconds between two looks; None: `look_every`."""
        super().__init__(self.name, self.look_every if interval is None else interval)
        self._providers = providers
        self._incident_store = incident_store
        self._stream = stream
        self._clock = clock

    async def queue_due(self) -> bool:
        for provider in self._providers:
            if state := (await self._incident_store.load(provider)).state:
                await self.queue_from(state)
        return False

    @abstractmethod
    async def queue_from(self, state: State) -> None:
        """Queue the channels that this state makes stale.

        Raises:
            StoreError: the store did not answer; the rest is found at the next look.
        """
