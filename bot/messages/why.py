"""Why this channel was, or was not, told of the last incidents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.domain.incident import Incident
from bot.domain.message import Block, Line, Lines, Message, Text, ThreadLink, Time
from bot.domain.page import Severity
from bot.domain.subscription import Subscription, ThreadRecord
from bot.messages.reasons import reason_words
from bot.messages.state import emoji_of, name_of
from bot.messages.subscription import how_to_change, subscription_blocks


@dataclass(frozen=True, slots=True)
class WhyCase:
    """One incident, and what stands about it in the channel."""

    incident: Incident
    thread: ThreadRecord | None


def why_message(
    cases: Sequence[WhyCase],
    subscription: Subscription | None,
    channel: str,
    now: datetime,
    catalog: Catalog,
) -> Message:
    """`channel` is the platform's own id of it, for links to threads."""
    if not cases:
        title = "Nothing happened lately that I could have told of"
        lines: tuple[Line, ...] = ()
    else:
        title = "Why this channel was told, or not"
        lines = tuple(_line(case, subscription, channel, now, catalog) for case in cases)
    blocks: list[Block] = [Lines(lines)] if lines else []
    if subscription is None:
        blocks.append(how_to_change(None))
    else:
        blocks += subscription_blocks(subscription, catalog, now)
    first = (
        f" {name_of(cases[0].incident)}: {reason(cases[0], subscription, now, catalog)}."
        if cases
        else ""
    )
    return Message(title, f"{title}.{first}", emoji="🔍", blocks=tuple(blocks))


def _line(
    case: WhyCase, subscription: Subscription | None, channel: str, now: datetime, catalog: Catalog
) -> Line:
    incident = case.incident
    head = (
        Text(f"{emoji_of(incident)} "),
        Time(incident.started_at, "date"),
        Text(" "),
        Text(name_of(incident, 80), bold=True),
        Text(f": {reason(case, subscription, now, catalog)}"),
    )
    if case.thread and case.thread.root:
        return (*head, Text(" · thread in "), ThreadLink(channel, case.thread.root))
    return head


def reason(
    case: WhyCase, subscription: Subscription | None, now: datetime, catalog: Catalog
) -> str:
    """One clause. What stands in the channel comes first: it is certain."""
    thread = case.thread
    if thread and thread.root:
        behind = case.incident.revision - thread.shown
        if behind > 0 and not thread.closed:
            return f"told; {behind} newer change{'s' if behind > 1 else ''} still to come"
        return "told"
    if subscription is None:
        return "not told: this channel is not subscribed"
    why_not = _why_not(case.incident, subscription, now, catalog)
    return f"not told: {why_not}" if why_not else "on its way: it is queued for this channel"


def _why_not(
    incident: Incident, subscription: Subscription, now: datetime, catalog: Catalog
) -> str:
    """The first reason that holds, the lasting ones before the passing ones. Empty: none does."""
    began, ended = subscription.created_at, incident.ended_at
    reasons = (
        (not subscription.matches(incident), _mismatch(incident, subscription, catalog)),
        (incident.quiet, "it was long over when it was first seen"),
        (began and ended and ended < began, "it was over before this channel subscribed"),
        (subscription.paused, _paused_words(subscription)),
        (subscription.is_muted(now), "this channel is muted"),
        (not incident.is_open, "muted, paused or out of reach while it lasted"),
    )
    return next((words for holds, words in reasons if holds), "")


def _paused_words(subscription: Subscription) -> str:
    pause = subscription.paused
    return f"paused: {reason_words(pause.reason)}" if pause else ""


def _mismatch(incident: Incident, subscription: Subscription, catalog: Catalog) -> str:
    """Which of the two did not match: the surfaces, or the severity."""
    wanted = subscription.surfaces
    touched = set(incident.surfaces)
    if wanted and not touched:
        return "the provider named no surface, so it went only to channels that get everything"
    if wanted and not wanted & touched:
        others = ", ".join(catalog.label(s) for s in catalog.order(touched))
        return f"it touched only {others}"
    mine = wanted & touched
    worst = (
        max((incident.surfaces[s].worst for s in mine), key=lambda s: s.rank)
        if mine
        else incident.worst
    )
    how = worst.words if worst.rank > Severity.UP.rank else "only a notice"
    return f"{how}, and this channel asks for {subscription.severity.words} or worse"
