"""Subscribing and unsubscribing.

Each answer ends with the channel's effective settings; each real change leaves one public line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.catalog.catalog import Catalog
from bot.catalog.names import of_provider
from bot.commands.shared import access_line, access_of, not_allowed, not_subscribed, running
from bot.commands.subscription_change import SubscriptionChange, change_of
from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.delivery.plan import plan
from bot.domain.incident import Incident
from bot.domain.message import Line, Text
from bot.domain.subscription import Subscription, ThreadRecord
from bot.messages.subscription import (
    changed_message,
    command_for,
    how_to_change,
    public_line,
    subscribed_line,
    subscribed_message,
    surfaces_words,
)
from bot.messages.text import notice
from bot.messenger import Access

# A guess: so many addresses take 600 of the 2,000 letters that Discord allows a message.
MOST_CALLED = 25


async def typed(services: Services, request: Request, words: ParsedCommand) -> Answer:
    if unread := _unread(services.catalog, words):
        return unread
    return await subscribe(services, request, change_of(words, services.catalog))


def _unread(catalog: Catalog, words: ParsedCommand) -> Answer | None:
    """Say of a page that was never read why its provider cannot be named yet, and when it can.

    Its surfaces are those of its page: none would mean all of the others.
    """
    unread = [p for p in words.providers if not of_provider(catalog, p)]
    if not unread or len(catalog.providers) == 1:
        return None
    when = (
        "Its parts are those of its page, which does not answer just now, so nothing was changed. "
        "This works as soon as I have read it once: I try again every minute."
    )
    title = f"I have not read the page of {catalog.provider(unread[0]).label} yet"
    return Answer(notice(title, (Text(when),), emoji="❓"))


async def press(services: Services, request: Request, value: str) -> Answer:
    """The button adds its surface; it never narrows or widens what others have set up."""
    before = await services.subscriptions.get(request.channel)
    named = frozenset({value} if services.catalog.surface(value) is not None else ())
    change = SubscriptionChange(plus=named) if before else SubscriptionChange(surfaces=named)
    return await subscribe(services, request, change)


async def subscribe(services: Services, request: Request, change: SubscriptionChange) -> Answer:
    """Carry a change out, if something is left and it changes anything; answer with the result."""
    if refusal := not_allowed(request):
        return refusal
    catalog, now = services.catalog, services.status.clock()
    before = await services.subscriptions.get(request.channel)
    start = before or Subscription(request.channel, created_at=now)
    after = change.apply(start, catalog, now, is_new=before is None)
    if after is None:
        title = "That would leave nothing, so nothing was changed"
        instead = (Text("unsubscribe", code=True), Text(" ends the subscription."))
        return Answer(notice(title, instead, emoji="❓"))
    if len((after.mention or "").split()) > MOST_CALLED:
        title = f"I call at most {MOST_CALLED} at once (nothing was changed)"
        return Answer(notice(title, (Text("Name a group or a role instead."),), emoji="❓"))
    access = await access_of(services, request)
    may_write = isinstance(access, Access) and access.ok
    if may_write:
        after = replace(after, paused=None)
    going_on = await running(services, after)
    await services.subscriptions.put(after, behind=[incident.key for incident in going_on])
    notes: list[Line] = [problem] if (problem := access_line(access)) else []
    if may_write and going_on and before is None:
        notes.append(await _going_on_line(services, after, going_on))
    if change.everybody:
        notes.append((Text("I never call a whole channel; name a group, a role or a person."),))
    explain = services.explain(request.channel)
    message = subscribed_message(before, after, catalog, now, explain, notes=notes, works=may_write)
    return Answer(message, subscribed_line(request.user_name, before, after, catalog))


async def _going_on_line(
    services: Services, subscription: Subscription, going_on: Sequence[Incident]
) -> Line:
    """Name what runs already, and whether it is posted here now: by a dry run of the plan."""
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


async def unsubscribe(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """Ends the subscription; with surfaces named, takes only those away."""
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    if unread := _unread(services.catalog, words):
        return unread
    whole = [] if len(services.catalog.providers) == 1 else words.providers
    of_providers = (s for provider in whole for s in of_provider(services.catalog, provider))
    named = frozenset((*words.surfaces, *words.minus, *of_providers))
    if named:
        return await _take_away(services, request, before, named)
    await services.subscriptions.remove(request.channel)
    message = notice(
        "Unsubscribed: this channel gets nothing any more",
        (Text("To undo: "), Text(command_for(before), code=True)),
        emoji="✅",
    )
    return Answer(message, public_line(request.user_name, "unsubscribed this channel"))


async def _take_away(
    services: Services, request: Request, before: Subscription, named: frozenset[str]
) -> Answer:
    if before.surfaces and not before.surfaces & named:
        title = f"Nothing changed: this channel gets {surfaces_words(before, services.catalog)}"
        now, explain = services.status.clock(), services.explain(request.channel)
        return Answer(changed_message(title, before, services.catalog, now, explain))
    if before.surfaces and before.surfaces <= named:
        await services.subscriptions.remove(request.channel)
        title = "Unsubscribed: nothing was left that this channel gets"
        return Answer(
            notice(title, how_to_change(None).line, emoji="✅"),
            public_line(request.user_name, "unsubscribed this channel"),
        )
    return await subscribe(services, request, SubscriptionChange(minus=named))
