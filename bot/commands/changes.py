"""Commands that change what a channel gets.

Each answer ends with the channel's effective settings; each real change leaves one public line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.cards import Card, Line, Text
from bot.commands.context import Context
from bot.commands.grammar import Words
from bot.commands.types import KEEP, Answer, Keep, Request
from bot.errors import DeliveryError
from bot.model import Incident, NewsKind, Severity, Subscription
from bot.wording.durations import duration
from bot.wording.example import example_card
from bot.wording.names import Names
from bot.wording.settings import (
    changed_card,
    how_to_change,
    notice,
    public_line,
    subscriptions_card,
    surfaces_words,
)

LONGEST_MUTE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscription shall become. None and KEEP leave a setting as it is."""

    surfaces: frozenset[str] | None = None  # replaces; empty: everything
    plus: frozenset[str] = frozenset()
    minus: frozenset[str] = frozenset()
    severity: Severity | None = None
    mention: str | Keep | None = KEEP
    thread_only: frozenset[NewsKind] | Keep = KEEP
    everybody: bool = False  # asked to call the whole channel, which we never do


def wish(words: Words, names: Names) -> Wish:
    """What typed words ask for. "The same again replaces": what is not named becomes default."""
    adjusts = bool(words.plus or words.minus)
    named = [*words.surfaces]
    for provider in words.providers:
        named += names.of_provider(provider)
    # One provider's name where there is only one means everything of it, unknown parts included.
    whole = words.everything or (bool(words.providers) and len(names.providers) == 1)
    if whole:
        surfaces: frozenset[str] | None = frozenset()
    elif named or not (adjusts or _only_options(words)):
        surfaces = frozenset(named)
    else:
        surfaces = None
    severity = words.severity
    if severity is None and surfaces is not None:
        severity = Severity.DEGRADED
    return Wish(
        surfaces=surfaces,
        plus=frozenset(words.plus),
        minus=frozenset(words.minus),
        severity=severity,
        mention=None if words.no_mention else words.mention or KEEP,
        thread_only=KEEP if words.thread_only is None else words.thread_only,
        everybody=words.everybody,
    )


def _only_options(words: Words) -> bool:
    """ "subscribe @oncall" on a subscribed channel sets the mention and nothing else."""
    return bool(words.mention or words.no_mention or words.thread_only is not None)


async def subscribe(context: Context, request: Request, wished: Wish) -> Answer:
    if refusal := not_allowed(request):
        return refusal
    now = context.clock()
    before = await context.subscriptions.get(request.channel)
    surfaces = _surfaces(wished, before, context.names)
    if surfaces is None:
        return Answer(_nothing_left())
    after = replace(
        before or Subscription(request.channel, created_at=now),
        surfaces=surfaces,
        severity=wished.severity or (before.severity if before else Severity.DEGRADED),
    )
    if not isinstance(wished.mention, Keep):
        after = replace(after, mention=wished.mention)
    if not isinstance(wished.thread_only, Keep):
        after = replace(after, thread_only=wished.thread_only)
    return await _put(context, request, before, after, wished)


async def _put(
    context: Context,
    request: Request,
    before: Subscription | None,
    after: Subscription,
    wished: Wish,
) -> Answer:
    now = context.clock()
    names = context.names
    access = await _access(context, request)
    running = [i for i in await _running(context) if after.matches(i)]
    await context.subscriptions.put(after, behind=[i.key for i in running])
    notes: list[Line] = []
    if access is not None:
        notes.append(access)
    elif running and before != after:
        titles = ", ".join(incident.title for incident in running[:3])
        notes.append((Text(f"Going on right now: {titles}. I post it here, joined midway."),))
    if wished.everybody:
        notes.append((Text("I never call a whole channel; name a group, a role or a person."),))
    if before and before.surfaces != after.surfaces:
        notes.append((Text(f"Before, it got: {surfaces_words(before, names)}."),))
    what = surfaces_words(after, names)
    if before is None:
        title = f"Subscribed to {what}"
    elif before == after:
        title = f"Nothing changed: subscribed to {what}"
    else:
        title = f"Changed: subscribed to {what}"
    card = changed_card(title, after, names, now, notes=tuple(notes))
    if before == after:
        return Answer(card)
    did = "subscribed this channel to" if before is None else "changed what this channel gets:"
    return Answer(card, public_line(request.user_name, f"{did} {what}"))


def _surfaces(wished: Wish, before: Subscription | None, names: Names) -> frozenset[str] | None:
    """The surfaces after the change; None if none would be left (empty means everything)."""
    if wished.surfaces is not None:
        base = wished.surfaces
        if not base and not wished.minus:
            return base
    elif before is None:
        # Nothing yet: "+opus" alone means only opus, "-mobile" alone everything but mobile.
        if wished.plus and not wished.minus:
            return wished.plus
        base = frozenset()
    else:
        base = before.surfaces
    if not base:
        if not wished.minus:
            return base
        base = frozenset(name.id for name in names.surfaces)
    left = (base | wished.plus) - wished.minus
    return left or None


def _nothing_left() -> Card:
    return notice(
        "That would leave nothing, so nothing was changed",
        (Text("unsubscribe", code=True), Text(" ends the subscription.")),
        emoji="❓",
    )


