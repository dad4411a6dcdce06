"""The card of a step: one object for all the channels that get the same, so it is drawn once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime

from bot.cards import Card, Lines, Text, Time
from bot.catalog import Catalog
from bot.delivery.plan import Act, Step
from bot.model import Incident, Pause
from bot.wording.reply import catch_up_card, reply_card
from bot.wording.root import root_card

KEPT = 256
FRESH = 60.0  # seconds: durations in a card are true to the minute


class Cards:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._kept: OrderedDict[object, Card] = OrderedDict()

    def of(
        self,
        step: Step,
        incident: Incident,
        now: datetime,
        *,
        plainly: bool = False,
        tally: str = "",
    ) -> Card:
        """Return what a step shows. `plainly`: the form for a platform that refused the other.

        `tally`: what the channel's own people report, for its root.
        """
        told = step.news.key if step.news else None
        moment = int(now.timestamp() // FRESH)
        form = (_form(step), told, step.since, step.midway, plainly, tally)
        name = (incident.key, incident.revision, incident.title, form, moment)
        card = self._kept.get(name)
        if card is None:
            card = draw(step, incident, now, self._catalog, tally)
            if plainly:
                card = replace(card, blocks=(), buttons=())
            self._kept[name] = card
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return card


def draw(step: Step, incident: Incident, now: datetime, catalog: Catalog, tally: str = "") -> Card:
    """Return the card of a step that has one (every act but closing and noting)."""
    if step.news is None:
        return root_card(incident, now, catalog, joined_midway=step.midway, tally=tally or None)
    if step.act is Act.CATCH_UP:
        return catch_up_card(incident, step.since, now)
    return reply_card(incident, step.news, now, catalog)


def back_card(pause: Pause) -> Card:
    """What a channel is told once, when it can be written to again."""
    words = f"I could not write to this channel ({pause.reason}). I can again, and go on from here."
    since = (Text("Since "), Time(pause.since, "date"), Text("."))
    return Card(
        "I can write here again", words, emoji="🔔", blocks=(Lines(((Text(words),), since)),)
    )


def _form(step: Step) -> str:
    return "root" if step.news is None else "until" if step.act is Act.CATCH_UP else "reply"
