"""Commands and buttons about what people see: report, justme, back, explain, scoreboard.

Nothing that a person writes is kept, logged or shown to others.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from bot.catalog.names import FILLER, longest_name, of_provider
from bot.commands.shared import what_to_do
from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.domain.errors import DeliveryError
from bot.domain.subscription import Reminder
from bot.evidence.reports import here as said_here
from bot.evidence.stores import ChannelSize, UserReport
from bot.messages.evidence import (
    counted_message,
    scoreboard_message,
    waiting_message,
    which_message,
    works_message,
)
from bot.messages.explanation import explanation_message
from bot.messages.just_me import just_me_message
from bot.messages.text import notice
from bot.messenger import Direct
from bot.status.explain import explain as explanation
from bot.status.explain import known_errors
from bot.status.service import SCORED
from bot.status.view import StatusView

_MOST_WORDS = 4  # in the name of a surface, at the beginning of a report


# --- reports -------------------------------------------------------------------------------------


async def report(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """`report <surface> [text]`: the text is for whoever reads it in the channel, not us."""
    view = await services.status.view(request.channel)
    first = [w for w in words.rest.split()[:_MOST_WORDS] if w.casefold() not in FILLER]
    named = longest_name(view.catalog, first)[0].surfaces if first else ()
    if len(named) == 1:
        return await _count(services, request, named[0], view)
    offered = list(named) or _offered(view)
    return Answer(which_message("Trouble with what?", "affected", offered, view.catalog))


async def affected(services: Services, request: Request, value: str) -> Answer:
    """The button: an incident's key, a surface, or nothing."""
    view = await services.status.view(request.channel)
    meant = _meant(value, view)
    if len(meant) == 1:
        return await _count(services, request, meant[0], view)
    question = "What do you have trouble with?"
    return Answer(which_message(question, "affected", meant or _offered(view), view.catalog))


async def _count(services: Services, request: Request, surface: str, view: StatusView) -> Answer:
    messenger = services.messengers.get(request.channel.platform)
    size = None  # of the channel, to which the quorum is relative, where it can be known
    if isinstance(messenger, ChannelSize):
        with suppress(DeliveryError):
            size = await messenger.members(request.channel)
    subscription = await services.subscriptions.get(request.channel)
    subscribed_at = subscription.created_at if subscription else None
    said = UserReport(request.channel, request.user, surface, size, subscribed_at)
    new = await services.reports.add(said, view.at)
    if new and services.reported is not None:
        await services.reported(request.channel, view.about(surface))
    here = await services.reports.of_channel(request.channel, view.at)
    more = await what_to_do(services, view, surface)
    verdict = view.verdict(surface)
    return Answer(counted_message(surface, here, verdict, view.catalog, new=new, more=more))


async def works(services: Services, request: Request, value: str) -> Answer:
    """The button on the answer to a report: take the report back."""
    if services.catalog.surface(value) is None:
        return Answer(notice("I don't know what works again", emoji="❓"))
    await services.reports.withdraw(UserReport(request.channel, request.user, value))
    if services.reported is not None:
        view = await services.status.view(request.channel)
        await services.reported(request.channel, view.about(value))
    return Answer(works_message(value, services.catalog))


# --- just me? ------------------------------------------------------------------------------------


async def just_me(services: Services, request: Request, words: ParsedCommand) -> Answer:
    return await _just_me(services, request, words.asked)


async def press_just_me(services: Services, request: Request, value: str) -> Answer:
    known = services.catalog.surface(value)
    return await _just_me(services, request, [known.id] if known else [])


async def _just_me(services: Services, request: Request, named: list[str]) -> Answer:
    view = await services.status.view(request.channel)
    if len(named) > 1:
        return Answer(which_message("Which one?", "justme", named, view.catalog))
    asked = named or _offered(view)[:3]
    verdicts = [v for s in asked if (v := view.verdict(s)) and v.checked_at]
    if not verdicts:
        return Answer(notice("I have not seen the status page yet", emoji="⚪"))
    here = await services.reports.of_channel(request.channel, view.at, but=request.user)
    # What people here say is said once, without the one who asks.
    whole = await services.reports.of_channel(request.channel, view.at)
    with_asker = said_here(whole, request.channel.owner)
    verdicts = [
        replace(v, evidence=tuple(e for e in v.evidence if e not in with_asker)) for v in verdicts
    ]
    bad = [v.surface for v in verdicts if v.in_trouble]
    more = await what_to_do(services, view, bad[0]) if bad else []
    notices = [incident for incident in view.incidents if incident.notice]
    return Answer(just_me_message(verdicts, here, view.catalog, more, notices))


# --- tell me when it's back ----------------------------------------------------------------------


async def back(services: Services, request: Request, words: ParsedCommand) -> Answer:
    view = await services.status.view(request.channel)
    named = [*words.asked, *(s for p in words.providers for s in of_provider(view.catalog, p))]
    return await _remind(services, request, named, view)


async def press_back(services: Services, request: Request, value: str) -> Answer:
    """The button carries an incident's key, a surface, or nothing."""
    view = await services.status.view(request.channel)
    return await _remind(services, request, _meant(value, view), view)


async def _remind(
    services: Services, request: Request, named: list[str], view: StatusView
) -> Answer:
    """Keep a reminder for those of the named surfaces (none: of all) that are not up."""
    down = [v.surface for v in view.in_trouble()]
    wanted = [s for s in named or down if not ((v := view.verdict(s)) and v.is_up)]
    if not wanted:
        return Answer(notice("It is up, as far as I can see", emoji="🟢"))
    messenger = services.messengers.get(request.channel.platform)
    if not isinstance(messenger, Direct):
        return Answer(notice("I can't write to you alone here", emoji="⚠️"))
    try:
        place = await messenger.direct(request.channel, request.user)
    except DeliveryError:
        return Answer(notice("I can't write to you alone: allow messages from me", emoji="⚠️"))
    reminder = Reminder(place, request.user, tuple(wanted), view.at)
    kept, new = await services.reminders.add(reminder)
    waited_for = view.catalog.order(kept.surfaces)
    return Answer(waiting_message(waited_for, view.catalog, new=new))


# --- the others ----------------------------------------------------------------------------------


async def explain(services: Services, request: Request, words: ParsedCommand) -> Answer:
    view = await services.status.view(request.channel)
    said = explanation(words.rest, view.verdicts, known_errors())
    return Answer(explanation_message(said, view.verdicts, view.catalog))


async def scoreboard(services: Services, _request: Request, _words: ParsedCommand) -> Answer:
    board = await services.status.scoreboard()
    return Answer(scoreboard_message(board, SCORED.days, services.catalog))


# --- what is meant -------------------------------------------------------------------------------


def _meant(value: str, view: StatusView) -> list[str]:
    """A button's value: a surface, or an incident's key with what it does now."""
    if view.catalog.surface(value) is not None:
        return [value]
    incident = next((i for i in view.recent if i.key == value), None)
    if incident is None:
        return []
    bad = [s for s, impact in incident.surfaces.items() if impact.now.is_impaired]
    return view.catalog.order(bad or incident.surfaces)


def _offered(view: StatusView) -> list[str]:
    """Return the surfaces in trouble first, then those that most people use."""
    bad = [v.surface for v in view.verdicts if v.in_trouble]
    usual = [s.id for s in view.catalog.surfaces() if s.usual]
    return [*bad, *(s for s in usual if s not in bad)]
