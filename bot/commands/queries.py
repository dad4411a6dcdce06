"""Commands that only look: ask, history, incident, why."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from bot.catalog.names import of_provider, provider_of
from bot.commands.shared import board_of, how_long
from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.delivery.plan import plan
from bot.delivery.quiet_end import summary_of, told_in
from bot.domain.incident import Incident
from bot.domain.message import Message, Text, ThreadLink
from bot.domain.subscription import ThreadRecord
from bot.messages.answer import answer_message
from bot.messages.charts import timeline_chart
from bot.messages.history import history_message, incident_message
from bot.messages.report import report_message
from bot.messages.text import notice
from bot.messages.uptime import uptime_message
from bot.messages.why import WhyCase, why_message

USUAL_HISTORY = timedelta(days=7)
USUAL_UPTIME = timedelta(days=90)  # as status pages show it
_SHORTEST_ID = 4  # the beginning of an id that is taken for it
_WHY_BACK = timedelta(days=7)
_WHY_CASES = 5


async def ask(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """The bare question. Always answers, even with nothing known."""
    asked = words.asked
    view = await services.status.view(request.channel, words.versions)
    view = view.naming(words.versions)
    if words.providers and not asked:
        view = view.of(words.providers)
    threads = {
        incident.key: link
        for incident in view.incidents
        if (link := await _thread_link(services, request, incident))
    }
    for one in view.providers:
        if one.failing_since is not None or not one.is_fresh:
            services.poll_soon(one.provider)  # whoever asks again sees more
    bad = view.in_trouble(asked)
    lines = await how_long(services, view, bad[0].surface) if bad else ()
    message = answer_message(
        view,
        asked=asked,
        threads=threads,
        how_long=lines,
        question=words.question,
        page_url=services.page_url,
    )
    return Answer(message, shared=words.share)


async def _thread_link(
    services: Services, request: Request, incident: Incident
) -> ThreadLink | None:
    thread = await services.threads.thread(request.channel, incident.key)
    place = thread.goes_on_in if thread else None
    return ThreadLink(request.channel.id, place) if place else None


async def history(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """List what happened, seen by us or told by the page's own list."""
    view = await services.status.view(request.channel)
    span = min(words.length or USUAL_HISTORY, services.status.kept)
    asked = set(words.asked)
    wanted = {provider_of(view.catalog, surface) for surface in asked} or set(words.providers)
    found: list[Incident] = []
    for one in view.providers:
        if not wanted or one.provider in wanted:
            found += await services.status.incident_store.history(one.provider, view.at - span)
    began = max((one.watched_since for one in view.providers if one.watched_since), default=None)
    message = history_message(
        [i for i in found if i.concerns(asked)],
        span,
        view.at,
        view.catalog,
        about=", ".join(view.catalog.label(s) for s in view.catalog.order(asked)),
        watched_since=began,
    )
    return Answer(message, shared=words.share)


async def uptime(services: Services, _request: Request, words: ParsedCommand) -> Answer:
    """Say how much of the time was up: official, as observed, and what a target leaves."""
    asked = list(words.asked)
    for provider in words.providers:
        asked += of_provider(services.catalog, provider)
    report = await services.status.uptime(asked, words.length or USUAL_UPTIME)
    days = max(1, round((report.end - report.start) / timedelta(days=1)))
    address = f"/picture/uptime.png?surface={quote(','.join(asked))}&days={days}"
    picture = services.page_url + address if services.page_url else ""
    message = uptime_message(report, services.catalog, target=words.target, picture=picture)
    return Answer(message, shared=words.share)


async def incident(services: Services, request: Request, words: ParsedCommand) -> Answer:
    wanted, *more = words.arguments or [""]
    if not wanted:
        return Answer(_no_such(wanted))
    if more and more != ["report"]:
        how = (
            Text("incident <id>", code=True),
            Text(" or "),
            Text("incident <id> report", code=True),
        )
        return Answer(notice(f"I don't know what “{more[0][:40]}” means here", how, emoji="❓"))
    found = await find_incidents(services, wanted)
    if len(found) != 1:
        return Answer(_no_such(wanted, found))
    if more:
        return Answer(report_message(found[0], services.status.clock(), services.catalog))
    link = await _thread_link(services, request, found[0])
    one, now, catalog = found[0], services.status.clock(), services.catalog
    address = f"/picture/incident/{quote(one.key)}.png"
    picture = services.page_url + address if services.page_url else ""
    observed = await services.status.observed(one)
    chart = timeline_chart(one, observed, now, catalog, picture)
    return Answer(incident_message(one, now, catalog, thread=link, chart=chart))


async def find_incidents(services: Services, wanted: str) -> list[Incident]:
    """By key, by id of any provider, else by the beginning of an id. Several: ambiguous."""
    keys = [wanted] if "/" in wanted else []
    keys += [f"{provider}/{wanted}" for provider in services.catalog.providers]
    for key in keys:
        if exact := await services.status.incident_store.incident(key):
            return [exact]
    if len(wanted) < _SHORTEST_ID:
        return []
    since = services.status.clock() - services.status.kept
    folded = wanted.casefold()
    return [
        incident
        for provider in services.catalog.providers
        for incident in await services.status.incident_store.history(provider, since)
        if any(id_.casefold().startswith(folded) for id_ in (incident.id, *incident.aliases))
    ]


def _no_such(wanted: str, candidates: list[Incident] | None = None) -> Message:
    lines = [
        (Text(incident.id, code=True), Text(f"  {incident.title}"))
        for incident in (candidates or [])[:5]
    ]
    if lines:
        return notice(f"“{wanted}” may be several incidents. Which one?", *lines, emoji="❓")
    where = (Text("history", code=True), Text(" lists the ids."))
    title = f"I know of no incident “{wanted[:40]}”" if wanted else "Which incident?"
    return notice(title, where, emoji="❓")


async def details(services: Services, request: Request, value: str) -> Answer:
    """The button: an incident's key, a surface, or nothing."""
    if "/" in value and await services.status.incident_store.incident(value):
        return await incident(services, request, ParsedCommand(arguments=[value]))
    known = [name.id for name in services.catalog.surfaces() if name.id == value]
    return await ask(services, request, ParsedCommand(surfaces=known))


async def why(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """The last incidents, or the one named, and what became of them in this channel."""
    now = services.status.clock()
    wanted = next(iter(words.arguments), "")
    if wanted:
        incidents = await find_incidents(services, wanted)
        if not incidents:
            return Answer(_no_such(wanted))
    else:
        incidents = [
            incident
            for provider in services.catalog.providers
            for incident in await services.status.incident_store.history(provider, now - _WHY_BACK)
        ]
    newest = sorted(incidents, key=lambda i: i.started_at, reverse=True)[:_WHY_CASES]
    subscription = await services.subscriptions.get(request.channel)
    cases = []
    for one in newest:
        thread = await services.threads.thread(request.channel, one.key) or ThreadRecord()
        summary = summary_of(one, subscription)
        record = await services.threads.thread(request.channel, summary) if summary else None
        found = plan(one, thread, subscription, now, told_in_summary=told_in(record, one))
        cases.append(WhyCase(one, thread, found.reason))
    explain, channel = services.explain(request.channel), request.channel.id
    board = await board_of(services, subscription) if subscription else ()
    return Answer(
        why_message(cases, subscription, channel, now, services.catalog, explain, board=board)
    )
