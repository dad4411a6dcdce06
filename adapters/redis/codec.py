"""What we keep as JSON, to and fro. What an older version did not write takes its default."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.domain.errors import StoreError
from bot.domain.incident import Incident
from bot.domain.state import State
from bot.domain.subscription import Pause, Subscription, ThreadRecord

T = TypeVar("T")


class Codec(Generic[T]):
    """JSON of one kind of value."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def dump(self, value: T) -> bytes:
        return self._adapter.dump_json(value, exclude_defaults=True)

    def load(self, data: bytes) -> T:
        """Read it back.

        Raises:
            StoreError: this is not what we wrote.
        """
        try:
            value: T = self._adapter.validate_json(data)
        except ValidationError as error:
            text = f"a stored {self._kind.__name__} cannot be read: {error.error_count()} faults"
            raise StoreError(text) from error
        return value


states = Codec(State)
incidents = Codec(Incident)
subscriptions = Codec(Subscription)
pauses = Codec(Pause)
threads = Codec(ThreadRecord)
