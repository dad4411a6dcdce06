"""What the crowd says, over real sockets: counted, limited, refused, cut off; kept in Redis."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from adapters.evidence.bluesky import Bluesky
from adapters.evidence.downdetector import Downdetector
from adapters.evidence.opened import open_crowd
from adapters.evidence.posts import github_issues, hacker_news
from adapters.redis.client import open_database
from adapters.redis.evidence import evidence_stores
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.domain.errors import SettingsError, SourceError
from bot.evidence.collector import Collector
from bot.evidence.crowd import CrowdCount
from bot.loops.crowd import CrowdLoop
from bot.settings import Settings
from tests.servers.crowd import CrowdServer, hit, issue, post
from tests.servers.redis import standalone

NOW = datetime(2026, 9, 22, 13, 44, tzinfo=UTC)
CATALOG = only(load_catalog(), ["claude"])
_CLAUDE = CATALOG.provider("claude").crowd
assert _CLAUDE is not None
CLAUDE = _CLAUDE
# Case 1, as it was reported.
CASE_1 = [
    {"slug": "website", "key": "website", "amount": 255, "percentage": 57.0},
    {"slug": "code", "key": "code", "amount": 103, "percentage": 23.0},
    {"slug": "app", "key": "app", "amount": 90, "percentage": 20.0},
]


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.fixture
async def server() -> AsyncIterator[CrowdServer]:
    async with CrowdServer() as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as opened:
        yield opened


def downdetector(
    server: CrowdServer, client: httpx.AsyncClient, secret: str = "secret"
) -> Downdetector:
    return Downdetector(client, f"{server.url}/v2", ("ours", secret), CLAUDE)


# --- Downdetector ----------------------------------------------------------------------------


async def test_many_reports_are_counted_for_the_surfaces_that_they_name(
    server: CrowdServer, client: httpx.AsyncClient
) -> None:
    server.last_15, server.usual, server.indicators = 448, {"baseline": 12.0}, CASE_1

    found = await downdetector(server, client).read(NOW)

    assert [(c.surface, c.count, c.usual, c.share) for c in found] == [
        ("claude.ai", 448, 12.0, 57.0),
        ("code", 448, 12.0, 23.0),
        ("mobile", 448, 12.0, 20.0),
    ]


async def test_as_usual_no_more_is_asked_than_two_numbers(
    server: CrowdServer, client: httpx.AsyncClient
) -> None:
    source = downdetector(server, client)
    await source.read(NOW)
    server.asked.clear()

    await source.read(NOW)

    assert server.asked == [
        "/v2/companies/45678/last_15",
        "/v2/companies/45678/baseline/current",
    ]


async def test_a_token_that_expired_is_renewed_once(
    server: CrowdServer, client: httpx.AsyncClient
) -> None:
    source = downdetector(server, client)
    await source.read(NOW)
    server.valid.clear()

    assert [c.count for c in await source.read(NOW)] == [12]
    assert server.given == 2


async def test_a_login_that_is_wrong_is_said_without_showing_it(
    server: CrowdServer, client: httpx.AsyncClient
) -> None:
    with pytest.raises(SourceError, match="does not accept DOWNDETECTOR_CLIENT_ID") as caught:
        await downdetector(server, client, "hunter2").read(NOW)
    assert "hunter2" not in str(caught.value) + repr(downdetector(server, client, "hunter2"))


@pytest.mark.parametrize("wrong", ["many", None, True, -1, [], {"error": True, "message": "no"}])
async def test_what_is_no_count_is_unknown_and_not_quiet(
    server: CrowdServer, client: httpx.AsyncClient, wrong: object
) -> None:
    server.last_15 = wrong
    with pytest.raises(SourceError):
        await downdetector(server, client).read(NOW)


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        ((429, {"Retry-After": "120"}), 120.0),
        ((503, {}), None),
        ("html", None),
        ((302, {"Location": "http://xn--a/"}), None),
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1790084700"}), 60.0),
    ],
)
async def test_a_quota_and_a_failure_are_unknown_and_patience_is_kept(
    server: CrowdServer, client: httpx.AsyncClient, fault: object, wait: float | None
) -> None:
    source = downdetector(server, client)
    await source.read(NOW)
    server.faults.append(fault)

    with pytest.raises(SourceError) as caught:
        await source.read(NOW)
    assert caught.value.retry_after == wait


async def test_reports_whose_indicators_fail_speak_of_what_most_people_use(
    server: CrowdServer, client: httpx.AsyncClient
) -> None:
    source = downdetector(server, client)
    await source.read(NOW)
    server.last_15 = 448
    server.faults += [None, None, (500, {})]

    assert [(c.surface, c.count) for c in await source.read(NOW)] == [("claude.ai", 448)]


# --- posts -----------------------------------------------------------------------------------


async def test_posts_that_say_it_are_counted_and_others_are_not(
    server: CrowdServer, client: httpx.AsyncClient
) -> None:
    server.posts = [
        hit(ago(1), "Claude is down for me &#x27;too&#x27;"),
        hit(ago(2), "Is <i>Claude</i> down?"),
        hit(ago(3), "Outage at Claude again"),
        hit(ago(4), "Claude Shannon sat down in 1948"),
        hit(ago(5), "I like Claude. My car broke down."),
        hit(ago(300), "claude down since ten minutes"),
    ]

    (found,) = await hacker_news(client, CLAUDE, server.url).read(NOW)

    # "sat down" stands near enough: a search by words cannot know better, and needs three times
    # the usual.
    assert found.count == 4
    assert found.usual == pytest.approx(1 / 95)
    assert found.surface == "claude.ai"


async def test_new_issues_with_error_words_are_counted_by_when_they_were_made(
    server: CrowdServer, client: httpx.AsyncClient
) -> None:
    server.posts = [
        issue(ago(1), "[BUG] API Error 529 overloaded on every request"),
        issue(ago(2), "Add a dark theme"),
        issue(ago(200), "500 again"),
    ]
    (found,) = await github_issues(client, CLAUDE, server.url).read(NOW)
    assert (found.surface, found.count) == ("code", 1)


async def test_a_search_that_did_not_come_to_its_end_is_unknown(
    server: CrowdServer, client: httpx.AsyncClient
) -> None:
    server.incomplete = True
    with pytest.raises(SourceError, match="did not come to its end"):
        await github_issues(client, CLAUDE, server.url).read(NOW)


# --- Bluesky ---------------------------------------------------------------------------------


async def heard(server: CrowdServer, bluesky: Bluesky) -> None:
    """Listen until the server has sent everything."""
    async with bluesky.listening(), asyncio.timeout(10):
        while bluesky._latest is None or bluesky._latest < ago(0):  # noqa: ASYNC110 - by the stream
            await asyncio.sleep(0.01)


async def test_people_are_counted_and_not_posts_by_the_clock_of_the_stream(
    server: CrowdServer,
) -> None:
    server.stream = [
        post(ago(90), "good morning", "did:0"),
        post(ago(80), "claude down?", "did:1"),
        post(ago(4), "is claude down for anyone else?", "did:2"),
        post(ago(3), "Claude is DOWN", "did:2"),
        post(ago(2), "claude outage", "did:3"),
        post(ago(1), "", "did:3", "delete"),
        "no JSON, claude down",
        post(ago(0), "nothing", "did:4"),
    ]
    bluesky = Bluesky(CLAUDE, [server.url])

    await heard(server, bluesky)
    (found,) = await bluesky.read(NOW)

    assert found.count == 2
    assert found.usual == pytest.approx(1 / 17)


async def test_until_an_hour_was_heard_nobody_knows_what_is_usual(server: CrowdServer) -> None:
    server.stream = [post(ago(n), "claude down", f"did:{n}") for n in (3, 2, 1, 0)]
    bluesky = Bluesky(CLAUDE, [server.url])
    with pytest.raises(SourceError, match="not heard"):
        await bluesky.read(NOW)
    await heard(server, bluesky)
    with pytest.raises(SourceError, match="not known yet"):
        await bluesky.read(NOW)


async def test_a_break_goes_on_a_little_before_the_last_message(server: CrowdServer) -> None:
    server.stream = [post(ago(0), "nothing", "did:1")]
    bluesky = Bluesky(CLAUDE, [server.url])
    async with bluesky.listening(), asyncio.timeout(10):
        while len(server.asked) < 2:  # noqa: ASYNC110 - the server ends each connection
            await asyncio.sleep(0.01)
    assert f"cursor={int(NOW.timestamp() * 1e6) - 5_000_000}" in server.asked[1]


# --- all together ----------------------------------------------------------------------------


async def test_case_1_is_suspected_by_its_figures_and_opens_no_thread_alone(
    server: CrowdServer, client: httpx.AsyncClient
) -> None:
    server.last_15, server.indicators = 448, CASE_1
    with standalone() as node:
        database = await open_database(node.url)
        stores = evidence_stores(database, None)
        loop = CrowdLoop([], stores.crowd, lambda: NOW, random.Random(1))
        await loop.ask(downdetector(server, client))
        evidence = (await Collector(stores, CATALOG).collect(NOW))(None)
        await database.close()

    said = {piece.surface: piece.says for piece in evidence}
    assert said["claude.ai"] == "448 reports in 15 min, usual 12 (57 % name it)"
    assert set(said) == {"claude.ai", "code", "mobile"}


async def test_a_source_that_we_read_wrongly_fails_alone() -> None:
    class Wrong:
        name, every = "wrong", 60.0

        async def read(self, now: datetime) -> list[CrowdCount]:
            raise ValueError(f"what somebody wrote at {now}")

    with standalone() as node:
        database = await open_database(node.url)
        stores = evidence_stores(database, None)
        loop = CrowdLoop([], stores.crowd, lambda: NOW, random.Random(1))
        with pytest.raises(SourceError, match="our own fault") as caught:
            await loop.ask(Wrong())
        await database.close()
    assert "somebody wrote" not in str(caught.value)


async def test_a_source_that_is_not_known_stops_the_start() -> None:
    settings = Settings(crowd=("twitter",))
    with pytest.raises(SettingsError, match="twitter is none of hackernews, github, bluesky"):
        async with open_crowd(settings, CATALOG, None, lambda: NOW, lambda: True):  # type: ignore[arg-type]  # never read
            pass


async def test_nothing_is_asked_unless_the_settings_say_so() -> None:
    async with open_crowd(Settings(), CATALOG, None, lambda: NOW, lambda: True) as loop:  # type: ignore[arg-type]  # never read
        assert loop.sources == []
