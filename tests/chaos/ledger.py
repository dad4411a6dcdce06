"""Counts what went wrong in the channels: lost, doubled, out of order, half edited."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.incident import EventKind, Incident, IncidentEvent
from bot.domain.subscription import Channel
from tests.servers.chat import ChatServer, PostedMessage


@dataclass
class Ledger:
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    half_edited: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.disordered or self.half_edited)

    def check(self, server: ChatServer, channel: Channel, incident: Incident) -> None:
        """Hold what stands in a channel against the incident, once all is settled."""
        prefix = f"{channel}/{incident.key}/"
        messages = [
            (m.key.removeprefix(prefix), m)
            for m in server.thread(f"{channel.tenant}/{channel.id}")
            if m.key.startswith(prefix)
        ]
        self.doubled += [
            prefix + name for name, n in Counter(n for n, _ in messages).items() if n > 1
        ]
        named = dict(reversed(messages))
        root = named.pop("root", None)
        if root is None:
            self.lost.append(f"{prefix}root")
            return
        self._check_root(root, incident)
        self._check_replies(root, named, incident, prefix)

    def _check_root(self, root: PostedMessage, incident: Incident) -> None:
        revisions = [int(shown.rsplit("r", 1)[1]) for shown in root.shown]
        if revisions[-1] != incident.revision:
            self.half_edited.append(f"{root.key} shows r{revisions[-1]} of {incident.revision}")
        if revisions != sorted(revisions):
            self.disordered.append(f"{root.key} went back: {revisions}")

    def _check_replies(
        self, root: PostedMessage, named: dict[str, PostedMessage], incident: Incident, prefix: str
    ) -> None:
        told_by_root = int(root.shown[0].rsplit("r", 1)[1])
        told: list[tuple[int, PostedMessage]] = []
        covered = 0
        by_key = {event.key: event for event in incident.events}
        for name, message in named.items():
            event = by_key[name.removeprefix("until/")]
            told.append((event.revision, message))
            if message.root != root.id:
                self.disordered.append(f"{message.key} hangs below {message.root}")
            if name.startswith("until/"):
                covered = max(covered, event.revision)
        for event in incident.events:
            due = event.revision > max(told_by_root, covered) and _needs_reply(event)
            if due and event.key not in named:
                self.lost.append(prefix + event.key)
        in_time = [revision for revision, m in sorted(told, key=lambda pair: pair[1].id)]
        if in_time != sorted(in_time):
            self.disordered.append(f"{prefix} replies came as {in_time}")
        self._check_corrections(named, incident)

    def _check_corrections(self, named: dict[str, PostedMessage], incident: Incident) -> None:
        for event in incident.events:
            message = named.get(event.corrects or "")
            if event.kind is EventKind.CORRECTED and message is not None:
                shown = int(message.shown[-1].rsplit("r", 1)[1])
                if shown < event.revision:
                    self.half_edited.append(f"{message.key} shows r{shown}, not {event.revision}")


def _needs_reply(event: IncidentEvent) -> bool:
    return event.kind is not EventKind.CORRECTED


async def settled(faults: Callable[[], list[str]]) -> list[str]:
    """Return what is still wrong when it has been quiet, or after a minute and a half."""
    wrong: list[str] = []
    for _ in range(180):
        wrong = faults()
        # What was sent twice will not be put right by waiting.
        if not wrong or any("times" in fault or "2 roots" in fault for fault in wrong):
            break
        await asyncio.sleep(0.5)
    return wrong
