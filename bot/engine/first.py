"""The beginning: the first look is taken as it is, and nothing of it is told."""

from __future__ import annotations

from datetime import datetime

from bot.domain.page import Snapshot
from bot.domain.state import State


def begin(snapshot: Snapshot, now: datetime) -> State:
    """A state that knows nothing yet; what the first look shows was there before us."""
    return State(
        provider=snapshot.provider,
        began_at=now,
        observed_at=now,
        page_updated_at=snapshot.updated_at,
    )
