"""Messages about who has taken an incident, and where nobody has."""

from __future__ import annotations

from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.domain.incident import Incident
from bot.domain.message import Button, Lines, Message, Text
from bot.domain.taker import Taker
from bot.messages.durations import duration
from bot.messages.state import emoji_of, name_of
from bot.messages.text import notice, short

_LONGEST_NAME = 40
_LONGEST_VALUE = 80  # of a button


def taker_words(taker: Taker) -> str:
    """Say who is on it; the name is outside text."""
    return f"🙋 On it: {short(taker.name, _LONGEST_NAME) or 'somebody'}"


def untaken_message(
    incident: Incident, since: datetime, now: datetime, catalog: Catalog
) -> Message:
    """Say that nobody has taken a major outage, with the button to do it."""
    who = catalog.provider(incident.provider).label
    title = f"Nobody is on it: {name_of(incident)}"
    words = (
        f"{who} has had a major outage for {duration(now - since)}, and nobody here has taken it."
    )
    return Message(
        title,
        f"{title}. {words}",
        incident.severity,
        emoji_of(incident),
        (Lines(((Text(words),),)),),
        (Button("onit", "I'm on it", incident.key, primary=True),)
        if len(incident.key) <= _LONGEST_VALUE
        else (),
    )


def taken_message(incident: Incident, taker: Taker, *, by_you: bool, new: bool) -> Message:
    """Answer whoever wants it: it is theirs, or somebody else's, who may hand it over."""
    name = name_of(incident, 60)
    if by_you:
        title = f"You are on it: {name}" if new else f"You were on it already: {name}"
        hand_over = (
            Text("It ends with the incident. To hand it over: "),
            Text("handover @ada", code=True),
            Text(", or somebody takes it over."),
        )
        return notice(title, hand_over, emoji="🙋")
    title = f"{short(taker.name, _LONGEST_NAME)} is on it already: {name}"
    button = Button("takeover", "Take it over", incident.key)
    return Message(title, f"{title}.", emoji="🙋", buttons=(button,))
