"""A page of a few lines, quiet and with an incident that is open, and how it is polled.

Shapes, words and ids are those that were recorded (or documented, where nothing was); the texts
are our own.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from adapters.providers.kinds import KINDS
from adapters.providers.port import Page, Poller
from bot.domain.errors import SourceError
from bot.domain.page import Severity, Snapshot

Json = object
PAGE = "https://status.example.com"


@dataclass(frozen=True, slots=True)
class Sample:
    """One kind's page. `quiet` and `trouble` are bodies by path; JSON values or feeds as text."""

    kind: str
    components: Mapping[str, tuple[str, ...]]
    quiet: Mapping[str, Json]
    trouble: Mapping[str, Json]
    down: str  # the component that is in trouble there
    severity: Severity
    incident: str
    encoding: str = "utf-8"

    @property
    def page(self) -> Page:
        return Page("example", PAGE, self.components)

    def bodies(self, *, trouble: bool = False) -> dict[str, bytes]:
        documents = self.trouble if trouble else self.quiet
        return {path: encoded(value, self.encoding) for path, value in documents.items()}


def encoded(value: Json, encoding: str = "utf-8") -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(encoding)


def fetch_of(bodies: Mapping[str, bytes]) -> Callable[[str], Awaitable[bytes]]:
    async def fetch(url: str) -> bytes:
        path = url.removeprefix(PAGE)
        if path not in bodies:
            raise SourceError(f"{url} answered 404")
        return bodies[path]

    return fetch


def poller(sample: Sample, bodies: Mapping[str, bytes]) -> Poller:
    return KINDS[sample.kind](sample.page, fetch_of(bodies))


async def polled(sample: Sample, bodies: Mapping[str, bytes]) -> Snapshot:
    return await poller(sample, bodies).poll(lambda _: ())


def feed(title: str, *items: str, generator: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>{title}</title><generator>{generator}</generator>{''.join(items)}</channel></rss>"
    )
