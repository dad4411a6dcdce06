"""The frame of answering: always an answer, once; a line that may stand there is not repeated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from adapters.chat.responder import SORRY, Responder
from bot.commands import Answer
from bot.domain.errors import ChannelGone, DeliveryError, StoreError, Uncertain
from bot.domain.message import Message
from bot.domain.subscription import Channel

HERE = Channel("toy", "T1", "C1")
LINE = Message("Ada subscribed", "Ada subscribed")


@dataclass(frozen=True)
class Press:
    channel: Channel


class Memory:
    """A deduplicator in memory; `works` False: it cannot be asked."""

    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.names: list[str] = []

    async def first(self, name: str) -> bool:
        if not self.works:
            raise StoreError("away")
        self.names.append(name)
        return self.names.count(name) == 1


@dataclass(frozen=True)
class ToyResponder(Responder[Press]):
    fails: DeliveryError | None = None
    said: list[str] = field(default_factory=list)

    async def respond(self, interaction: Press, answer: Answer) -> None:
        self.said.append(f"answer {answer.message.plain}")

    async def say(self, interaction: Press, message: Message) -> None:
        if self.fails is not None:
            raise self.fails
        self.said.append("line")

    async def follow_up(self, interaction: Press, message: Message) -> None:
        self.said.append("line through the interaction")


def toy(fails: DeliveryError | None = None, *, works: bool = True) -> ToyResponder:
    unused = cast("Any", None)
    return ToyResponder(
        "toy", unused, unused, unused, Memory(works=works), unused, unused, fails=fails
    )


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (None, ["line"]),
        (ChannelGone("not_in_channel"), ["line through the interaction"]),
        (Uncertain("timeout"), []),
    ],
)
async def test_a_line_reaches_the_channel_once_or_may_stand_there(
    fails: DeliveryError | None, said: list[str]
) -> None:
    responder = toy(fails)
    await responder.announce(Press(HERE), LINE)

    assert responder.said == said


async def test_an_event_is_new_once_and_also_where_the_store_cannot_tell() -> None:
    responder, forgetful = toy(), toy(works=False)

    assert [await responder.is_new("Ev1"), await responder.is_new("Ev1")] == [True, False]
    assert [await responder.is_new(""), await responder.is_new("")] == [True, True]
    assert [await forgetful.is_new("Ev1"), await forgetful.is_new("Ev1")] == [True, True]


@pytest.mark.parametrize("error", [RuntimeError("xoxb-secret"), DeliveryError("ratelimited")])
async def test_whoever_asks_gets_an_answer_whatever_fails(error: Exception) -> None:
    async def work() -> Answer:
        raise error

    answer = await toy().answer(work)

    assert answer.message.title == SORRY
    assert "xoxb" not in answer.message.plain
