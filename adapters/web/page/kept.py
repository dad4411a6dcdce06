"""A cache for all pages of what costs much to read and changes little, such as months."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.domain.errors import StoreError

T = TypeVar("T")

FOR = 60.0  # seconds, and at least so long whatever is written meanwhile:
AT_LEAST = 5.0


@dataclass(slots=True)
class Kept(Generic[T]):
    """One value, read by one reader at a time; while our store is away, the last that was read."""

    read: Callable[[], Awaitable[T]]
    monotonic: Callable[[], float]  # seconds
    _value: T | None = None
    _read_at: float | None = None
    _written: bool = False
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def expire(self) -> None:
        """Something was written that it may be made of."""
        self._written = True

    async def get(self, otherwise: T) -> T:
        """Return it, or `otherwise` where our store does not answer and never did."""
        async with self._reading:
            now = self.monotonic()
            kept = AT_LEAST if self._written else FOR
            if self._read_at is None or now - self._read_at >= kept:
                self._written = False
                try:
                    self._value = await self.read()
                    self._read_at = now
                except StoreError:
                    pass  # the page itself says that it is old
            return otherwise if self._value is None else self._value
