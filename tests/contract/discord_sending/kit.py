"""Parts that the tests beside share: a clock that can be moved, a look at a channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.message import Lines, Message, Text
from bot.domain.page import Severity
from tests.contract.discord_stage import (
    DiscordStage,
    reads_history,
)
from tests.servers.discord import Channel


class Clock:
    """The wall clock, and how far it was moved."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def over(title: str = "Claude is down · resolved") -> Message:
    blocks = (Lines(((Text("It is over."),),)),)
    return Message(title, title, Severity.UP, "🟢", blocks=blocks, ended=True)


def thread_of(stage: DiscordStage) -> Channel:
    (thread,) = stage.server.world.guilds[stage.guild].threads.values()
    return thread


def in_channel(stage: DiscordStage) -> list[str]:
    messages = stage.server.world.channels[int(stage.channel.id)].messages
    return [str(m.body.get("content")) for m in messages.values()]


THREADS = r"/channels/\d+/messages/\d+/threads"


async def heard(stage: DiscordStage) -> None:
    """Wait until the client knows that a permission changed."""
    await reads_history(stage.discord, stage.channel, False)
