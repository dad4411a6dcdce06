"""The messages shown on this terminal, kept in a file so that a restart shows none twice.

One JSON object a line: `at` (ISO 8601), `key` (the delivery's), `ref` (ours), `root` (the ref of
the thread's root; absent for a root), `of` (the thread's title), `drawn` (a hash of what it
shows). A revised message is one more line with its ref. Compacted at start.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

# Edits of a provider come up to 51 days late (GitHub); what is older is not looked for.
KEPT = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class TranscriptRecord:
    at: datetime
    key: str
    ref: str
    root: str | None = None
    of: str = ""
    drawn: str = ""


class Transcript:
    """Appends as it goes. Not for two processes at once: the data folder is locked by the app."""

    def __init__(self, path: Path, now: datetime) -> None:
        """Read what is there and rewrite it without what is too old.

        Raises:
            OSError: the folder cannot be read or written.
        """
        self._records: dict[str, TranscriptRecord] = {}
        self._by_key: dict[tuple[str | None, str], str] = {}
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for record in read_records(path):
            if now - record.at < KEPT:
                self._remember(record)
        # All or nothing: a crash in the middle leaves the old file. For nobody else to read.
        fresh = path.with_suffix(".new")
        with open(fresh, "w", encoding="utf-8", opener=_private) as file:
            file.writelines(_dump(record) + "\n" for record in self._records.values())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        self.file = open(path, "a", encoding="utf-8", opener=_private)  # noqa: SIM115

    @property
    def size(self) -> int:
        return len(self._records)

    def get(self, ref: str) -> TranscriptRecord | None:
        return self._records.get(ref)

    def find(self, root: str | None, key: str, since: datetime) -> str | None:
        """The ref of the last message with this key, in this thread or (None) among the roots."""
        ref = self._by_key.get((root, key))
        return ref if ref and self._records[ref].at >= since else None

    def add(self, record: TranscriptRecord) -> None:
        """Written and handed to the system before this returns: SIGKILL does not take it back."""
        self._remember(record)
        self.file.write(_dump(record) + "\n")
        self.file.flush()

    def close(self) -> None:
        self.file.close()

    def _remember(self, record: TranscriptRecord) -> None:
        known = self._records.get(record.ref)
        if known:
            # A revision: first sent when it was first sent.
            record = TranscriptRecord(
                known.at, known.key, known.ref, known.root, record.of, record.drawn
            )
        self._records[record.ref] = record
        self._by_key[record.root, record.key] = record.ref


def fingerprint(drawn: str) -> str:
    return hashlib.sha256(drawn.encode()).hexdigest()[:16]


def _dump(record: TranscriptRecord) -> str:
    fields = {name: value for name, value in asdict(record).items() if value not in (None, "")}
    fields["at"] = record.at.isoformat()
    return json.dumps(fields, ensure_ascii=False)


def read_records(path: Path) -> Iterator[TranscriptRecord]:
    """Yield all that can be read; a torn last line (the machine stopped in it) is passed over."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            fields: dict[str, Any] = json.loads(line)
            yield TranscriptRecord(**{**fields, "at": datetime.fromisoformat(fields["at"])})
        except (ValueError, TypeError, KeyError):
            continue


def _private(path: str, flags: int) -> int:
    """Open a file that is its owner's alone, also if it was everybody's before."""
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor
