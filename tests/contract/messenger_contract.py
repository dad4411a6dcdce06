"""What every messenger promises, as one class of tests that each adapter inherits.

An adapter's test module subclasses `MessengerContract` and gives it a `stage`: the messenger, a
channel of a local server over real sockets, and a look at what stands there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from bot.domain.errors import (
    ChannelGone,
    DeliveryError,
    Malformed,
    RateLimited,
    TenantGone,
    Uncertain,
)
from bot.domain.message import Button, Lines, Message, Quote, Text
from bot.domain.page import Severity
from bot.domain.subscription import Channel
from bot.messenger import Messenger

HOSTILE = "<!channel> <@U1> @everyone @here <@&1> **x** `y` [a](http://b) \u202eabc 🔴 שלום & <b>"


@dataclass(frozen=True, slots=True)
class Shown:
    """One message as it stands: its reference, the root it hangs below, everything it says."""

    ref: str
    root: str | None
    text: str


class Stage(Protocol):
    messenger: Messenger
    channel: Channel
    other: Channel  # of the same tenant
    foreign: Channel  # of a tenant that does not exist

    async def shown(self, channel: Channel) -> Sequence[Shown]: ...

    def fail(self, fault: str) -> None:
        """The next post: `lost_after` (taken, answer lost), `lost_before`, `limited` (for 2 s),
        `gone`, `tenant_gone` or `malformed`.
        """
        ...

    @property
    def secret(self) -> str:
        """The token, which nothing may show."""
        ...


def card(title: str = "Claude is down", text: str = "We are investigating.") -> Message:
    return Message(
        title,
        f"{title}: {text}",
        Severity.MAJOR,
        blocks=(Lines(((Text("api"), Text(" down", bold=True)),)), Quote(text)),
        buttons=(Button("affected", "I'm affected", "claude/1"),),
    )


def long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=2)


class MessengerContract:
    """Inherit, and provide a fixture `stage`."""

    async def test_a_thread_has_its_root_and_its_replies_in_order(self, stage: Stage) -> None:
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        first = await stage.messenger.reply(stage.channel, root, card("First"), "k/1")
        second = await stage.messenger.reply(
            stage.channel, root, card("Second"), "k/2", in_channel=True
        )
        shown = {one.ref: one for one in await stage.shown(stage.channel)}

        assert [first in shown, second in shown, root in shown] == [True] * 3
        assert (shown[first].root, shown[second].root, shown[root].root) == (root, root, None)
        assert "Claude is down" in shown[root].text
        assert len({root, first, second}) == 3

    async def test_revising_replaces_and_may_be_repeated(self, stage: Stage) -> None:
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        for _ in range(2):
            await stage.messenger.revise(stage.channel, root, root, card("Over"), "k/root")
        (only,) = await stage.shown(stage.channel)

        assert only.ref == root
        assert "Over" in only.text
        assert "Claude is down" not in only.text

    async def test_what_is_said_outside_threads_can_be_changed_and_is_found(
        self, stage: Stage
    ) -> None:
        said = await stage.messenger.say(stage.channel, card(), "k/board")
        for _ in range(2):
            await stage.messenger.revise(stage.channel, "", said, card("Now"), "k/board")
        (only,) = await stage.shown(stage.channel)
        found = await stage.messenger.find(stage.channel, None, ["k/board"], long_ago())

        assert dict(found) == {"k/board": said}
        assert only.ref == said
        assert "Now" in only.text
        assert "Claude is down" not in only.text

    async def test_what_was_sent_is_found_by_its_key_and_nothing_else(self, stage: Stage) -> None:
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        reply = await stage.messenger.reply(stage.channel, root, card("Reply"), "k/1")
        roots = await stage.messenger.find(stage.channel, None, ["k/root", "k/no"], long_ago())
        replies = await stage.messenger.find(stage.channel, root, ["k/1", "k/2"], long_ago())

        assert dict(roots) == {"k/root": root}
        assert dict(replies) == {"k/1": reply}

    async def test_it_is_still_found_after_it_was_revised(self, stage: Stage) -> None:
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        await stage.messenger.revise(stage.channel, root, root, card("Now"), "k/root")
        found = await stage.messenger.find(stage.channel, None, ["k/root"], long_ago())

        assert dict(found) == {"k/root": root}

    async def test_a_lost_answer_is_uncertain_and_looking_settles_it(self, stage: Stage) -> None:
        stage.fail("lost_after")
        with pytest.raises(Uncertain):
            await stage.messenger.open_thread(stage.channel, card(), "k/root")
        found = await stage.messenger.find(stage.channel, None, ["k/root"], long_ago())
        (only,) = await stage.shown(stage.channel)

        assert dict(found) == {"k/root": only.ref}

    async def test_a_lost_request_is_never_sent_again_by_the_messenger(self, stage: Stage) -> None:
        stage.fail("lost_before")
        with pytest.raises(DeliveryError):
            await stage.messenger.open_thread(stage.channel, card(), "k/root")
        found = await stage.messenger.find(stage.channel, None, ["k/root"], long_ago())

        assert dict(found) == {}
        assert list(await stage.shown(stage.channel)) == []

    async def test_a_limit_says_when_and_then_it_works(self, stage: Stage) -> None:
        stage.fail("limited")
        with pytest.raises(RateLimited) as caught:
            await stage.messenger.open_thread(stage.channel, card(), "k/root")
        assert 0 < caught.value.retry_after <= 3
        await asyncio.sleep(caught.value.retry_after + 0.05)
        await stage.messenger.open_thread(stage.channel, card(), "k/root")

    @pytest.mark.parametrize(
        ("fault", "error"),
        [("gone", ChannelGone), ("tenant_gone", TenantGone), ("malformed", Malformed)],
    )
    async def test_a_refusal_says_what_to_do_and_the_other_channel_goes_on(
        self, stage: Stage, fault: str, error: type[DeliveryError]
    ) -> None:
        stage.fail(fault)
        with pytest.raises(error) as caught:
            await stage.messenger.open_thread(stage.channel, card(), "k/root")
        assert stage.secret not in f"{caught.value!r} {caught.value.__cause__!r}"
        await stage.messenger.open_thread(stage.other, card(), "k/root")

    async def test_a_tenant_that_we_are_not_in_is_gone(self, stage: Stage) -> None:
        with pytest.raises((TenantGone, ChannelGone)):
            await stage.messenger.open_thread(stage.foreign, card(), "k/root")

    async def test_text_from_outside_is_inert(self, stage: Stage) -> None:
        """The local server itself fails the test if anybody would be pinged."""
        await stage.messenger.open_thread(stage.channel, card(HOSTILE, HOSTILE * 80), "k/root")
        assert len(await stage.shown(stage.channel)) == 1

    async def test_a_plain_card_is_sent_too(self, stage: Stage) -> None:
        await stage.messenger.say(stage.channel, Message("", "Nothing but words"), "k/say")
        (only,) = await stage.shown(stage.channel)
        assert "Nothing but words" in only.text

    async def test_it_may_write_where_it_may_write(self, stage: Stage) -> None:
        assert (await stage.messenger.access(stage.channel)).ok

    async def test_closing_a_thread_may_be_repeated(self, stage: Stage) -> None:
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        for _ in range(2):
            await stage.messenger.close_thread(stage.channel, root)
