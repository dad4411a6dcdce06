"""Polls one status page, whatever its format: the port that every format implements.

The core asks a `Poller` and gets a `Snapshot`; it never learns which format the page has. A
poller keeps nothing: pacing, conditional requests, limits of size and time are the business of
the `Fetch` that it is given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.page import Snapshot
from bot.ports import NeededLists

# Asks for one address, returns the body of a good answer (a 304 gives the last one again).
# Raises SourceError: no usable answer.
Fetch = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Page:
    """A catalogue row, as far as a format needs it.

    `components` are the ids that the catalogue knows, each with the names it has borne. A page
    without rows of its own (Google, AWS, feeds) is read for exactly these.
    """

    provider: str
    url: str  # without a slash at the end
    components: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    link: str = ""  # where people read it

    def name(self, component: str) -> str:
        """Return the name of a component that the page itself does not name."""
        return next(iter(self.components.get(component, ())), component)


Parse = Callable[[bytes, Page], Snapshot]


class Poller(Protocol):
    """One page that can be polled."""

    async def poll(self, needed: NeededLists) -> Snapshot:
        """As `PageSource.poll`.

        Raises:
            SourceError: no usable answer, or a body of another format.
        """
        ...


@dataclass(frozen=True, slots=True)
class OneDocument:
    """Polls a page whose format has everything in one document, at `path` below its address."""

    path: str
    parse: Parse  # Raises SourceError: a body of another format.
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:
        del needed  # there are no lists apart
        return self.parse(await self.fetch(self.page.url + self.path), self.page)
