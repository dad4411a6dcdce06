"""Commands and buttons about what is witnessed: report, justme, back, explain, scoreboard.

Given to `Commands` as `extra`. Nothing that a person writes is kept, logged or shown to others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.catalog.catalog import Catalog
from bot.commands.context import outlook
from bot.commands.types import Answer, Handler, Request
from bot.delivery.reminders import Direct, Reminder, ReminderStore
from bot.domain.errors import DeliveryError
from bot.domain.incident import Incident
from bot.domain.message import Line, Message
from bot.domain.subscription import Channel
from bot.evidence.sources import ChannelSize, ReportStore, UserReport
from bot.messages.settings import notice
from bot.messages.witnessed import (
    counted_message,
    explanation_message,
    just_me_message,
    scoreboard_message,
    waiting_message,
    which_message,
    works_message,
)
from bot.ports import Clock, Messenger
from bot.status.explain import explain, known_errors
from bot.status.service import SCORED, StatusService
from bot.status.view import StatusView

# What is asked about when nobody names a surface, and nothing is down.
USUAL = ("claude.ai", "code", "api")
_MOST_WORDS = 4  # in the name of a surface, at the beginning of a report


@dataclass(slots=True)
class ReportCommands:
    """The handlers. `reported` is told of every channel whose tally changed."""

    status_service: StatusService
    reports: ReportStore
    reminders: ReminderStore
    messengers: Mapping[str, Messenger]
    clock: Clock
    rng: random.Random
    reported: Callable[[Channel], None] = lambda _: None

    def handlers(self) -> dict[str, Handler]:
        return {
            "report": self.report,
            "affected": self.affected,
            "works": self.works,
            "justme": self.just_me,
            "back": self.back,
            "explain": self.explain,
            "scoreboard": self.scoreboard,
        }

    @property
    def _catalog(self) -> Catalog:
        return self.status_service.catalog

    # --- reports -----------------------------------------------------------------------------

    async def report(self, request: Request, rest: str) -> Answer:
        """`report <surface> [text]`: the text is for whoever reads it in the channel, not us."""
        view = await self.status_service.view(request.channel)
        named = self._leading(rest)
        if len(named) == 1:
            return await self._count(request, named[0], view)
        return Answer(self._which("Trouble with what?", "affected", named or _offered(view)))

    async def affected(self, request: Request, value: str) -> Answer:
        """The button: an incident's key, a surface, or nothing."""
        view = await self.status_service.view(request.channel)
        meant = self._meant(value, view)
        if len(meant) == 1:
            return await self._count(request, meant[0], view)
        return Answer(
            self._which("What do you have trouble with?", "affected", meant or _offered(view))
        )

    async def _count(self, request: Request, surface: str, view: StatusView) -> Answer:
        size = await self._members(request.channel)
        voice = UserReport(request.channel, request.user, surface, size)
        new = await self.reports.add(voice, view.at)
        if new:
            self.reported(request.channel)
        report_counts = await self.reports.of_channel(request.channel, view.at)
        more = await self._outlook(surface, view)
        verdict = view.verdict(surface)
        return Answer(
            counted_message(surface, report_counts, verdict, self._catalog, new=new, more=more)
        )

    async def _members(self, channel: Channel) -> int | None:
        """The size of the channel, to which the quorum is relative; None where nobody knows."""
        messenger = self.messengers.get(channel.platform)
        if not isinstance(messenger, ChannelSize):
            return None
        try:
            return await messenger.members(channel)
        except DeliveryError:
            return None

    async def works(self, request: Request, value: str) -> Answer:
        """The button on the answer to a report: take the voice back."""
        if self._catalog.surface(value) is None:
            return Answer(notice("I don't know what works again", emoji="❓"))
        await self.reports.withdraw(UserReport(request.channel, request.user, value))
        self.reported(request.channel)
        return Answer(works_message(value, self._catalog))

    # --- just me? ----------------------------------------------------------------------------

    async def just_me(self, request: Request, rest: str) -> Answer:
        view = await self.status_service.view(request.channel)
        named = self._leading(rest)
        if len(named) > 1:
            return Answer(self._which("Which one?", "justme", named))
        asked = named or _offered(view)[:3]
        verdicts = [v for s in asked if (v := view.verdict(s)) and v.checked_at]
        if not verdicts:
            return Answer(notice("I have not seen the status page yet", emoji="⚪"))
        here = await self.reports.of_channel(request.channel, view.at)
        bad = [v.surface for v in verdicts if v.in_trouble]
        more = await self._outlook(bad[0], view) if bad else []
        return Answer(just_me_message(verdicts, here, self._catalog, more))

    async def _outlook(self, surface: str, view: StatusView) -> list[Line]:
        return await outlook(self.status_service, view, surface, self.rng)

    # --- the others --------------------------------------------------------------------------

    async def back(self, request: Request, value: str) -> Answer:
        """`back [surface]`, or the button with an incident's key, a surface, or nothing."""
        view = await self.status_service.view(request.channel)
        named = self._meant(value, view) or self._leading(value)
        down = [v.surface for v in view.verdicts if v.in_trouble]
        wanted = [s for s in named or down if s in down or not ((v := view.verdict(s)) and v.is_up)]
        if not wanted:
            return Answer(notice("It is up, as far as I can see", emoji="🟢"))
        messenger = self.messengers.get(request.channel.platform)
        if not isinstance(messenger, Direct):
            return Answer(notice("I can't write to you alone here", emoji="⚠️"))
        try:
            place = await messenger.direct(request.channel, request.user)
        except DeliveryError:
            return Answer(notice("I can't write to you alone: allow messages from me", emoji="⚠️"))
        reminder = Reminder(place, request.user, tuple(wanted), view.at)
        new = await self.reminders.add(reminder)
        return Answer(waiting_message(wanted, self._catalog, new=new))

    async def explain(self, request: Request, rest: str) -> Answer:
        view = await self.status_service.view(request.channel)
        said = explain(rest, view.verdicts, known_errors())
        return Answer(explanation_message(said, view.verdicts, self._catalog))

    async def scoreboard(self, _request: Request, _rest: str) -> Answer:
        board = await self.status_service.scoreboard()
        return Answer(scoreboard_message(board, SCORED.days, self._catalog))

    # --- what is meant -----------------------------------------------------------------------

    def _which(self, question: str, action: str, surfaces: Sequence[str]) -> Message:
        return which_message(question, action, surfaces, self._catalog)

    def _leading(self, text: str) -> list[str]:
        """The surface that a text begins with: exactly one, several to ask back, or none."""
        words = text.split()[:_MOST_WORDS]
        for count in range(len(words), 0, -1):
            match = self._catalog.resolve(" ".join(words[:count]))
            if match.exact:
                return [match.exact]
            if match.candidates:
                return list(match.candidates)
        return []

    def _meant(self, value: str, view: StatusView) -> list[str]:
        """A button's value: a surface, or an incident's key with what it does now."""
        if self._catalog.surface(value) is not None:
            return [value]
        incident = next((i for i in view.incidents if i.key == value), None)
        return self._catalog.order(_touched(incident)) if incident else []


def _touched(incident: Incident) -> list[str]:
    bad = [s for s, impact in incident.surfaces.items() if impact.now.is_impaired]
    return bad or list(incident.surfaces)


def _offered(view: StatusView) -> list[str]:
    """What is in trouble first, then what most people use."""
    bad = [v.surface for v in view.verdicts if v.in_trouble]
    known = {v.surface for v in view.verdicts}
    return [*bad, *(s for s in USUAL if s in known and s not in bad)]
