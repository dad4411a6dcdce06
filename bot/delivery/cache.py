"""The card of a step: one object for all the channels that get the same, so it is drawn once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.delivery.plan import Act, Step
from bot.domain.incident import Incident
from bot.domain.message import Lines, Message, Text, Time
from bot.domain.subscription import Pause
from bot.messages.reply import catch_up_message, reply_message
from bot.messages.root import root_message

KEPT = 256
FRESH = 60.0  # seconds: durations in a card are true to the minute


class MessageCache:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._kept: OrderedDict[object, Message] = OrderedDict()

    def of(
        self,
        step: Step,
        incident: Incident,
        now: datetime,
        *,
        plainly: bool = False,
        report_count: str = "",
    ) -> Message:
        """Return what a step shows. `plainly`: the form for a platform that refused the other.

        `tally`: what the channel's own people report, for its root.
        """
        told = step.event.key if step.event else None
        moment = int(now.timestamp() // FRESH)
        form = (_form(step), told, step.since, step.midway, plainly, report_count)
        name = (incident.key, incident.revision, incident.title, form, moment)
        card = self._kept.get(name)
        if card is None:
            card = draw(step, incident, now, self._catalog, report_count)
            if plainly:
                card = replace(card, blocks=(), buttons=())
            self._kept[name] = card
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return card


def draw(
    step: Step, incident: Incident, now: datetime, catalog: Catalog, report_count: str = ""
) -> Message:
    """Return the card of a step that has one (every act but closing and noting)."""
    if step.event is None:
        return root_message(
            incident, now, catalog, joined_midway=step.midway, report_count=report_count or None
        )
    if step.act is Act.CATCH_UP:
        return catch_up_message(incident, step.since, now)
    return reply_message(incident, step.event, now, catalog)


def back_message(pause: Pause) -> Message:
    """What a channel is told once, when it can be written to again."""
    words = f"I could not write to this channel ({pause.reason}). I can again, and go on from here."
    since = (Text("Since "), Time(pause.since, "date"), Text("."))
    return Message(
        "I can write here again", words, emoji="🔔", blocks=(Lines(((Text(words),), since)),)
    )


def _form(step: Step) -> str:
    return "root" if step.event is None else "until" if step.act is Act.CATCH_UP else "reply"
