"""Can the page be read, and does our clock agree with its own?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from adapters.network import why_unseen
from adapters.providers.documents import decoded
from adapters.providers.http import HttpAnswer, StatusPage
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import SourceError
from bot.domain.page import PageList

AGENT = "isclaudedown"  # as the first word of our User-Agent
# The Date header has whole seconds, and an answer takes its time.
SKEW_ALLOWED = timedelta(seconds=30)
OLD_ANSWER = timedelta(minutes=2)  # a guess


async def check_page(
    page: StatusPage, neutral_sites: Sequence[str] = ()
) -> AsyncIterator[CheckResult]:
    """Look once at `page`. `neutral_sites`: to tell an own network that is down from a page."""
    answers: list[HttpAnswer] = []
    page = replace(page, heard=answers.append)
    what = f"page {page.provider}"
    try:
        snapshot = await page.poll(lambda _: {PageList.INCIDENTS})
    except SourceError as error:
        why = await why_unseen(page.base_url, neutral_sites)
        advice = "Open the address in a browser; check this machine's network, proxy and DNS."
        advice = f"{why[0].upper()}{why[1:]}. {advice}" if why else advice
        yield CheckResult(what, str(error), Health.BROKEN, advice)
    else:
        yield CheckResult(
            what,
            f"{page.base_url} is readable: components: {len(snapshot.components)}, "
            f"open incidents: {len(snapshot.incidents)}",
        )
        if snapshot.list_failure:
            advice = "Deleted incidents are not noticed, and ends only late, until it can be read."
            yield CheckResult(what, snapshot.list_failure, Health.WARNING, advice)
        with suppress(SourceError):  # the page itself was read
            snapshot = replace(snapshot, oddities=(*snapshot.oddities, *await page.check()))
        if snapshot.age > OLD_ANSWER:
            minutes = snapshot.age.total_seconds() // 60
            says = f"a cache answers for it, with what is {minutes:.0f} min old"
            advice = "What is that old says nothing of now. Is a proxy before this machine?"
            yield CheckResult(what, says, Health.WARNING, advice)
        for oddity in snapshot.oddities:
            yield CheckResult(what, oddity, Health.WARNING, "Tell us: the catalog may need it.")
    if answers:
        yield _clock(answers[0].headers.get("date"), page.clock())
        asked = [answer.url for answer in answers]
        if refused := await _refused_by_robots(page, asked):
            says = f"its robots.txt asks programs not to read {', '.join(refused)}"
            advice = "Ask the provider before you host this for others."
            yield CheckResult(what, says, Health.WARNING, advice)


async def _refused_by_robots(page: StatusPage, asked: Iterable[str]) -> list[str]:
    """The paths that we read though the page's robots.txt (RFC 9309) disallows it."""
    try:
        body = await page.fetch(urljoin(page.base_url, "/robots.txt"))
    except SourceError:
        return []
    rules = RobotFileParser()
    rules.parse(decoded(body).splitlines())
    return sorted({urlsplit(url).path for url in asked if not rules.can_fetch(AGENT, url)})


def _clock(date: str | None, now: datetime) -> CheckResult:
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return CheckResult("clock", "the page tells no time to compare with")
    skew = now - theirs
    says = f"{abs(skew.total_seconds()):.0f} s {'ahead of' if skew > timedelta(0) else 'behind'}"
    if abs(skew) <= SKEW_ALLOWED:
        return CheckResult("clock", "agrees with the page's")
    advice = "Switch on time synchronisation (NTP) on this machine."
    return CheckResult("clock", f"{says} the page's", Health.WARNING, advice)
