"""I'm on it: an incident is taken, taken over, handed over; and who is called if nobody does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from bot.catalog.names import length_of
from bot.catalog.times import is_off
from bot.commands.queries import find_incidents
from bot.commands.shared import not_subscribed
from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.domain.errors import DeliveryError
from bot.domain.incident import Incident
from bot.domain.message import Line, Text
from bot.domain.taker import Escalation, Taker
from bot.messages.subscription import changed_message, public_line
from bot.messages.taking import taken_message
from bot.messages.text import notice
from bot.messenger import Named

_ADDRESS = re.compile(r"<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|@[&!]?\d{5,25})(?:\|[^<>]*)?>")
# One person, with the name that some platforms put behind.
_PERSON = re.compile(r"<@!?([UW][A-Z0-9]+|\d{5,25})(?:\|([^<>]*))?>")
_MOST_MINUTES = 240
_HOW: Line = (
    Text("Say it like "),
    Text("escalate after 15m to @oncall", code=True),
    Text(" (a person, a group or a role; up to 4h), or "),
    Text("escalate off", code=True),
    Text("."),
)


async def press_on_it(services: Services, request: Request, value: str) -> Answer:
    """The button: an incident's key."""
    return await _take(services, request, await services.status.incident_store.incident(value))


async def press_take_over(services: Services, request: Request, value: str) -> Answer:
    incident = await services.status.incident_store.incident(value)
    return await _take(services, request, incident, over=True)


async def on_it(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """`on-it [id]`: without one, the only incident that goes on."""
    if len(words.arguments) > 1:
        return Answer(notice("One incident at a time: on-it <id>", emoji="❓"))
    return await _take(services, request, await _meant(services, words.arguments))


async def handover(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """`handover @ada`, or a name: the only incident that goes on is somebody else's."""
    name, person = " ".join(words.arguments), ""
    if found := _PERSON.fullmatch(name):
        person, name = found[1], found[2] or ""
        messenger = services.messengers.get(request.channel.platform)
        if isinstance(messenger, Named):
            with suppress(DeliveryError):
                name = await messenger.name_of(request.channel, person) or name
    if not name or _ADDRESS.search(name):
        how = (Text("handover @ada", code=True), Text(", a name, or they press “Take it over”."))
        return Answer(notice("To whom? I need one person whose name I can show", how, emoji="❓"))
    to = Taker(person, name, services.status.clock())
    return await _take(services, request, await _meant(services, []), over=True, to=to)


async def _meant(services: Services, named: list[str]) -> Incident | None:
    """The incident that was named; without a name, the only one that goes on."""
    if named:
        found = await find_incidents(services, named[0])
    else:
        view = await services.status.view()
        found = [one for one in view.incidents if not one.maintenance]
    return found[0] if len(found) == 1 else None


async def _take(
    services: Services,
    request: Request,
    incident: Incident | None,
    *,
    over: bool = False,
    to: Taker | None = None,
) -> Answer:
    """Take it, unless somebody has; tell every channel of the workspace by its root.

    `to`: who takes it (None: whoever asks).
    """
    if incident is None or services.takers is None:
        how = (Text("on-it <id>", code=True), Text(" names one; "), Text("history", code=True))
        return Answer(notice("Which incident?", (*how, Text(" lists the ids.")), emoji="❓"))
    if not incident.is_open:
        return Answer(notice("It is over: nobody has to be on it", emoji="🟢"))
    owner = request.channel.owner
    mine = to or Taker(request.user, request.user_name, services.status.clock())
    had = (await services.takers.of_incident(incident.key)).get(owner)
    taker = await services.takers.take(owner, incident.key, mine, over=over)
    if services.reported is not None and taker != had:
        tenant = services.subscriptions.of_tenant(request.channel.platform, request.channel.tenant)
        async for subscription in tenant:
            await services.reported(subscription.channel, [incident])
    if to is not None:
        return Answer(notice(f"Handed over to {taker.name}", emoji="🙋"))
    by_you = taker.person == request.user
    return Answer(taken_message(incident, taker, by_you=by_you, new=taker != had))


async def escalate(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """`escalate after 15m to @oncall`, `escalate off`, or what there is."""
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    now, explain = services.status.clock(), services.explain(request.channel)
    if not isinstance(services.messengers.get(request.channel.platform), Named):
        elsewhere: Line = (Text("Set it in a chat, where there are people to call."),)
        title = "Nobody can be called here (nothing was changed)"
        return Answer(notice(title, elsewhere, emoji="❓"))
    if not words.arguments:
        title = "Nobody is called" if before.escalation is None else _called(before.escalation)
        message = changed_message(title, before, services.catalog, now, explain, notes=(_HOW,))
        return Answer(message)
    wanted = _read(words.arguments)
    if wanted is None and not is_off(words.arguments):
        title = "I need a time and whom to call (nothing was changed)"
        return Answer(notice(title, _HOW, emoji="❓"))
    title = _called(wanted) if wanted else "Nobody is called any more"
    if wanted == before.escalation:
        title = "Nothing changed: this is set already" if wanted else "Nobody was called before"
        return Answer(changed_message(title, before, services.catalog, now, explain))
    after = replace(before, escalation=wanted)
    await services.subscriptions.put(after)
    message = changed_message(title, after, services.catalog, now, explain)
    did = f"set whom to call after {wanted.minutes} min" if wanted else "ended the escalation"
    return Answer(message, public_line(request.user_name, f"{did} here"))


def _called(escalation: Escalation) -> str:
    return f"Somebody is called if nobody takes a major outage within {escalation.minutes} min"


def _read(words: Sequence[str]) -> Escalation | None:
    """Return what "after 15m to @oncall" asks for; None: it is not understood."""
    rest = [word for word in words if word.casefold() not in {"after", "to"}]
    length = next((found for word in rest if (found := length_of(word.casefold()))), None)
    address = next((call for word in rest if (call := _ADDRESS.fullmatch(word))), None)
    minutes = length.total_seconds() / 60 if length else 0
    if len(rest) != 2 or address is None or not 1 <= minutes <= _MOST_MINUTES:
        return None
    return Escalation(int(minutes), f"<{address[1]}>")
