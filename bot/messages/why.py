"""The answer to `why`: what became of the last incidents in a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.domain.incident import Incident
from bot.domain.local_time import zone_named
from bot.domain.message import Block, Line, Lines, Message, Text, ThreadLink, Time
from bot.domain.page import Severity, worst
from bot.domain.subscription import Reason, Subscription, ThreadRecord
from bot.messages.state import emoji_of, name_of
from bot.messages.subscription import Explain, how_to_change, subscription_blocks

_WORDS = {
    Reason.PAUSED: "paused",
    Reason.NOT_SUBSCRIBED: "this channel is not subscribed",
    Reason.OTHER_WORKSPACE: "only people of another workspace reported it",
    Reason.MUTED: "this channel is muted",
    Reason.SUMMED_UP: "it is part of the message at the end of the quiet hours",
    Reason.WITHDRAWN: "the provider withdrew it before it was told here",
    Reason.NOT_ANNOUNCED: "it ran already when the page was first read",
    Reason.LONG_OVER: "it was long over when it was first seen",
    Reason.OVER_BEFORE_ASKED: "it was over before this channel's settings last changed",
    Reason.PARKED: "the platform refused the message in every form",
    Reason.ROOT_DELETED: "somebody deleted its message here",
}


@dataclass(frozen=True, slots=True)
class WhyCase:
    """One incident in one channel: what stands there, and the reason of a dry run of the plan."""

    incident: Incident
    thread: ThreadRecord
    reason: Reason


def why_message(
    cases: Sequence[WhyCase],
    subscription: Subscription | None,
    channel: str,
    now: datetime,
    catalog: Catalog,
    explain: Explain,
    *,
    board: Line = (),
) -> Message:
    """Say what became of each. `channel`: the platform's own id of it, for links to threads.

    `board`: where its board is.
    """
    title = "Nothing happened lately that I could have told of"
    if cases:
        title = "Why this channel was told, or not"
    first = ""
    lines: list[Line] = []
    for case in cases:
        incident, told = case.incident, reason(case, subscription, catalog, explain, now)
        line: Line = (
            Text(f"{emoji_of(incident)} "),
            Time(incident.started_at, "date"),
            Text(" "),
            Text(name_of(incident, 80), bold=True),
            Text(f": {told}"),
        )
        if case.thread.root:
            where = " · goes on in " if case.thread.place else " · thread in "
            line = (*line, Text(where), ThreadLink(channel, case.thread.goes_on_in))
        lines.append(line)
        first = first or f" {name_of(incident)}: {told}."
    blocks: list[Block] = [Lines(tuple(lines))] if lines else []
    if subscription is None:
        blocks.append(how_to_change(None))
    else:
        blocks += subscription_blocks(subscription, catalog, now, explain, board=board)
    return Message(title, f"{title}.{first}", emoji="🔍", blocks=tuple(blocks))


def reason(
    case: WhyCase,
    subscription: Subscription | None,
    catalog: Catalog,
    explain: Explain,
    now: datetime,
) -> str:
    """One clause: what stands in the channel, or why nothing does."""
    incident, why = case.incident, case.reason
    if case.thread.root:
        refused = explain(case.thread.refused) if case.thread.refused else ""
        not_all = f"; not all as it was meant: {refused}" if refused else ""
        return _told(case, subscription, now) + not_all
    pause = subscription.paused if subscription else None
    if why is Reason.DUE:
        return "on its way: it is queued for this channel"
    words = _WORDS.get(why, why.value)
    began, ended = subscription.created_at if subscription else None, incident.ended_at
    if why is Reason.PAUSED and pause:
        words = f"paused: {explain(pause.reason)}"
    elif why is Reason.OVER_BEFORE_ASKED and began and ended and ended < began:
        words = "it was over before this channel subscribed"
    elif why in {Reason.OTHER_SURFACES, Reason.BELOW_SEVERITY} and subscription is not None:
        words = _mismatch(incident, subscription, catalog)
    elif why is Reason.PARKED and case.thread.refused:
        words += f": {explain(case.thread.refused)}"
    elif why is Reason.QUIET:
        words = _quiet_words(subscription, now)
    elif why is Reason.SUMMED_UP and not incident.is_open:
        words = "it came and went in quiet hours"
    elif why is Reason.MUTED and subscription is not None and not subscription.is_muted(now):
        words = "muted here: its surface, or this incident"
    return f"not told: {words}"


def _told(case: WhyCase, subscription: Subscription | None, now: datetime) -> str:
    """Say that it was told, and what of it is still to come."""
    if case.reason is Reason.QUIET:
        return f"told; the rest is put off: {_quiet_words(subscription, now)}"
    newer = case.incident.revision - case.thread.shown
    if case.reason not in {Reason.DUE, Reason.PAUSED} or newer <= 0:
        return "told"
    return f"told; {newer} newer change{'s' if newer > 1 else ''} still to come"


def _quiet_words(subscription: Subscription | None, now: datetime) -> str:
    """Say "quiet until 07:00 (Europe/Berlin)": the hours are local ones, and so is their end."""
    quiet = subscription.quiet if subscription else None
    period = quiet.period_at(now) if quiet else None
    if quiet is None or period is None:
        return "quiet hours"
    return f"quiet until {period.end.astimezone(zone_named(quiet.zone)):%H:%M} ({quiet.zone})"


def _mismatch(incident: Incident, subscription: Subscription, catalog: Catalog) -> str:
    """Name which of the two did not match: the surfaces, or the severity."""
    wanted = subscription.surfaces
    touched = set(incident.surfaces)
    if wanted and not touched:
        return "the provider named no surface, so it went only to channels that get everything"
    if not incident.concerns(wanted):
        others = ", ".join(catalog.label(s) for s in catalog.order(touched))
        return f"it touched only {others}"
    mine = [how.worst for surface, how in incident.concerned.items() if surface in wanted]
    high = worst(mine) if mine else incident.worst
    how = high.words if high.rank > Severity.UP.rank else "only a notice"
    return f"{how}, and this channel asks for {subscription.severity.words} or worse"
