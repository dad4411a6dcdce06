"""I'm on it: an incident is taken, taken over, handed over; and who is called if nobody does."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.catalog.names import length_of
from bot.commands.queries import find_incidents
from bot.commands.shared import not_subscribed
from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.domain.incident import Incident
from bot.domain.message import Line, Text
from bot.domain.taker import Escalation, Taker
from bot.messages.subscription import changed_message, public_line
from bot.messages.taking import taken_message
from bot.messages.text import notice

_ADDRESS = re.compile(r"<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|@[&!]?\d{5,25})(?:\|[^<>]*)?>")
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
    """`handover Ada`: the only incident that goes on gets another name."""
    name = " ".join(words.arguments)
    if not name or _ADDRESS.search(name):
        how = (Text("handover Ada", code=True), Text(", or they press “Take it over”."))
        return Answer(notice("To whom? I need a name to show, in plain words", how, emoji="❓"))
    return await _take(services, request, await _meant(services, []), over=True, name=name)


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
    name: str = "",
) -> Answer:
    """Take it, unless somebody has; tell every channel of the workspace by its root."""
    if incident is None or services.takers is None:
        how = (Text("on-it <id>", code=True), Text(" names one; "), Text("history", code=True))
        return Answer(notice("Which incident?", (*how, Text(" lists the ids.")), emoji="❓"))
    if not incident.is_open:
        return Answer(notice("It is over: nobody has to be on it", emoji="🟢"))
    owner, now = request.channel.owner, services.status.clock()
    mine = Taker("" if name else request.user, name or request.user_name, now)
    had = (await services.takers.of_incident(incident.key)).get(owner)
    taker = await services.takers.take(owner, incident.key, mine, over=over)
    if services.reported is not None and taker != had:
        tenant = services.subscriptions.of_tenant(request.channel.platform, request.channel.tenant)
        async for subscription in tenant:
            await services.reported(subscription.channel, [incident])
    if name:
        return Answer(notice(f"Handed over to {taker.name}", emoji="🙋"))
    by_you = taker.person == request.user
    return Answer(taken_message(incident, taker, by_you=by_you, new=taker != had))


async def escalate(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """`escalate after 15m to @oncall`, `escalate off`, or what there is."""
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    now, explain = services.status.clock(), services.explain(request.channel)
    wanted: Escalation | None = None
    if [word.casefold() for word in words.arguments] != ["off"]:
        rest = [word for word in words.arguments if word.casefold() not in {"after", "to"}]
        minutes = next((length for word in rest if (length := length_of(word.casefold()))), None)
        address = next((found for word in rest if (found := _ADDRESS.fullmatch(word))), None)
        whole = minutes.total_seconds() / 60 if minutes else 0
        if len(rest) != 2 or address is None or not 1 <= whole <= _MOST_MINUTES:
            title = "I need a time and whom to call (nothing was changed)"
            return Answer(notice(title, _HOW, emoji="❓"))
        wanted = Escalation(int(whole), f"<{address[1]}>")
    after = replace(before, escalation=wanted)
    await services.subscriptions.put(after)
    title = "Nobody is called any more"
    if wanted:
        title = f"Somebody is called if nobody takes a major outage within {wanted.minutes} min"
    message = changed_message(title, after, services.catalog, now, explain)
    did = f"set whom to call after {wanted.minutes} min" if wanted else "ended the escalation"
    return Answer(message, public_line(request.user_name, f"{did} here"))
