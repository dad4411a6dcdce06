"""Bluesky's public stream (Jetstream): how many different people post that something is down.

The whole network passes by, so a message is searched for the name before it is read as JSON. The
stream's own clock counts (`time_us`), since an author's may say anything; people count, not posts.
After a break it goes on five seconds before the last message.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import structlog

from adapters.evidence.posts import speaks_of_trouble
from bot.catalog.providers import Crowd
from bot.domain.errors import SourceError
from bot.evidence.crowd import BLUESKY, DAY, CrowdCount, counted

log = structlog.get_logger()

HOSTS = (
    "wss://jetstream1.us-east.bsky.network",
    "wss://jetstream2.us-east.bsky.network",
    "wss://jetstream1.us-west.bsky.network",
    "wss://jetstream2.us-west.bsky.network",
)
WINDOW = timedelta(minutes=5)
# Until so much was seen nobody can say what is usual (guess).
LEARNING = timedelta(hours=1)
SILENT = timedelta(minutes=1)  # the stream is never quiet for so long
OVERLAP = 5_000_000  # microseconds, gone back to after a break
MOST_PEOPLE = 5_000
LONGEST_PAUSE = 60.0
MAX_MESSAGE = 1_000_000
_TIME = re.compile(r'"time_us":\s*(\d{1,17})\b')


@dataclass(slots=True)
class Bluesky:
    """Counts while `listening`. Kept is when each person last posted of it, for a day."""

    crowd: Crowd
    hosts: Sequence[str] = HOSTS
    learning: timedelta = LEARNING
    name: str = BLUESKY
    every: float = 60.0
    _people: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    _matches: Callable[[str], bool] = field(init=False, repr=False)
    _began: datetime | None = None  # without a break that lost anything
    _latest: datetime | None = None  # by the stream's clock
    _cursor: int = 0

    def __post_init__(self) -> None:
        self._matches = speaks_of_trouble(self.crowd.name)

    async def read(self, now: datetime) -> Sequence[CrowdCount]:
        if self._latest is None or self._began is None or now - self._latest > SILENT:
            raise SourceError("Bluesky's stream is not heard")
        if self._latest - self._began < self.learning:
            raise SourceError("what is usual on Bluesky is not known yet")
        since = max(self._began, now - DAY)
        count, usual = counted(list(self._people.values()), self._latest, WINDOW, since)
        minutes = round(WINDOW.total_seconds() / 60)
        about = self.crowd.main
        return [CrowdCount(BLUESKY, about, count, usual, minutes, self._latest, "people")]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Keep one connection open while inside."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _listen(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
        failures = 0
        while True:
            host = self.hosts[failures % len(self.hosts)]
            params = {"wantedCollections": "app.bsky.feed.post"}
            if self._cursor:
                params["cursor"] = str(self._cursor - OVERLAP)
            try:
                async with (
                    aiohttp.ClientSession(timeout=timeout) as session,
                    session.ws_connect(
                        f"{host}/subscribe", params=params, max_msg_size=MAX_MESSAGE
                    ) as stream,
                ):
                    async for message in stream:
                        if message.type is not aiohttp.WSMsgType.TEXT:
                            break
                        self.take(message.data)
                failures = 0
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if not failures:
                    log.warning("crowd.failed", source=BLUESKY, reason=type(error).__name__)
                failures += 1
            await asyncio.sleep(min(2.0**failures, LONGEST_PAUSE))

    def take(self, message: str) -> None:
        """Take one message of the stream, whatever it holds."""
        if not (clock := _TIME.search(message)):
            return
        self._cursor = int(clock[1])
        self._latest = datetime.fromtimestamp(self._cursor / 1e6, UTC)
        self._began = self._began or self._latest
        if self.crowd.name.lower() not in message.lower():
            return
        with suppress(ValueError, TypeError, AttributeError, RecursionError):
            event = json.loads(message)
            commit = event["commit"]
            text = str((commit.get("record") or {}).get("text"))
            if commit.get("operation") == "create" and self._matches(text):
                person = str(event.get("did"))
                self._people.pop(person, None)
                self._people[person] = self._latest
                while len(self._people) > MOST_PEOPLE:
                    self._people.popitem(last=False)
