"""The terminal keeps every messenger's promises, over a real pipe."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.terminal import CONSOLE, Terminal
from adapters.terminal.messenger import TRANSCRIPT
from adapters.terminal.transcript import TranscriptRecord, read_records
from bot.domain.errors import DeliveryError, Uncertain
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.messenger import Messenger
from tests.contract.messenger_contract import MessengerContract, Shown, card, long_ago


def utc_now() -> datetime:
    return datetime.now(UTC)


class TerminalStage:
    """A terminal that writes into a pipe, and its reader."""

    channel = other = foreign = CONSOLE
    secret = "a terminal has none"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._out = os.fdopen(writer, "w", encoding="utf-8")
        self.terminal = Terminal(self._out, folder, utc_now)
        self.messenger: Messenger = self.terminal
        self._text = ""

    def close(self) -> None:
        self.terminal.close()
        self._out.close()
        self.stop_reading()

    def stop_reading(self) -> None:
        if self._reader >= 0:
            os.close(self._reader)
        self._reader = -1

    def read(self) -> str:
        """Everything that came through the pipe so far."""
        while self._reader >= 0:
            try:
                data = os.read(self._reader, 65536)
            except BlockingIOError:
                break
            self._text += data.decode()
        return self._text

    async def shown(self, channel: Channel) -> Sequence[Shown]:
        """The nth piece of text is the nth record's; a message's last piece is how it stands."""
        assert channel == CONSOLE
        pieces = re.split(r"(?m)^(?=\d\d:\d\d )", self.read())[1:]
        records: list[TranscriptRecord] = list(read_records(self.folder / TRANSCRIPT))
        assert len(pieces) == len(records)
        standing = dict(zip((record.ref for record in records), pieces, strict=True))
        roots = {record.ref: record.root for record in records}
        return [Shown(ref, roots[ref], text) for ref, text in standing.items()]

    def fail(self, fault: str) -> None:
        assert fault == "lost_before"
        self.stop_reading()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TerminalStage]:
    one = TerminalStage(tmp_path)
    yield one
    one.close()


class TestTerminal(MessengerContract):
    # A terminal limits nobody, refuses no form, and has no other channel or tenant.
    test_a_limit_says_when_and_then_it_works = None  # type: ignore[assignment]
    test_a_refusal_says_what_to_do_and_the_other_channel_goes_on = None  # type: ignore[assignment]
    test_a_tenant_that_we_are_not_in_is_gone = None  # type: ignore[assignment]

    async def test_a_lost_answer_is_uncertain_and_looking_settles_it(  # type: ignore[override]
        self, stage: TerminalStage
    ) -> None:
        """Here: shown, and then the disk was full."""
        with full_disk(stage.terminal), pytest.raises(Uncertain):
            await stage.terminal.open_thread(CONSOLE, card(), "k/root")
        found = await stage.terminal.find(CONSOLE, None, ["k/root"], long_ago())
        assert list(found) == ["k/root"]
        assert stage.read().count("Claude is down") == 1

    async def test_it_is_found_by_the_next_process_too(self, stage: TerminalStage) -> None:
        root = await stage.terminal.open_thread(CONSOLE, card(), "k/root")
        reply = await stage.terminal.reply(CONSOLE, root, card("Reply"), "k/1")
        next_one = TerminalStage(stage.folder)
        roots = await next_one.terminal.find(CONSOLE, None, ["k/root", "k/1"], long_ago())
        replies = await next_one.terminal.find(CONSOLE, root, ["k/root", "k/1"], long_ago())
        next_one.close()
        assert (dict(roots), dict(replies)) == ({"k/root": root}, {"k/1": reply})

    async def test_what_was_sent_before_is_not_found_since_later(
        self, stage: TerminalStage
    ) -> None:
        await stage.terminal.open_thread(CONSOLE, card(), "k/root")
        assert not await stage.terminal.find(CONSOLE, None, ["k/root"], utc_now())

    async def test_a_root_revised_to_the_same_is_not_shown_again(
        self, stage: TerminalStage
    ) -> None:
        root = await stage.terminal.open_thread(CONSOLE, card(), "k/root")
        before = stage.read()
        await stage.terminal.revise(CONSOLE, root, root, card(text="More is known."), "k/root")
        assert stage.read() == before

    async def test_a_reply_names_its_thread_and_stands_below_it(self, stage: TerminalStage) -> None:
        root = await stage.terminal.open_thread(CONSOLE, card("Trouble · major outage"), "k/root")
        await stage.terminal.reply(CONSOLE, root, card("Identified"), "k/1")
        await stage.terminal.reply(CONSOLE, root, card("Resolved"), "k/2", in_channel=True)
        text = stage.read()
        assert "↳ Trouble\n      │ Identified\n" in text
        assert re.search(r"(?m)^\d\d:\d\d Resolved$", text)

    async def test_a_corrected_reply_shows_its_new_text(self, stage: TerminalStage) -> None:
        root = await stage.terminal.open_thread(CONSOLE, card(), "k/root")
        reply = await stage.terminal.reply(CONSOLE, root, card("Update", "We knwo."), "k/1")
        await stage.terminal.revise(CONSOLE, root, reply, card("Update", "We know."), "k/1")
        assert "│ ✎ Update" in stage.read()
        assert "│ ┃ We know." in stage.read()

    async def test_when_nobody_reads_it_says_so_and_shows_nothing_more(
        self, stage: TerminalStage
    ) -> None:
        stage.stop_reading()
        for _ in range(2):
            with pytest.raises(DeliveryError):
                await stage.terminal.say(CONSOLE, card(), "k/say")
        assert stage.terminal.screen.gone.is_set()
        assert not (await stage.terminal.access(CONSOLE)).ok
        assert not await stage.terminal.find(CONSOLE, None, ["k/say"], long_ago())

    async def test_an_answer_is_shown_and_not_kept(self, stage: TerminalStage) -> None:
        await stage.terminal.tell(Message("Just for you", "Just for you."))
        assert "Just for you" in stage.read()
        assert list(read_records(stage.folder / TRANSCRIPT)) == []


@contextmanager
def full_disk(terminal: Terminal) -> Iterator[None]:
    """Linux's own full device in place of the transcript's file."""
    transcript = terminal.transcript
    kept = transcript.file
    with Path("/dev/full").open("a", encoding="utf-8") as full:
        transcript.file = full
        yield
        # What could not be written stays in its buffer: it must not fail once more at closing.
        with pytest.raises(OSError, match="No space left"):
            full.flush()
        transcript.file = kept
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
