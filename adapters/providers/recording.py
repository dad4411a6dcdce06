"""Recorded pages, read back in order: what `replay` and the tests feed to the engine.

Three forms, told apart by what is in them; `.gz` is read through:
- polls, one a line: `{"observed_at", "body"}`, or `{"observed_at", "url", "status", "headers",
  "body"}` as `record` writes them (the body an object, or text);
- an archive: the object that `incidents.json` is, or one incident, or a bare list of them;
- an archive with one incident a line.
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from adapters.providers.answers import provider_of, read_polls
from adapters.providers.archive import Archived, rebuild
from adapters.providers.fields import read_time
from adapters.providers.incidents import by_name, read_incident
from adapters.providers.polls import LISTS, Document, Reader, body_of, is_list, polls
from adapters.providers.whose import whose
from bot.catalog.catalog import Catalog
from bot.catalog.providers import Provider
from bot.domain.errors import BotError, SettingsError, SourceError
from bot.domain.page import Snapshot

_HEAD = 50  # lines that are looked at to learn whose page it is
Observation = tuple[datetime, Snapshot | SourceError]


@dataclass(frozen=True, slots=True)
class Recording:
    """A provider, and the polls of its page, oldest first. Iterate `observations` once.

    `polls`: it was looked at again and again; else the page is rebuilt from an archive.
    """

    provider: str
    observations: Iterator[Observation]
    polls: bool
    # The provider with the parts that were watched, where the recording tells them.
    watched: Provider | None = None


def open_recording(path: Path, catalog: Catalog, provider: str | None = None) -> Recording:
    """Read a file of recorded history.

    `provider`: whose page it is, where the file cannot tell, with a region or part where it
    needs one (`bedrock/eu-west-1`).

    Raises:
        BotError: it cannot be read, or is nothing that we know; names file and line. Iterating
            raises it as well, for lines that are not read before.
    """
    head = next(_lines(path), None)
    if head is None:
        raise BotError(f"{path}: nothing is recorded in it")
    stem = path.name.split(".")[0]
    if head[1] is not None and _is_poll(head[1]):
        lines = [line for _, line in islice(_lines(path), _HEAD) if isinstance(line, dict)]
        try:
            watched = provider_of(lines, catalog, provider)
        except SettingsError as error:
            raise BotError(f"{path}: {error}; say it by --provider") from None
        if watched:
            return Recording(watched.id, read_polls(_timed(path), watched), True, watched)
        bodies = (body for _, line in _lines(path) if (body := body_of(line)) is not None)
        name = provider or whose(bodies, catalog, stem)
        return Recording(name, _polls(path, name), polls=True)
    incidents, documents = _archive(path, head[1])
    name = provider or whose(iter(documents), catalog, stem)
    return Recording(name, _rebuilt(path, incidents, name), polls=False)


# --- files and lines -------------------------------------------------------------------------


def _open(path: Path) -> IO[str]:
    """Open as text, whatever it is by its first bytes: names do not always tell."""
    try:
        with path.open("rb") as file:
            begins = file.read(2)
        if begins == b"\x1f\x8b":
            return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace")
        # Windows' shell writes UTF-16, and a mark of the byte order before UTF-8.
        wide = begins in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
        return path.open(encoding="utf-16" if wide else "utf-8-sig", errors="replace")
    except OSError as error:
        raise BotError(f"{path} cannot be read: {error.strerror}") from None


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Each line's number and JSON; a file that is one JSON text gives (0, None) at first."""
    with _open(path) as file:
        number = 0
        while True:
            try:
                line = file.readline()
            except EOFError:
                if number:
                    return  # as below, of a file that was compressed
                raise BotError(f"{path}: cut off before its first line") from None
            except (OSError, zlib.error) as error:
                raise BotError(
                    f"{path}, after line {number}: cut off or damaged: {error}"
                ) from None
            if not line:
                return
            number += 1
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                if number == 1 and line.lstrip()[:1] in "{[":
                    yield 0, None
                    return
                if number > 1 and not line.endswith("\n"):
                    return  # a recording that was cut short is a shorter recording
                raise BotError(f"{path}, line {number}: not a JSON object") from None
            yield number, value


# --- archives --------------------------------------------------------------------------------


