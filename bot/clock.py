"""The wall clock. The composition root (`app`, `cli`) reads it; all others are given a clock."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)
