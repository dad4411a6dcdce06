"""Subscriptions in one line, and the short public lines after a change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.catalog.names import SEVERITIES, spoken_list
from bot.domain.incident import CHANNEL_KINDS, EventKind
from bot.domain.message import Block, Line, Lines, Message, Note, Text, Time
from bot.domain.page import Severity
from bot.domain.subscription import Subscription
from bot.messages.text import in_words, short

# A platform's reason for refusing messages → words that say what a person can do about it.
Explain = Callable[[str], str]
_FROM = {
    Severity.UNKNOWN: "every notice",
    Severity.UP: "every notice",
    Severity.MAINTENANCE: "from maintenance up",
    Severity.DEGRADED: "from degraded up",
    Severity.PARTIAL: "from partial outage up",
    Severity.MAJOR: "major outages only",
}
_KIND_WORDS = {
    EventKind.OPENED: "openings",
    EventKind.WORSE: "worse",
    EventKind.RESOLVED: "resolved",
    EventKind.REOPENED: "reopened",
}
_LONGEST_TITLE = 140
_LONGEST_NAME = 60
EXAMPLE_CHANGE = "subscribe api code partial"


def surfaces_words(subscription: Subscription, catalog: Catalog) -> str:
    if not subscription.surfaces:
        if len(catalog.by_default) == len(catalog.providers):
            return "everything"
        labels = [catalog.provider(id_).label for id_ in catalog.by_default]
        return f"everything of {spoken_list(labels)}"
    return ", ".join(catalog.label(s) for s in catalog.order(subscription.surfaces))


def effective(subscription: Subscription, catalog: Catalog, now: datetime) -> Line:
    """One line: "This channel gets: API · from partial outage up · muted until 17:41"."""
    parts: list[Text | Time] = [
        Text("This channel gets: "),
        Text(surfaces_words(subscription, catalog), bold=True),
        Text(f" · {_FROM[subscription.severity]}"),
    ]
    if subscription.mention:
        only = _called_only(subscription)
        parts.append(Text(f" · calls somebody when it opens and when it gets worse{only}"))
    if subscription.thread_only:
        kinds = [_KIND_WORDS.get(kind, kind.value) for kind in sorted(subscription.thread_only)]
        parts.append(Text(f" · only in the thread: {spoken_list(kinds)}"))
    if subscription.muted_until and subscription.is_muted(now):
        parts += [Text(" · muted until "), Time(subscription.muted_until, "date")]
    for surface, until in sorted(subscription.muted_surfaces.items()):
        if now < until:
            parts += [Text(f" · {catalog.label(surface)} muted until "), Time(until, "date")]
    muted = [key for key, until in subscription.muted_incidents.items() if now < until]
    if muted:
        named = ", ".join(key.partition("/")[2] for key in muted)
        parts.append(Text(f" · muted until it ends: {named}"))
    has_board = subscription.board is not None and subscription.board.kept
    own_times = (
        f"quiet {subscription.quiet.words}" if subscription.quiet else "",
        f"digest {subscription.digest.words}" if subscription.digest else "",
        "has a board" if has_board else "",
    )
    parts += [Text(f" · {words}") for words in own_times if words]
    if subscription.escalation:
        minutes = subscription.escalation.minutes
        parts.append(Text(f" · calls somebody if nobody takes a major outage in {minutes} min"))
    return tuple(parts)


def _called_only(subscription: Subscription) -> str:
    """In brackets: the severity from which up a mention calls, where that is limited."""
    least = subscription.mention_from
    return f" ({_FROM[least]})" if least.rank > Severity.UP.rank else ""


def effective_plain(subscription: Subscription, catalog: Catalog, now: datetime) -> str:
    return in_words(effective(subscription, catalog, now))


def how_to_change(subscription: Subscription | None) -> Note:
    """The command that changes it, in the form that fits what there is."""
    if subscription is None:
        return Note((Text("Start with "), Text("subscribe", code=True), Text(".")))
    surfaces = sorted(subscription.surfaces)
    adjust = f"subscribe -{surfaces[0]}" if len(surfaces) > 1 else "subscribe +opus"
    return Note(
        (
            Text("Change it: "),
            Text(EXAMPLE_CHANGE, code=True),
            Text(" replaces, "),
            Text(adjust, code=True),
            Text(" adjusts, "),
            Text("unsubscribe", code=True),
            Text(" ends it."),
        )
    )


def command_for(subscription: Subscription) -> str:
    """Return what is typed to get the same subscription again."""
    severity = {known: word for word, known in reversed(SEVERITIES.items())}
    words = ["subscribe", *sorted(subscription.surfaces)]
    if subscription.severity is not Severity.DEGRADED:
        words.append(severity.get(subscription.severity, ""))
    if subscription.mention:
        words.append(subscription.mention)
        if subscription.mention_from in severity:
            words += ["from", severity[subscription.mention_from]]
    if subscription.thread_only == CHANNEL_KINDS:
        words.append("thread-only")
    return " ".join(filter(None, words))


def paused_line(subscription: Subscription, explain: Explain) -> Line:
    pause = subscription.paused
    if pause is None:
        return ()
    line: list[Text | Time] = [
        Text("Paused since "),
        Time(pause.since, "date"),
        Text(f": {explain(pause.reason)}."),
    ]
    if pause.next_try:
        line += [Text(" I try again "), Time(pause.next_try, "ago"), Text(".")]
    return tuple(line)


def subscription_blocks(
    subscription: Subscription,
    catalog: Catalog,
    now: datetime,
    explain: Explain,
    *,
    board: Line = (),
) -> list[Block]:
    """Return the effective settings, and how to change them. `board`: where its board is."""
    lines = [effective(subscription, catalog, now)]
    if subscription.paused:
        lines.append(paused_line(subscription, explain))
    if board:
        lines.append(board)
    return [Lines(tuple(lines)), how_to_change(subscription)]


def changed_message(
    title: str,
    subscription: Subscription,
    catalog: Catalog,
    now: datetime,
    explain: Explain,
    *,
    notes: Sequence[Line] = (),
    works: bool = True,
) -> Message:
    """After a change: what was done, what else to know, and the effective settings last.

    `works`: the channel can be written to.
    """
    said = [title, *map(in_words, notes), effective_plain(subscription, catalog, now)]
    plain = " ".join(part.rstrip(".") + "." for part in said)
    blocks: list[Block] = [Lines(tuple(notes))] if notes else []
    blocks += subscription_blocks(subscription, catalog, now, explain)
    emoji = "✅" if works else "⚠️"
    return Message(short(title, _LONGEST_TITLE), plain, emoji=emoji, blocks=tuple(blocks))


def subscribed_message(
    before: Subscription | None,
    after: Subscription,
    catalog: Catalog,
    now: datetime,
    explain: Explain,
    *,
    notes: Sequence[Line],
    works: bool,
) -> Message:
    """After `subscribe`: what the channel gets now, and what it got before if that differs."""
    did = "Nothing changed: subscribed" if before == after else "Changed: subscribed"
    title = f"{did if before else 'Subscribed'} to {surfaces_words(after, catalog)}"
    if not works:
        title += ", once I can write here"
    if before and before.surfaces != after.surfaces:
        notes = [*notes, (Text(f"Before, it got: {surfaces_words(before, catalog)}."),)]
    return changed_message(title, after, catalog, now, explain, notes=notes, works=works)


def subscribed_line(
    who: str, before: Subscription | None, after: Subscription, catalog: Catalog
) -> Message | None:
    """The public line after `subscribe`; None where nothing changed.

    How many a mention will call is said where that is new: nobody is to find out at night.
    """
    if before == after:
        return None
    did = "subscribed this channel to" if before is None else "changed what this channel gets:"
    calls = ""
    called = None if before is None else (before.mention, before.mention_from)
    if after.mention and called != (after.mention, after.mention_from):
        count = len(after.mention.split())
        whom = "somebody" if count == 1 else f"{count} people or groups"
        calls = f"; {whom} will be called when it opens or gets worse{_called_only(after)}"
    return public_line(who, f"{did} {surfaces_words(after, catalog)}{calls}")


def subscriptions_message(
    here: Subscription | None,
    others: list[Subscription],
    catalog: Catalog,
    now: datetime,
    explain: Explain,
    *,
    board: Line = (),
) -> Message:
    """Say what this channel gets, and how many other channels of the workspace get something.

    `board`: where its board is.
    """
    if here is None:
        title = "This channel is not subscribed"
        blocks: list[Block] = [how_to_change(None)]
    else:
        title = "This channel is subscribed"
        blocks = subscription_blocks(here, catalog, now, explain, board=board)
    plain = title + "." if here is None else effective_plain(here, catalog, now) + "."
    if others:
        plural = "channel here is" if len(others) == 1 else "channels here are"
        blocks.append(Note((Text(f"{len(others)} other {plural} subscribed too."),)))
    return Message(title, plain, blocks=tuple(blocks))


def public_line(who: str, did: str) -> Message:
    """One short line for the channel: who changed what. `who` is outside text."""
    words = short(f"{short(who, _LONGEST_NAME) or 'Somebody'} {did}", _LONGEST_TITLE)
    return Message(words, words)
