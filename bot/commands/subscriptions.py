"""Subscribing and unsubscribing.

Each answer ends with the channel's effective settings; each real change leaves one public line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.catalog.catalog import Catalog
from bot.catalog.names import SEVERITIES, of_provider
from bot.commands.shared import access_line, access_of, not_allowed, not_subscribed, running
from bot.commands.types import KEEP, Answer, Keep, ParsedCommand, Request, Services
from bot.delivery.plan import plan
from bot.domain.incident import CHANNEL_KINDS, EventKind, Incident
from bot.domain.message import Line, Message, Text
from bot.domain.page import Severity
from bot.domain.subscription import Subscription, ThreadRecord
from bot.messages.subscription import changed_message, how_to_change, public_line, surfaces_words
from bot.messages.text import notice
from bot.ports import Access


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """What a subscription shall become. None and KEEP leave a setting as it is."""

    surfaces: frozenset[str] | None = None  # replaces; empty: everything
    plus: frozenset[str] = frozenset()
    minus: frozenset[str] = frozenset()
    severity: Severity | None = None
    mention: str | Keep | None = KEEP
    thread_only: frozenset[EventKind] | Keep = KEEP
    everybody: bool = False  # asked to call the whole channel, which we never do


def change(words: ParsedCommand, catalog: Catalog) -> SubscriptionChange:
    """What typed words ask for. "The same again replaces": what is not named becomes default."""
    adjusts = bool(words.plus or words.minus)
    named = [*words.surfaces]
    for provider in words.providers:
        named += of_provider(catalog, provider)
    # One provider's name where there is only one means everything of it, unknown parts included.
    whole = words.everything or (bool(words.providers) and len(catalog.providers) == 1)
    if whole:
        surfaces: frozenset[str] | None = frozenset()
    elif named or not (adjusts or _only_options(words)):
        surfaces = frozenset(named)
    else:
        surfaces = None
    severity = words.severity
    if severity is None and surfaces is not None:
        severity = Severity.DEGRADED
    return SubscriptionChange(
        surfaces=surfaces,
        plus=frozenset(words.plus),
        minus=frozenset(words.minus),
        severity=severity,
        mention=None if words.no_mention else words.mention or KEEP,
        thread_only=KEEP if words.thread_only is None else words.thread_only,
        everybody=words.everybody,
    )


def _only_options(words: ParsedCommand) -> bool:
    """Tell whether only options were named: "subscribe @oncall" keeps all the rest."""
    return bool(words.mention or words.no_mention or words.thread_only is not None)


async def typed(services: Services, request: Request, words: ParsedCommand) -> Answer:
    catalog = services.catalog
    unread = [p for p in words.providers if not of_provider(catalog, p)]
    if unread and len(catalog.providers) > 1:
        # Its surfaces are those of its page: none would mean all of the others.
        return Answer(
            notice(
                f"I have not read the page of {catalog.provider(unread[0]).label} yet",
                (Text("So I do not know its parts. Try again in a minute."),),
                emoji="❓",
            )
        )
    return await subscribe(services, request, change(words, catalog))


async def press(services: Services, request: Request, value: str) -> Answer:
    """The button adds its surface; it never narrows or widens what others have set up."""
    before = await services.subscriptions.get(request.channel)
    known = services.catalog.surface(value) is not None
    if before is None:
        return await subscribe(
            services, request, SubscriptionChange(surfaces=frozenset({value} if known else ()))
        )
    return await subscribe(
        services, request, SubscriptionChange(plus=frozenset({value} if known else ()))
    )


async def subscribe(services: Services, request: Request, wished: SubscriptionChange) -> Answer:
    if refusal := not_allowed(request):
        return refusal
    now = services.status.clock()
    before = await services.subscriptions.get(request.channel)
    surfaces = _surfaces(wished, before, services.catalog)
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
    return await _put(services, request, before, after, wished)


async def _put(
    services: Services,
    request: Request,
    before: Subscription | None,
    after: Subscription,
    wished: SubscriptionChange,
) -> Answer:
    now = services.status.clock()
    catalog = services.catalog
    access = await access_of(services, request)
    may_write = isinstance(access, Access) and access.ok
    if may_write:
        after = replace(after, paused=None)
    going_on = await running(services, after)
    await services.subscriptions.put(after, behind=[incident.key for incident in going_on])
    notes: list[Line] = []
    if problem := access_line(access):
        notes.append(problem)
    if may_write and going_on and before is None:
        notes.append(await _going_on_line(services, after, going_on))
    if wished.everybody:
        notes.append((Text("I never call a whole channel; name a group, a role or a person."),))
    if before and before.surfaces != after.surfaces:
        notes.append((Text(f"Before, it got: {surfaces_words(before, catalog)}."),))
    what = surfaces_words(after, catalog)
    if before is None:
        title = f"Subscribed to {what}"
    elif before == after:
        title = f"Nothing changed: subscribed to {what}"
    else:
        title = f"Changed: subscribed to {what}"
    if not may_write:
        title += ", once I can write here"
    message = changed_message(title, after, catalog, now, notes=tuple(notes), works=may_write)
    if before == after:
        return Answer(message)
    did = "subscribed this channel to" if before is None else "changed what this channel gets:"
    calls = _newly_called(before, after)
    return Answer(message, public_line(request.user_name, f"{did} {what}{calls}"))


async def _going_on_line(
    services: Services, subscription: Subscription, going_on: Sequence[Incident]
) -> Line:
    """What runs already, and whether it is posted here now: by a dry run of the plan."""
    now, posted = services.status.clock(), []
    for incident in going_on:
        thread = await services.threads.thread(subscription.channel, incident.key)
        known = thread or ThreadRecord()
        if known.root is None and plan(incident, known, subscription, now).steps:
            posted.append(incident)
    named = posted or going_on
    titles = "; ".join(incident.title for incident in named[:3])
    where = ", and posted here at once" if posted else ", and in its thread here already"
    return (Text(f"Going on right now{where}: {titles}."),)


def _undo(subscription: Subscription) -> str:
    """What to type to have the same subscription again."""
    severity = {known: word for word, known in reversed(SEVERITIES.items())}
    words = ["subscribe", *sorted(subscription.surfaces)]
    if subscription.severity is not Severity.DEGRADED:
        words.append(severity.get(subscription.severity, ""))
    if subscription.mention:
        words.append(subscription.mention)
    if subscription.thread_only == CHANNEL_KINDS:
        words.append("thread-only")
    return " ".join(filter(None, words))


def _newly_called(before: Subscription | None, after: Subscription) -> str:
    """Return for the channel how many a mention will call, where that is new; else nothing."""
    if not after.mention or (before is not None and before.mention == after.mention):
        return ""
    count = len(after.mention.split())
    who = "somebody" if count == 1 else f"{count} people or groups"
    return f"; {who} will be called when it opens or gets worse"


def _surfaces(
    wished: SubscriptionChange, before: Subscription | None, catalog: Catalog
) -> frozenset[str] | None:
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
        base = frozenset(s for one in catalog.by_default for s in of_provider(catalog, one))
    left = (base | wished.plus) - wished.minus
    return left or None


def _nothing_left() -> Message:
    return notice(
        "That would leave nothing, so nothing was changed",
        (Text("unsubscribe", code=True), Text(" ends the subscription.")),
        emoji="❓",
    )


async def unsubscribe(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """Ends the subscription; with surfaces named, takes only those away."""
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    whole = [] if len(services.catalog.providers) == 1 else words.providers
    of_providers = (s for provider in whole for s in of_provider(services.catalog, provider))
    named = frozenset((*words.surfaces, *words.minus, *of_providers))
    if named:
        return await _take_away(services, request, before, named)
    await services.subscriptions.remove(request.channel)
    message = notice(
        "Unsubscribed: this channel gets nothing any more",
        (Text("To undo: "), Text(_undo(before), code=True)),
        emoji="✅",
    )
    return Answer(message, public_line(request.user_name, "unsubscribed this channel"))


async def _take_away(
    services: Services, request: Request, before: Subscription, named: frozenset[str]
) -> Answer:
    if before.surfaces and not before.surfaces & named:
        title = f"Nothing changed: this channel gets {surfaces_words(before, services.catalog)}"
        return Answer(changed_message(title, before, services.catalog, services.status.clock()))
    if before.surfaces and before.surfaces <= named:
        await services.subscriptions.remove(request.channel)
        title = "Unsubscribed: nothing was left that this channel gets"
        return Answer(
            notice(title, how_to_change(None).line, emoji="✅"),
            public_line(request.user_name, "unsubscribed this channel"),
        )
    return await subscribe(services, request, SubscriptionChange(minus=named))
