"""The store of the past, as a port."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.incident import Incident
from bot.history.spans import Span


class HistoryReader(Protocol):
    """The record of what was observed. Every method may raise `StoreError`: no answer of Redis."""

    async def spans(self, provider: str, since: datetime) -> list[Span]:
        """Spans that ended then or later, oldest first."""
        ...


class HistoryStore(HistoryReader, Protocol):
    """The past of each provider, beside the incidents of `IncidentStore` and in the same place."""

    async def take_in(self, provider: str, incidents: Sequence[Incident]) -> None:
        """Keep incidents that were over before we looked. What we saw ourselves stays as it is."""
        ...

    async def keep(self, provider: str, spans: Sequence[Span]) -> None:
        """Write spans; one that begins like another of its place takes its place."""
        ...

    async def prune(self, provider: str, before: datetime) -> int:
        """Drop what ended before then, and the oldest of what is too much. Returns how many."""
        ...
