"""Claims and settlements as the queue's scripts write and read them: see queue.lua."""

from __future__ import annotations

from typing import Any

from adapters.redis import codec, keys
from adapters.redis.codec import moment, read_subscription, read_thread, write_pause, write_thread
from adapters.redis.database import Argument
from adapters.redis.subscriptions import LIFE
from bot.delivery.queue import Claim, Outcome, PendingThread, Settlement
from bot.domain.subscription import ThreadRecord

_NOTHING = ThreadRecord()


def read_claims(platform: str, answer: list[Any], *, token: str, deadline: float) -> list[Claim]:
    """Read what claim.lua answers: five numbers, then five parts for each channel."""
    lost, changed = int(answer[1]), int(answer[2])
    claims = []
    for at in range(5, len(answer), 5):
        member, subscription, pause, flat, subjects = answer[at : at + 5]
        entry = dict(zip(flat[::2], flat[1::2], strict=True))
        unconfirmed_since = entry.get(b"unconfirmed_since")
        claims.append(
            Claim(
                channel=keys.channel_of(platform, member.decode()),
                token=token,
                deadline=deadline,
                subscription=read_subscription(subscription, pause) if subscription else None,
                pending=_read_pending(entry, subjects),
                unconfirmed_since=moment(int(unconfirmed_since)) if unconfirmed_since else None,
                lost=(moment(lost), moment(changed)) if changed else None,
                failures=int(entry.get(b"failures", 0)),
                granted=b"granted_at" in entry,
            )
        )
    return claims


def _read_pending(entry: dict[bytes, bytes], subjects: list[bytes]) -> tuple[PendingThread, ...]:
    """The most urgent first, then what has waited longest."""
    pending = []
    for subject, stored, reminder in zip(
        subjects[::3], subjects[1::3], subjects[2::3], strict=True
    ):
        class_, since, first, version = entry[subject].split(b":", 3)
        one = PendingThread(
            subject.decode(),
            version.decode().rstrip("+"),
            read_thread(stored) if stored else _NOTHING,
            first=int(first),
            reminder=codec.reminders.load(reminder) if reminder else None,
            entry=entry[subject],
        )
        pending.append((int(class_), int(since), one))
    return tuple(one for _, _, one in sorted(pending, key=lambda item: item[:2]))


def settlement_arguments(settlement: Settlement, lease: float) -> list[Argument]:
    """Return what settle.lua takes for one claim. `lease` in seconds."""
    claim, at = settlement.claim, settlement.at
    wait = lease if settlement.outcome is Outcome.HOLD else settlement.delay
    pause: bytes = b"ended" if settlement.resume else b""
    if settlement.pause is not None:
        pause = write_pause(settlement.pause)
    arguments: list[Argument] = [
        keys.member(claim.channel),
        claim.token,
        settlement.outcome.value,
        int(wait * 1000) if at is None else f"={at:.0f}",
        settlement.unconfirmed.value,
        b"" if settlement.failures is None else settlement.failures,
        b"" if at is None else f"{at:.0f}",
        pause,
        len(settlement.updates),
    ]
    for update in settlement.updates:
        pending = update.pending
        is_reminder = pending.reminder is not None  # it needs no record: it is forgotten
        arguments += [
            pending.subject,
            pending.entry if update.settled else b"",
            b"" if is_reminder else write_thread(update.thread, update.version),
            LIFE,
            1 if update.forget else 0,
        ]
    return arguments
