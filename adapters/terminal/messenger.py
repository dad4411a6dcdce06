"""The terminal as a messenger, with the same promises as the others.

Everything shown is recorded in the transcript right after it was written, with nothing in
between, so that after a crash `find` knows what stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TextIO

from adapters.terminal import render
from adapters.terminal.look import Look, look_of
from adapters.terminal.screen import Screen
from adapters.terminal.transcript import Transcript, TranscriptRecord, fingerprint
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.messenger import Access, Bucket
from bot.ports import Clock

CONSOLE = Channel("terminal", "local", "console")
TRANSCRIPT = "terminal.jsonl"


class Terminal:
    """One channel, `CONSOLE`. `screen.gone` is set when nobody reads it any more."""

    platform = "terminal"
    channel_interval = 0.0
    closes_threads = False
    pins = None
    rationed = False

    def __init__(self, out: TextIO, folder: Path, clock: Clock) -> None:
        self.screen = Screen(out)
        self.takes_words = False  # a prompt is there: buttons are drawn as words to type
        self._out = out
        self._clock = clock
        self.transcript = Transcript(folder / TRANSCRIPT, clock())
        self._numbers = count(self.transcript.size + 1)

    def close(self) -> None:
        self.screen.close()
        self.transcript.close()

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        del channel, revising
        return ()

    def at_once(self, channel: Channel, ready: int) -> int:
        del channel, ready
        return 1  # there is one reader

    async def open_thread(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        del channel, mention  # one channel, and one reader, who is here
        return await self._post(render.root(card, self._look()), card, key)

    async def reply(
        self,
        channel: Channel,
        root: str,
        card: Message,
        key: str,
        *,
        in_channel: bool = False,
        mention: str | None = None,
    ) -> str:
        del channel, mention
        drawn = render.reply(card, self._look(), of=self._name(root), in_channel=in_channel)
        return await self._post(drawn, card, key, root=root)

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        """Show it once more, in short; nothing if it would look the same to the reader."""
        del channel
        is_root = message == root
        known = self.transcript.get(message)
        print_ = fingerprint(card.title if is_root else card.plain)
        if known and known.drawn == print_:
            return
        drawn = render.revised(card, self._look(), of="" if is_root else self._name(root))
        record = TranscriptRecord(
            self._clock(), key, message, None if is_root else root, card.title, print_
        )
        await self.screen.show(drawn, self._recorder(record))

    async def close_thread(self, channel: Channel, root: str) -> None:
        """Nothing to do: a terminal's lines stay where they are."""

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        del channel
        found = {key: self.transcript.find(root, key, since) for key in keys}
        return {key: ref for key, ref in found.items() if ref}

    async def access(self, channel: Channel) -> Access:
        del channel
        if self.screen.gone.is_set():
            return Access(False, "the terminal is closed", "Start again in an open one.")
        return Access(True)

    async def direct(self, channel: Channel, person: str) -> Channel:
        """There is one person, and this is where they sit."""
        del person
        return channel

    async def say(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        del channel, mention
        return await self._post(render.root(card, self._look()), card, key)

    async def tell(self, card: Message) -> None:
        """Answer the one who sits here: shown, and not kept."""
        await self.screen.show(render.root(card, self._look()))

    async def _post(self, drawn: str, card: Message, key: str, *, root: str | None = None) -> str:
        now = self._clock()
        ref = f"{now.timestamp():.3f}-{next(self._numbers)}"
        print_ = fingerprint(card.title if root is None else card.plain)
        record = TranscriptRecord(now, key, ref, root, card.title, print_)
        await self.screen.show(drawn, self._recorder(record))
        return ref

    def _recorder(self, record: TranscriptRecord) -> Callable[[], None]:
        return lambda: self.transcript.add(record)

    def _name(self, root: str) -> str:
        """Return the thread's name: the title that its root showed last, without its state."""
        known = self.transcript.get(root)
        return known.of.rpartition(" · ")[0] or known.of if known else ""

    def _look(self) -> Look:
        return look_of(self._out, self._clock(), typed=self.takes_words)
