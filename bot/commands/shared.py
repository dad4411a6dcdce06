"""What several commands that change something need."""

from __future__ import annotations

from bot.commands.context import Context
from bot.commands.types import Answer, Request
from bot.domain.errors import DeliveryError
from bot.domain.incident import Incident
from bot.domain.message import Line, Text
from bot.domain.page import Severity
from bot.domain.subscription import Subscription
from bot.messages.settings import how_to_change, notice


def not_allowed(request: Request) -> Answer | None:
    if request.may_manage:
        return None
    advice: Line = (
        Text("Ask somebody who manages it. Asking me is open to all: "),
        Text("help", code=True),
    )
    title = "You may not change what this channel gets; nothing was changed"
    return Answer(notice(title, advice, emoji="🔒"))


def not_subscribed() -> Answer:
    return Answer(notice("This channel is not subscribed", how_to_change(None).line))


async def what_hinders(context: Context, request: Request) -> Line | None:
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


async def running(context: Context, subscription: Subscription) -> list[Incident]:
    """Incidents that go on right now and that this channel asks for."""
    view = await context.status.view(subscription.channel)
    return [
        incident
        for incident in view.incidents
        if incident.severity.rank > Severity.UP.rank
        and not incident.quiet
        and subscription.matches(incident)
    ]
