"""Codecs of stored values. What an older version did not write takes its default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.domain.errors import StoreError
from bot.domain.incident import Incident
from bot.domain.state import State
from bot.domain.subscription import Pause, Reminder, Subscription, ThreadRecord

T = TypeVar("T")
NEVER = 9_000_000_000_000_000  # ms, beyond any date: only when the platform says so


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


@dataclass(frozen=True, slots=True)
class Moments:
    """The times of a `State` that each poll changes; kept apart, since the rest rarely does."""

    observed_at: datetime
    page_updated_at: datetime | None = None
    history_at: datetime | None = None
    history_for: datetime | None = None


states = Codec(State)
moments = Codec(Moments)
incidents = Codec(Incident)
subscriptions = Codec(Subscription)
pauses = Codec(Pause)
threads = Codec(ThreadRecord)
reminders = Codec(Reminder)


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def moment(ms: float) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def pairs(found: Any) -> Iterable[tuple[bytes, bytes]]:  # noqa: ANN401 (as redis-py gives it)
    """Return fields or members with what belongs to each: a dict, pairs, or one flat list."""
    if isinstance(found, dict):
        return found.items()
    if found and isinstance(found[0], tuple | list):
        nested: list[tuple[bytes, bytes]] = found
        return nested
    return zip(found[::2], found[1::2], strict=True)


def write_state(state: State) -> tuple[bytes, bytes]:
    """Return the moments and the rest, as JSON."""
    times = Moments(state.observed_at, state.page_updated_at, state.history_at, state.history_for)
    rest = replace(
        state,
        observed_at=state.began_at,
        page_updated_at=None,
        history_at=None,
        history_for=None,
    )
    return moments.dump(times), states.dump(rest)


def read_state(times: bytes, rest: bytes) -> State:
    found = moments.load(times)
    return replace(
        states.load(rest),
        observed_at=found.observed_at,
        page_updated_at=found.page_updated_at,
        history_at=found.history_at,
        history_for=found.history_for,
    )


def read_subscription(stored: bytes, pause: bytes) -> Subscription:
    """Read what the scripts keep: when written, index sets, JSON; and its pause, b"" for none."""
    written, _, rest = stored.partition(b"|")
    document = rest.partition(b"|")[2]
    # pydantic takes milliseconds for a moment; `replace` would take as long as all the reading.
    subscription = subscriptions.load(b'%b,"changed_at":%b}' % (document[:-1], written))
    if not pause:
        return subscription
    return replace(subscription, paused=pauses.load(pause.partition(b"|")[2]))


def write_pause(pause: Pause) -> bytes:
    """Next try (ms), JSON."""
    due = ms(pause.next_try) if pause.next_try else NEVER
    return b"%d|%s" % (due, pauses.dump(pause))


def read_thread(stored: bytes) -> ThreadRecord:
    """Read what the scripts keep: version, whether there is a root, JSON."""
    return threads.load(stored.split(b"|", 2)[2])


def write_thread(thread: ThreadRecord, version: str) -> bytes:
    root = 0 if thread.root is None else 1
    return b"%s|%d|%s" % (version.encode(), root, threads.dump(thread))
