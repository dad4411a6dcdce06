"""Recorded answers of any kind of page, read by the poller that the kind has.

A poll is the lines of one `look` number, as `record` writes them; a line without one is a poll by
itself. Which address a line answers for is told by the last part of its address; a line without
an address answers for the first that is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar
from urllib.parse import urlsplit

from adapters.providers.kinds import KINDS
from adapters.providers.port import Page
from bot.catalog.catalog import Catalog, only
from bot.catalog.providers import Provider
from bot.domain.errors import SourceError
from bot.domain.page import PageList, Snapshot

T = TypeVar("T")
Line = Mapping[str, Any]

_STATUSPAGES = ("statuspage", "incidentio")
_OK, _NOT_MODIFIED = 200, 304


def read_polls(
    lines: Iterable[tuple[datetime, Line]], provider: Provider
) -> Iterator[tuple[datetime, Snapshot | SourceError]]:
    """Yield what each recorded poll showed, and when it was done."""
    answers = _Answers(provider.source or provider.page)
    page = Page(provider.id, provider.source or provider.page, provider.rows, provider.page)
    poller = KINDS[provider.kind](page, answers.fetch)
    numbered = enumerate(lines)
    for _, poll in groupby(numbered, key=lambda one: one[1][1].get("look", f"line {one[0]}")):
        taken = [line for _, line in poll]
        answers.hear([line for _, line in taken])
        try:
            yield taken[-1][0], completed(poller.poll(answers.recorded_lists))
        except SourceError as error:
            yield taken[-1][0], error


def provider_of(lines: Sequence[Line], catalog: Catalog, named: str | None) -> Provider | None:
    """Return the provider, if its page is no Statuspage: as `named`, as recorded, or by its shape.

    Raises:
        SettingsError: what is named needs a region, or is no part of its provider.
    """
    names = [named] if named else next((w for line in lines if (w := line.get("watch"))), [])
    if not names:
        numbered = enumerate(lines)
        polls = groupby(numbered, key=lambda one: one[1].get("look", f"line {one[0]}"))
        kinds = (recognised([line for _, line in poll]) for _, poll in polls)
        kind = next((found for found in kinds if found), None)
        names = [one.id for one in catalog.providers.values() if one.kind == kind]
        if kind in _STATUSPAGES or len(names) != 1:
            return None
    elif named and named.partition("/")[0] not in catalog.providers:
        return None  # a page of its own
    (provider,) = only(catalog, map(str, names)).providers.values()
    reduced = provider.kind in _STATUSPAGES and not any(line.get("url") for line in lines)
    return None if reduced or provider.kind == "statuspage" else provider


def recognised(lines: Sequence[Line]) -> str | None:
    """Return the kind of page that answers so, the first of them; or None."""
    for kind, poller in KINDS.items():
        answers = _Answers("")
        answers.hear(lines)
        # Some feeds are one for each component: without one nothing would be read.
        page = Page("", "", dict.fromkeys(answers.stems, ()) or {"any": ()})
        try:
            completed(poller(page, answers.fetch).poll(lambda _: ()))
        except SourceError:
            continue
        return kind
    return None


def completed(work: Coroutine[Any, Any, T]) -> T:
    """Run what waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # that is what a coroutine returns
    raise RuntimeError("a poller waited for something, though everything was recorded")


def _name(url: str) -> str:
    """Return the part of an address that a line is known by; a host in it may have been another."""
    folder, _, name = urlsplit(url).path.strip("/").rpartition("/")
    return "proxy" if folder.endswith("proxy") else name


@dataclass(slots=True)
class _Answers:
    """The answers of one poll, by the last part of each address."""

    page: str
    _now: dict[str, Line] = field(default_factory=dict)
    _before: dict[str, bytes] = field(default_factory=dict)  # for "not modified"

    def hear(self, lines: Iterable[Line]) -> None:
        self._now = {_name(str(line.get("url") or "")): line for line in lines}

    @property
    def stems(self) -> list[str]:
        """The names of the feeds, without what says that they are feeds."""
        return [name.removesuffix(".rss") for name in self._now if name.endswith(".rss")]

    def recorded_lists(self, _: Snapshot) -> set[PageList]:
        return {one for one in PageList if f"{one.value.replace('_', '-')}.json" in self._now}

    async def fetch(self, url: str) -> bytes:
        failure = next((line for line in self._now.values() if line.get("status") == 0), None)
        if failure is not None:
            raise SourceError(str(failure.get("error") or f"{url} cannot be read"))
        name = _name(url)
        line = self._now.get(name) or self._now.pop("", None)
        if line is None:
            raise SourceError(f"{url} was not recorded")
        status = line.get("status", _OK)
        if status == _NOT_MODIFIED and name in self._before:
            return self._before[name]
        if status != _OK:
            raise SourceError(f"{url} answered {status}")
        body = line.get("body", "")
        text = body if isinstance(body, str) else json.dumps(body)
        self._before[name] = text.encode("utf-8", "replace")
        return self._before[name]
