"""Sentences for the one at the prompt, out of those events of the log that need them.

Everything else stays in the log, which `logs` shows. What goes on is said once, and once more when
it is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.network import why_unseen
from bot.catalog.catalog import Catalog
from bot.domain.message import Message
from bot.logs import VIEW
from bot.messages.text import notice

Fields = Mapping[str, Any]

# An event that something begins → the one that it is over.
OVER = {"page.failed": "page.recovered", "store.failed": "store.recovered"}
# Fields in braces are the event's own.
SENTENCES = {
    "store.failed": "I can't use Redis, my memory: {reason}. {advice} News are told once I can",
    "store.recovered": "Redis answers again",
    "store.died": "The embedded Redis ended ({reason}) and is started again",
    "store.folder_deleted": "The data folder {folder} was deleted; it is written anew from memory",
    "store.folder_not_mended": "The data folder cannot be written anew ({reason}): what I know is "
    "lost when the program ends",
    "store.data_lost": "Redis lost everything that it held. {advice}",
    "redis.unfit": "Redis is not as it should be: {says}. {advice}",
    "platform.refused": "{platform} stays closed: {reason}",
    "settings.odd": "{reason}",
    "discord.token_refused": "Discord refuses DISCORD_TOKEN: `isclaudedown doctor` says more",
    "discord.stopped": "Discord is not asked any more: {reason}",
    "page.recovered": "I can see {site} again",
}


class OperatorNotices:
    """`run` it: each event that matters becomes a message, handed to `tell`."""

    def __init__(
        self,
        catalog: Catalog,
        tell: Callable[[Message], Awaitable[None]],
        neutral_sites: Iterable[str],
    ) -> None:
        """`neutral_sites`: to tell an own network that is down from a page that is; maybe none."""
        self._catalog = catalog
        self._tell = tell
        self._neutral_sites = tuple(neutral_sites)
        self._going_on: set[tuple[str, str]] = set()  # event and provider

    async def run(self) -> None:
        """Until cancelled."""
        events: asyncio.Queue[Fields] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        VIEW.listen(lambda event: loop.call_soon_threadsafe(events.put_nowait, event))
        try:
            while True:
                event = await events.get()
                if sentence := await self.sentence(event):
                    over = event["event"] in OVER.values()
                    await self._tell(notice(sentence, emoji="✅" if over else "⚠️"))
        finally:
            VIEW.listen(None)

    async def sentence(self, event: Fields) -> str:
        """Return what to say; nothing where nobody has to know, or knows already."""
        name, provider = str(event.get("event")), str(event.get("provider", ""))
        if not self._is_new(name, provider):
            return ""
        site = self._catalog.provider(provider).page if provider else ""
        host = urlsplit(site).netloc.rpartition("@")[2]
        if name == "page.failed":
            if why := await why_unseen(site, self._neutral_sites):
                return f"I can't see {host}: {why}"
            return f"I can't read {host}: {event.get('reason')}"
        if name in SENTENCES:
            sentence = SENTENCES[name].format_map({"advice": "", **event, "site": host})
            return " ".join(sentence.split())
        if event.get("level") == "error":
            return f"Something failed ({name}); `logs` shows it"
        return ""

    def _is_new(self, name: str, provider: str) -> bool:
        """Return whether it begins or ends something, if it is of those that go on for a while."""
        began = next((start for start, end in OVER.items() if end == name), name)
        known = (began, provider) in self._going_on
        if name in OVER:
            self._going_on.add((name, provider))
            return not known
        self._going_on.discard((began, provider))
        return known or name == began