async def _access(context: Context, request: Request) -> Line | None:
    """What stands between us and this channel, with what to do. None: nothing."""
    try:
        access = await context.access(request.channel)
    except DeliveryError as error:
        return (Text(f"I could not find out whether I may write here ({error.reason})."),)
    if access.ok:
        return None
    return (
        Text("I can't write in this channel yet: ", bold=True),
        Text(f"{access.problem.rstrip('.')}. {access.advice}".strip()),
    )


async def _running(context: Context) -> list[Incident]:
    """Open incidents of every provider."""
    return [i for present in await context.presents() for i in present.incidents if not i.quiet]


def not_allowed(request: Request) -> Answer | None:
    if request.may_manage:
        return None
    return Answer(
        notice(
            "You may not change what this channel gets; nothing was changed",
            (
                Text("Ask somebody who manages it. Asking me is open to all: "),
                Text("help", code=True),
            ),
            emoji="🔒",
        )
    )


async def unsubscribe(context: Context, request: Request, words: Words) -> Answer:
    """Ends the subscription; with surfaces named, takes only those away."""
    if refusal := not_allowed(request):
        return refusal
    before = await context.subscriptions.get(request.channel)
    if before is None:
        return Answer(notice("This channel is not subscribed", how_to_change(None).line))
    named = frozenset((*words.surfaces, *words.minus))
    if named:
        return await _take_away(context, request, before, named)
    await context.subscriptions.remove(request.channel)
    again = ("subscribe", *sorted(before.surfaces))
    card = notice(
        "Unsubscribed: this channel gets nothing any more",
        (Text("To undo: "), Text(" ".join(again), code=True)),
        emoji="✅",
    )
    return Answer(card, public_line(request.user_name, "unsubscribed this channel"))


async def _take_away(
    context: Context, request: Request, before: Subscription, named: frozenset[str]
) -> Answer:
    if before.surfaces and not before.surfaces & named:
        title = f"Nothing changed: this channel gets {surfaces_words(before, context.names)}"
        return Answer(changed_card(title, before, context.names, context.clock()))
    if before.surfaces and before.surfaces <= named:
        await context.subscriptions.remove(request.channel)
        title = "Unsubscribed: nothing was left that this channel gets"
        return Answer(
            notice(title, how_to_change(None).line, emoji="✅"),
            public_line(request.user_name, "unsubscribed this channel"),
        )
    return await subscribe(context, request, Wish(minus=named))


async def subscriptions(context: Context, request: Request) -> Answer:
    channel = request.channel
    here = await context.subscriptions.get(channel)
    others = [
        subscription
        async for subscription in context.subscriptions.of_tenant(channel.platform, channel.tenant)
        if subscription.channel != channel
    ]
    return Answer(subscriptions_card(here, others, context.names, context.clock()))


async def mute(context: Context, request: Request, length: timedelta | None) -> Answer:
    if refusal := not_allowed(request):
        return refusal
    before = await context.subscriptions.get(request.channel)
    if before is None:
        return Answer(notice("This channel is not subscribed", how_to_change(None).line))
    if length is None:
        question = (Text("Say it like "), Text("mute 2h", code=True), Text(" (30m, 7d, …)."))
        return Answer(notice("For how long?", question, emoji="❓"))
    length = min(length, LONGEST_MUTE)
    now = context.clock()
    after = replace(before, muted_until=now + length)
    await context.subscriptions.put(after)
    note: Line = (
        Text("What was announced before still gets its end, in its thread. "),
        Text("unmute", code=True),
        Text(" ends it."),
    )
    card = changed_card(f"Muted for {duration(length)}", after, context.names, now, notes=(note,))
    return Answer(card, public_line(request.user_name, f"muted me here for {duration(length)}"))


async def unmute(context: Context, request: Request) -> Answer:
    if refusal := not_allowed(request):
        return refusal
    now = context.clock()
    before = await context.subscriptions.get(request.channel)
    if before is None:
        return Answer(notice("This channel is not subscribed", how_to_change(None).line))
    if not before.is_muted(now):
        return Answer(changed_card("Nothing changed: not muted", before, context.names, now))
    after = replace(before, muted_until=None)
    running = [i.key for i in await _running(context) if after.matches(i)]
    await context.subscriptions.put(after, behind=running)
    card = changed_card("Unmuted", after, context.names, now)
    return Answer(card, public_line(request.user_name, "unmuted me here"))


async def example(context: Context, request: Request) -> Answer:
    """Post a marked example the way a real alert would come, so that a lack of rights shows."""
    if refusal := not_allowed(request):
        return refusal
    now = context.clock()
    if (problem := await _access(context, request)) is not None:
        return Answer(notice("I could not post the example", problem, emoji="⚠️"))
    messenger = context.messengers[request.channel.platform]
    try:
        key = f"test/{request.user}/{now.timestamp():.3f}"
        await messenger.say(request.channel, example_card(context.names, now), key)
    except DeliveryError as error:
        reason: Line = (Text(f"The platform says: {error.reason}."),)
        return Answer(notice("I could not post the example", reason, emoji="⚠️"))
    return Answer(notice("There it is: an example, posted here only", emoji="✅"))
