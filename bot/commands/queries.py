"""Commands that only look: ask, history, incident, why."""

from __future__ import annotations

from datetime import timedelta

from bot.commands.context import Context, outlook
from bot.commands.parser import ParsedCommand, tokenise
from bot.commands.types import Answer, Request
from bot.domain.incident import Incident
from bot.domain.message import Message, Text, ThreadLink
from bot.messages.answer import answer_message
from bot.messages.history import history_message, incident_message
from bot.messages.settings import notice
from bot.messages.why import WhyCase, why_message

USUAL_HISTORY = timedelta(days=7)
LONGEST_HISTORY = timedelta(days=365)
_LOOKED_BACK = timedelta(days=90)  # for an id that somebody typed
_SHORTEST_ID = 4  # the beginning of an id that is taken for it
_WHY_BACK = timedelta(days=7)
_WHY_CASES = 5


async def ask(context: Context, request: Request, words: ParsedCommand) -> Answer:
    """The bare question. Always answers, even with nothing known."""
    asked = [*words.surfaces, *words.plus]
    view = await context.status.view(request.channel)
    if words.providers and not asked:
        view = view.of(words.providers)
    threads = {
        incident.key: link
        for incident in view.incidents
        if (link := await _thread_link(context, request, incident))
    }
    bad = view.in_trouble(asked)
    lines = await outlook(context.status, view, bad[0].surface, context.rng) if bad else ()
    card = answer_message(view, asked=asked, threads=threads, outlook=lines)
    return Answer(card, shared=words.share)


async def _thread_link(context: Context, request: Request, incident: Incident) -> ThreadLink | None:
    thread = await context.threads.thread(request.channel, incident.key)
    return ThreadLink(request.channel.id, thread.root) if thread and thread.root else None


async def history(context: Context, _request: Request, words: ParsedCommand) -> Answer:
    now = context.clock()
    catalog = context.catalog
    span = min(words.duration or USUAL_HISTORY, LONGEST_HISTORY)
    asked = set(words.surfaces) | set(words.plus)
    providers = words.providers or list(catalog.providers)
    incidents = [
        incident
        for provider in providers
        for incident in await context.incident_store.history(provider, now - span)
        if not asked or asked & set(incident.surfaces)
    ]
    about = ", ".join(catalog.label(s) for s in catalog.order(asked))
    card = history_message(incidents, span, now, catalog, about=about)
    return Answer(card, shared=words.share)


async def incident(context: Context, request: Request, words: ParsedCommand) -> Answer:
    wanted = next(iter(tokenise(words.rest)), "")
    if not wanted:
        return Answer(_no_such(wanted))
    found = await _find(context, wanted)
    if len(found) != 1:
        return Answer(_no_such(wanted, found))
    link = await _thread_link(context, request, found[0])
    return Answer(incident_message(found[0], context.clock(), context.catalog, thread=link))


async def _find(context: Context, wanted: str) -> list[Incident]:
    """By key, by id of any provider, else by the beginning of an id. Several: ambiguous."""
    keys = [wanted] if "/" in wanted else []
    keys += [f"{provider}/{wanted}" for provider in context.catalog.providers]
    for key in keys:
        if exact := await context.incident_store.incident(key):
            return [exact]
    if len(wanted) < _SHORTEST_ID:
        return []
    since = context.clock() - _LOOKED_BACK
    folded = wanted.casefold()
    return [
        incident
        for provider in context.catalog.providers
        for incident in await context.incident_store.history(provider, since)
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
    title = f"I know no incident “{wanted[:40]}”" if wanted else "Which incident?"
    return notice(title, where, emoji="❓")


async def details(context: Context, request: Request, value: str) -> Answer:
    """The button: an incident's key, a surface, or nothing."""
    if "/" in value and await context.incident_store.incident(value):
        return await incident(context, request, ParsedCommand(rest=value))
    known = [name.id for name in context.catalog.surfaces() if name.id == value]
    return await ask(context, request, ParsedCommand(surfaces=known))


async def why(context: Context, request: Request, words: ParsedCommand) -> Answer:
    """The last incidents, or the one named, and what became of them in this channel."""
    now = context.clock()
    wanted = next(iter(tokenise(words.rest)), "")
    incidents = await _find(context, wanted) if wanted else []
    if not incidents:
        incidents = [
            incident
            for provider in context.catalog.providers
            for incident in await context.incident_store.history(provider, now - _WHY_BACK)
        ]
    newest = sorted(incidents, key=lambda i: i.started_at, reverse=True)[:_WHY_CASES]
    cases = [WhyCase(i, await context.threads.thread(request.channel, i.key)) for i in newest]
    subscription = await context.subscriptions.get(request.channel)
    card = why_message(cases, subscription, request.channel.id, now, context.catalog)
    return Answer(card)
