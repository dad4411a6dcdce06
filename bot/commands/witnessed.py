"""Commands and buttons about what is witnessed: report, justme, back, explain, scoreboard.

Given to `Commands` as `extra`. Nothing that a person writes is kept, logged or shown to others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.advice.explain import explain, known_errors
from bot.cards import Card, Line, Text
from bot.catalog import Catalog
from bot.commands.types import Answer, Handler, Request
from bot.engine.evidence.weigh import is_bad
from bot.errors import DeliveryError
from bot.model import Channel, Incident, Severity
from bot.oracle import SCORED, Oracle, Sight
from bot.ports import Clock, Messenger
from bot.wishes import Direct, Wish, Wishes
from bot.witness import Crowd, ReportStore, Voice
from bot.wording.settings import notice
from bot.wording.witnessed import (
    advice_words,
    counted_card,
    explanation_card,
    how_long_words,
    just_me_card,
    scoreboard_card,
    waiting_card,
    which_card,
    works_card,
)

# What is asked about when nobody names a surface, and nothing is down.
USUAL = ("claude.ai", "code", "api")
_MOST_WORDS = 4  # in the name of a surface, at the beginning of a report


@dataclass(slots=True)
class Witnessed:
    """The handlers. `reported` is told of every channel whose tally changed."""

    oracle: Oracle
    reports: ReportStore
    wishes: Wishes
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
        return self.oracle.catalog

    # --- reports -----------------------------------------------------------------------------

    async def report(self, request: Request, rest: str) -> Answer:
        """`report <surface> [text]`: the text is for whoever reads it in the channel, not us."""
        sight = await self.oracle.look(request.channel)
        named = self._leading(rest)
        if len(named) == 1:
            return await self._count(request, named[0], sight)
        return Answer(self._which("Trouble with what?", "affected", named or _offered(sight)))

    async def affected(self, request: Request, value: str) -> Answer:
        """The button: an incident's key, a surface, or nothing."""
        sight = await self.oracle.look(request.channel)
        meant = self._meant(value, sight)
        if len(meant) == 1:
            return await self._count(request, meant[0], sight)
        return Answer(
            self._which("What do you have trouble with?", "affected", meant or _offered(sight))
        )

    async def _count(self, request: Request, surface: str, sight: Sight) -> Answer:
        size = await self._members(request.channel)
        voice = Voice(request.channel, request.user, surface, size)
        new = await self.reports.add(voice, sight.now)
        if new:
            self.reported(request.channel)
        tallies = await self.reports.of_channel(request.channel, sight.now)
        more = await self._outlook(surface, sight)
        verdict = sight.verdict(surface)
        return Answer(counted_card(surface, tallies, verdict, self._catalog, new=new, more=more))

    async def _members(self, channel: Channel) -> int | None:
        """The size of the channel, to which the quorum is relative; None where nobody knows."""
        messenger = self.messengers.get(channel.platform)
        if not isinstance(messenger, Crowd):
            return None
        try:
            return await messenger.members(channel)
        except DeliveryError:
            return None

    async def works(self, request: Request, value: str) -> Answer:
        """The button on the answer to a report: take the voice back."""
        if self._catalog.surface(value) is None:
            return Answer(notice("I don't know what works again", emoji="❓"))
        await self.reports.withdraw(Voice(request.channel, request.user, value))
        self.reported(request.channel)
        return Answer(works_card(value, self._catalog))

    # --- just me? ----------------------------------------------------------------------------

    async def just_me(self, request: Request, rest: str) -> Answer:
        sight = await self.oracle.look(request.channel)
        named = self._leading(rest)
        if len(named) > 1:
            return Answer(self._which("Which one?", "justme", named))
        asked = named or _offered(sight)[:3]
        verdicts = [v for s in asked if (v := sight.verdict(s))]
        if not verdicts:
            return Answer(notice("I have not seen the status page yet", emoji="⚪"))
        here = await self.reports.of_channel(request.channel, sight.now)
        bad = [v.surface for v in verdicts if v.suspected or is_bad(v.severity)]
        more = await self._outlook(bad[0], sight) if bad else []
        return Answer(just_me_card(verdicts, here, self._catalog, more))

    async def outlook(self, channel: Channel, surfaces: Sequence[str]) -> list[Line]:
        """For the answer to the bare question: about the worst of what was asked for."""
        sight = await self.oracle.look(channel)
        bad = [
            v
            for v in sight.verdicts
            if (not surfaces or v.surface in surfaces) and (is_bad(v.severity) or v.suspected)
        ]
        if not bad:
            return []
        worst = max(bad, key=lambda v: v.severity.rank)
        return await self._outlook(worst.surface, sight)

    async def _outlook(self, surface: str, sight: Sight) -> list[Line]:
        """What to do, and how long it may take."""
        lines: list[Line] = []
        verdict = sight.verdict(surface)
        if verdict is None or (not is_bad(verdict.severity) and not verdict.suspected):
            return lines
        if advice := self.oracle.advice(sight, surface, self.rng.random()):
            lines.append((Text(advice_words(advice, self._catalog)),))
        running = sight.about(surface)
        if running and (said := await self.oracle.how_long(running[0])):
            lines.append((Text(how_long_words(said)),))
        return lines

    # --- the others --------------------------------------------------------------------------

    async def back(self, request: Request, value: str) -> Answer:
        """`back [surface]`, or the button with an incident's key, a surface, or nothing."""
        sight = await self.oracle.look(request.channel)
        named = self._meant(value, sight) or self._leading(value)
        down = [v.surface for v in sight.verdicts if is_bad(v.severity) or v.suspected]
        wanted = [s for s in named or down if s in down or not _is_up(sight, s)]
        if not wanted:
            return Answer(notice("It is up, as far as I can see", emoji="🟢"))
        messenger = self.messengers.get(request.channel.platform)
        if not isinstance(messenger, Direct):
            return Answer(notice("I can't write to you alone here", emoji="⚠️"))
        try:
            place = await messenger.direct(request.channel, request.user)
        except DeliveryError:
            return Answer(notice("I can't write to you alone: allow messages from me", emoji="⚠️"))
        wish = Wish(place, request.user, tuple(wanted), sight.now)
        new = await self.wishes.add(wish)
        return Answer(waiting_card(wanted, self._catalog, new=new))

    async def explain(self, request: Request, rest: str) -> Answer:
        sight = await self.oracle.look(request.channel)
        said = explain(rest, sight.verdicts, known_errors())
        return Answer(explanation_card(said, sight.verdicts, self._catalog))

    async def scoreboard(self, _request: Request, _rest: str) -> Answer:
        board = await self.oracle.scoreboard()
        return Answer(scoreboard_card(board, SCORED.days, self._catalog))

    # --- what is meant -----------------------------------------------------------------------

    def _which(self, question: str, action: str, surfaces: Sequence[str]) -> Card:
        return which_card(question, action, surfaces, self._catalog)

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

    def _meant(self, value: str, sight: Sight) -> list[str]:
        """A button's value: a surface, or an incident's key with what it does now."""
        if self._catalog.surface(value) is not None:
            return [value]
        incident = next((i for i in sight.incidents if i.key == value), None)
        return self._catalog.order(_touched(incident)) if incident else []


def _touched(incident: Incident) -> list[str]:
    bad = [s for s, impact in incident.surfaces.items() if is_bad(impact.now)]
    return bad or list(incident.surfaces)


def _is_up(sight: Sight, surface: str) -> bool:
    verdict = sight.verdict(surface)
    return verdict is not None and verdict.severity is Severity.UP and not verdict.suspected


def _offered(sight: Sight) -> list[str]:
    """What is in trouble first, then what most people use."""
    bad = [v.surface for v in sight.verdicts if is_bad(v.severity) or v.suspected]
    known = {v.surface for v in sight.verdicts}
    return [*bad, *(s for s in USUAL if s in known and s not in bad)]
