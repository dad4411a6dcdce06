"""Commands around a subscription: list it, mute it, try it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.catalog.names import spoken_list
from bot.catalog.times import TimesError
from bot.commands.mute_words import LONGEST_MUTE, read_mute
from bot.commands.queries import find_incidents
from bot.commands.shared import board_of, not_subscribed, running, what_hinders
from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.domain.errors import DeliveryError
from bot.domain.incident import Incident
from bot.domain.message import Line, Text
from bot.domain.subscription import Subscription
from bot.messages.durations import duration
from bot.messages.help import example_message
from bot.messages.state import name_of
from bot.messages.subscription import changed_message, public_line, subscriptions_message
from bot.messages.text import notice

_HOW: Line = (
    Text("Say it like "),
    Text("mute 2h", code=True),
    Text(", "),
    Text("mute api until 9:00 Europe/Berlin", code=True),
    Text(" or "),
    Text("mute <incident id>", code=True),
    Text("."),
)


async def subscriptions(services: Services, request: Request, _words: ParsedCommand) -> Answer:
    channel = request.channel
    here = await services.subscriptions.get(channel)
    everywhere = services.subscriptions.of_tenant(channel.platform, channel.tenant)
    others = [one async for one in everywhere if one.channel != channel]
    now, explain = services.status.clock(), services.explain(channel)
    board = await board_of(services, here) if here else ()
    message = subscriptions_message(here, others, services.catalog, now, explain, board=board)
    return Answer(message)


async def mute(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """The whole channel, some surfaces, or one incident. Nothing is muted on a word not known."""
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    now, catalog = services.status.clock(), services.catalog
    try:
        read = read_mute(words.arguments, catalog, before.zone, now)
        incidents = [await _incident(services, word) for word in read.left]
    except TimesError as error:
        return Answer(notice(f"{error} (nothing was muted)", _HOW, emoji="❓"))
    if read.until is None and not incidents:
        return Answer(notice("For how long?", _HOW, emoji="❓"))
    until = read.until or now + LONGEST_MUTE
    after = muted(before, read.surfaces, [incident.key for incident in incidents], until, now)
    await services.subscriptions.put(after)
    what = [*map(catalog.label, catalog.order(read.surfaces))]
    what += [name_of(incident, 60) for incident in incidents]
    length = f"for {duration(until - now)}" if read.until else "until it ends"
    title = f"Muted {spoken_list(what)} {length}" if what else f"Muted {length}"
    if read.shortened:
        title += ", the longest that there is"
    note: Line = (
        Text("What was announced before still gets its end, in its thread. "),
        Text("unmute", code=True),
        Text(" ends it."),
    )
    explain = services.explain(request.channel)
    message = changed_message(title, after, catalog, now, explain, notes=(note,))
    did = f"muted {spoken_list(what) or 'me'} here {length}"
    return Answer(message, public_line(request.user_name, did))


def muted(
    before: Subscription,
    surfaces: Collection[str],
    incidents: Collection[str],
    until: datetime,
    now: datetime,
) -> Subscription:
    """Return the subscription with these muted, of neither: as a whole. What ended is forgotten."""
    still_surfaces = {s: end for s, end in before.muted_surfaces.items() if now < end}
    still_incidents = {key: end for key, end in before.muted_incidents.items() if now < end}
    return replace(
        before,
        muted_until=before.muted_until if surfaces or incidents else until,
        muted_surfaces=still_surfaces | dict.fromkeys(surfaces, until),
        muted_incidents=still_incidents | dict.fromkeys(incidents, until),
    )


async def _incident(services: Services, word: str) -> Incident:
    """Return the incident that a word names.

    Raises:
        TimesError: none, or several.
    """
    found = await find_incidents(services, word)
    if len(found) != 1:
        several = f"“{word}” may be several incidents" if found else f"I don't know “{word}”"
        raise TimesError(several)
    return found[0]


async def unmute(services: Services, request: Request, _words: ParsedCommand) -> Answer:
    now, explain = services.status.clock(), services.explain(request.channel)
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    nothing = not (before.muted_surfaces or before.muted_incidents)
    if not before.is_muted(now) and nothing:
        title = "Nothing changed: this channel was not muted"
        return Answer(changed_message(title, before, services.catalog, now, explain))
    after = replace(before, muted_until=None, muted_surfaces={}, muted_incidents={})
    going_on = await running(services, after)
    await services.subscriptions.put(after, behind=[incident.key for incident in going_on])
    message = changed_message("Unmuted", after, services.catalog, now, explain)
    return Answer(message, public_line(request.user_name, "unmuted me here"))


async def example(services: Services, request: Request, _words: ParsedCommand) -> Answer:
    """Post a marked example the way a real alert would come, so that a lack of rights shows."""
    now = services.status.clock()
    failed = "I could not post the example"
    if (problem := await what_hinders(services, request)) is not None:
        return Answer(notice(failed, problem, emoji="⚠️"))
    messenger = services.messengers[request.channel.platform]
    key = f"test/{request.user}/{now.timestamp():.3f}"
    try:
        await messenger.say(request.channel, example_message(services.catalog, now), key)
    except DeliveryError as error:
        return Answer(notice(failed, (Text(f"The platform says: {error.reason}."),), emoji="⚠️"))
    return Answer(notice("There it is: an example, posted here only", emoji="✅"))