def _archive(path: Path, head: object) -> tuple[list[tuple[str, Document]], list[Document]]:
    """Return all incidents, each with the list it stood in, and what may say whose they are."""
    if isinstance(head, dict) and not any(key in head for key in (*LISTS, "incident")):
        rows: list[tuple[str, Document]] = []
        for number, value in _lines(path):
            if not isinstance(value, dict):
                raise BotError(f"{path}, line {number}: not an incident")
            rows.append(("incidents", value))
        return rows, [row for _, row in rows[:1]]
    document = _document(path)
    lists = [key for key in LISTS if isinstance(document.get(key), list)]
    listed = [(key, row) for key in lists for row in document[key]]
    found: list[tuple[str, Document]] = [one for one in listed if isinstance(one[1], dict)]
    if not any(key in document for key in LISTS) or (listed and not found):
        raise BotError(f"{path}: neither polls nor an archive of incidents")
    return found, [document, *(row for _, row in found[:1])]


def _document(path: Path) -> Document:
    """Return a file's JSON as the object that `incidents.json` is, in whichever form it comes."""
    with _open(path) as file:
        try:
            document = json.load(file)
        except (ValueError, RecursionError) as error:
            raise BotError(f"{path}: not JSON, nor JSON lines ({error})") from None
        except (OSError, EOFError) as error:
            raise BotError(f"{path}: cut off or damaged: {error}") from None
    if isinstance(document, list):
        document = {"incidents": document}
    if not isinstance(document, dict):
        raise BotError(f"{path}: no object and no list of incidents")
    if isinstance(document.get("incident"), dict):
        document = {**document, "incidents": [document["incident"]]}
    if "incident_updates" in document or "updates" in document:
        document = {"incidents": [document]}
    return document


def _rebuilt(
    path: Path, rows: Iterable[tuple[str, Document]], provider: str
) -> Iterator[Observation]:
    archive: dict[str, Archived] = {}
    names: dict[str, str] = {}
    dropped = 0
    for kind, row in rows:
        incident = read_incident(row, maintenance=kind == "scheduled_maintenances")
        if incident is None:
            dropped += 1
            continue
        archive[incident.id] = Archived(incident, read_time(row.get("updated_at")))
        for id_, name in _component_names(row):
            names.setdefault(id_, name)
        for id_ in (
            *incident.components,
            *(c.component for u in incident.updates for c in u.changes),
        ):
            names.setdefault(id_, id_.removeprefix("name:"))
    if dropped and not archive:
        raise BotError(f"{path}: none of its {dropped} incidents can be read: no id, or no time")
    yield from rebuild(list(archive.values()), names, provider)


def _component_names(row: Document) -> Iterator[tuple[str, str]]:
    """Names that an incident gives its components, the present ones first."""
    said = row.get("incident_updates")
    updates = [u for u in said if isinstance(u, dict)] if isinstance(said, list) else []
    lists = [row.get("components"), *(update.get("affected_components") for update in updates)]
    for rows in lists:
        for entry in rows if isinstance(rows, list) else ():
            named = entry if isinstance(entry, dict) else {"name": entry}
            id_, name = named.get("id") or named.get("code"), named.get("name")
            if isinstance(name, str) and name:
                yield (id_ if isinstance(id_, str) and id_ else by_name(name)), name


# --- polls -----------------------------------------------------------------------------------


def _is_poll(value: object) -> bool:
    return (
        isinstance(value, dict) and "observed_at" in value and ("body" in value or "url" in value)
    )


def _polls(path: Path, provider: str) -> Iterator[Observation]:
    bodies = (body for _, line in _lines(path) if (body := body_of(line)) is not None)
    reader = Reader(provider, has_history=any(map(is_list, bodies)))
    for look in polls(_timed(path)):
        yield look.at, reader.read(look)


def _timed(path: Path) -> Iterator[tuple[datetime, Document]]:
    for number, line in _lines(path):
        if not _is_poll(line):
            raise BotError(f"{path}, line {number}: no poll (observed_at and body are missing)")
        at = read_time(line["observed_at"])
        if at is None:
            raise BotError(
                f"{path}, line {number}: observed_at is no time: {line['observed_at']!r}"
            )
        yield at, line
