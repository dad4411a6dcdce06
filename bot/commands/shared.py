"""Parts of several commands: may it be changed, can it be written to, what goes on, what to do."""

from __future__ import annotations

from bot.commands.types import Answer, Request, Services
from bot.domain.board import BOARD
from bot.domain.errors import DeliveryError
from bot.domain.incident import Incident
from bot.domain.message import Line, Text
from bot.domain.page import Severity
from bot.domain.subscription import Subscription
from bot.messages.advice import advice_line, how_long_words
from bot.messages.board import board_line
from bot.messages.subscription import how_to_change
from bot.messages.text import notice
from bot.messenger import Access, Named
from bot.status.view import StatusView


def not_allowed(request: Request) -> Answer | None:
    if request.may_manage:
        return None
    ask_others: Line = (
        Text("Ask somebody who manages it. Asking me is open to all: "),
        Text("help", code=True),
    )
    title = "You may not change what this channel gets; nothing was changed"
    return Answer(notice(title, ask_others, emoji="🔒"))


async def board_of(services: Services, subscription: Subscription) -> Line:
    """Say where the channel's board is, and what it lacks; empty where it asked for none."""
    record = await services.threads.thread(subscription.channel, BOARD)
    return board_line(subscription, record)


def not_subscribed() -> Answer:
    return Answer(notice("This channel is not subscribed", how_to_change(None).line))


async def access_of(services: Services, request: Request) -> Access | DeliveryError:
    """Return whether we may post in this channel, what works in part; or why nobody knows."""
    messenger = services.messengers.get(request.channel.platform)
    if messenger is None:
        return Access(False, f"{request.channel.platform} is not connected", "Tell the operator.")
    try:
        return await messenger.access(request.channel)
    except DeliveryError as error:
        return error


def access_line(access: Access | DeliveryError) -> Line | None:
    """Say what keeps us from posting, or works only in part, with what to do. None: nothing."""
    if isinstance(access, DeliveryError):
        return (Text(f"I could not find out whether I may write here ({access.reason})."),)
    if not access.problem:
        return None
    intro = (
        "Not all works in this channel: " if access.ok else "I can't write in this channel yet: "
    )
    said = f"{access.problem.rstrip('.')}. {access.advice}".strip()
    return (Text(intro, bold=True), Text(said))


async def pin_line(services: Services, request: Request) -> Line:
    """Say whether a message can be pinned in this channel, and if not, what to do."""
    messenger = services.messengers.get(request.channel.platform)
    if not isinstance(messenger, Named):
        return ()  # a terminal, where nobody pins
    if messenger.pins is None:
        return (Text("I don't pin it; whoever may pin messages here can, so that all find it."),)
    try:
        problem = await messenger.pins.problem(request.channel)
    except DeliveryError:
        return ()  # the line about access says that nobody knows
    if problem:
        later = "Once I may, it is pinned with its next change."
        return (Text(f"It will not be pinned: {problem}. {later}"),)
    return (Text("It will be pinned."),)


async def what_hinders(services: Services, request: Request) -> Line | None:
    """Say what keeps us from posting in this channel, with what to do. None: nothing."""
    access = await access_of(services, request)
    return None if isinstance(access, Access) and access.ok else access_line(access)


async def running(services: Services, subscription: Subscription) -> list[Incident]:
    """Incidents that go on right now and that this channel asks for."""
    view = await services.status.view(subscription.channel)
    return [
        incident
        for incident in view.incidents
        if incident.severity.rank > Severity.UP.rank
        and not incident.quiet
        and subscription.matches(incident)
    ]


async def what_to_do(services: Services, view: StatusView, surface: str) -> list[Line]:
    """Say what helps, and how long it may take; nothing where nothing is wrong."""
    if tip := advice_line(view, surface):
        return [(Text(tip),), *await how_long(services, view, surface)]
    return []


async def how_long(services: Services, view: StatusView, surface: str) -> list[Line]:
    verdict = view.verdict(surface)
    going_on = view.about(verdict.carried_by or surface) if verdict else ()
    if going_on and (said := await services.status.expected_duration(going_on[0])):
        return [(Text(how_long_words(said)),)]
    return []
