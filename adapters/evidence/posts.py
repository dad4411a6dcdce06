"""Public posts by search: Hacker News and the issues of a GitHub repository.

Both are asked for the last day at most, newest first, so that one answer tells what is new and what
is usual. What search finds is matched again: it forgives typing errors, and a page of an old
outage is no outage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from adapters.evidence.http import ask
from adapters.html import plain_text
from bot.catalog.providers import Crowd
from bot.domain.errors import SourceError
from bot.evidence.crowd import DAY, GITHUB, HACKER_NEWS, CrowdCount, counted

HACKER_NEWS_URL = "https://hn.algolia.com/api/v1"
GITHUB_URL = "https://api.github.com"
WINDOW = timedelta(minutes=15)
MOST = 100  # hits of one answer; where there are more, they reach back less than a day


@dataclass(slots=True)
class Posts:
    """One search. `hits` reads its answer: the time and the text of each hit, newest first."""

    name: str
    client: httpx.AsyncClient
    url: str
    params: Callable[[datetime], dict[str, str]]  # given from when on
    hits: Callable[[object], Iterator[tuple[datetime, str]]]
    matches: Callable[[str], bool]
    surface: str
    what: str  # is counted
    every: float = 120.0

    async def read(self, now: datetime) -> Sequence[CrowdCount]:
        found = list(
            self.hits(await ask(self.client, self.url, now, params=self.params(now - DAY)))
        )
        since = now - DAY
        if len(found) >= MOST:  # cut: what is older than its last hit is not known
            since = max(since, min(at for at, _ in found))
        times = [at for at, text in found if self.matches(text)]
        count, usual = counted(times, now, WINDOW, since)
        minutes = round(WINDOW.total_seconds() / 60)
        return [CrowdCount(self.name, self.surface, count, usual, minutes, now, self.what)]


def hacker_news(client: httpx.AsyncClient, crowd: Crowd, url: str = HACKER_NEWS_URL) -> Posts:
    """https://hn.algolia.com/api; about 10,000 requests an hour."""
    return Posts(
        HACKER_NEWS,
        client,
        f"{url}/search_by_date",
        lambda since: {
            "query": crowd.name,
            "tags": "(story,comment)",
            "numericFilters": f"created_at_i>{int(since.timestamp())}",
            "hitsPerPage": str(MOST),
        },
        hacker_news_hits,
        speaks_of_trouble(crowd.name),
        crowd.main,
        "posts",
    )


def github_issues(client: httpx.AsyncClient, crowd: Crowd, url: str = GITHUB_URL) -> Posts:
    """https://docs.github.com/en/rest/search; ten requests a minute."""
    words = re.compile(r"\b(5\d\d|overloaded|api error|timed? ?out|outage|down)\b", re.IGNORECASE)
    return Posts(
        GITHUB,
        client,
        f"{url}/search/issues",
        lambda since: {
            "q": f"repo:{crowd.issues} is:issue created:>{since:%Y-%m-%dT%H:%M:%SZ}",
            "sort": "created",
            "order": "desc",
            "per_page": str(MOST),
        },
        github_hits,
        lambda text: words.search(text) is not None,
        crowd.issues_about,
        "new issues with errors",
    )


def speaks_of_trouble(name: str) -> Callable[[str], bool]:
    """Return a test for posts that say in one breath that something called so does not work."""
    phrase = re.compile(
        rf"\b{re.escape(name)}\b[^.!?\n]{{0,30}}"
        r"\b(down|outage|not working|isn't working|unavailable|5\d\d)\b"
        rf"|\b(outage|5\d\d)\b[^.!?\n]{{0,20}}\b{re.escape(name)}\b",
        re.IGNORECASE,
    )
    return lambda text: phrase.search(text) is not None


def hacker_news_hits(answer: object) -> Iterator[tuple[datetime, str]]:
    rows = answer.get("hits") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise SourceError("Hacker News sent no list of hits")
    for row in rows:
        seconds = row.get("created_at_i") if isinstance(row, dict) else None
        if isinstance(seconds, int) and 0 < seconds < 10**10:
            texts = (row.get(key) for key in ("title", "story_text", "comment_text"))
            text = " ".join(text for text in texts if isinstance(text, str))
            yield datetime.fromtimestamp(seconds, UTC), plain_text(text)


def github_hits(answer: object) -> Iterator[tuple[datetime, str]]:
    rows = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(rows, list):
        raise SourceError("GitHub sent no list of issues")
    if answer.get("incomplete_results") is True:
        raise SourceError("GitHub's search did not come to its end")
    for row in rows:
        created = row.get("created_at") if isinstance(row, dict) else None
        try:
            at = datetime.fromisoformat(str(created))
        except ValueError:
            continue
        if at.tzinfo is not None:
            yield at.astimezone(UTC), f"{row.get('title')} {str(row.get('body') or '')[:2000]}"
