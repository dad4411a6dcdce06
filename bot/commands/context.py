"""What every command works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.commands.types import Threads
from bot.engine.state import State
from bot.model import Channel, Verdict
from bot.ports import Access, Clock, Journal, Messenger, Subscriptions
from bot.wording.names import Names
from bot.wording.present import Present, present

Judge = Callable[[State, datetime], Sequence[Verdict]]


@dataclass(frozen=True, slots=True)
class Context:
    names: Names
    journal: Journal
    subscriptions: Subscriptions
    threads: Threads
    messengers: Mapping[str, Messenger]
    judge: Judge
    clock: Clock

    async def presents(self) -> list[Present]:
        """Every provider as it is known now, the main one first."""
        now = self.clock()
        found = []
        for provider in self.names.providers:
            state = (await self.journal.load(provider.id)).state
            verdicts = tuple(self.judge(state, now)) if state else ()
            found.append(present(provider.id, state, verdicts))
        return found

    async def access(self, channel: Channel) -> Access:
        """May we speak there? A platform that is not connected says so by itself."""
        messenger = self.messengers.get(channel.platform)
        if messenger is None:
            return Access(False, f"{channel.platform} is not connected", "Tell the operator.")
        return await messenger.access(channel)
