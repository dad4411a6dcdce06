"""report, justme, back, explain, scoreboard: as people use them, on a real Redis."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.redis.connect import open_database
from adapters.redis.database import Database
from adapters.redis.journal import RedisJournal
from adapters.redis.wishes import RedisWishes
from adapters.redis.witness import RedisProbes, RedisReports, RedisTraffic
from bot.cards import Card, Lines, Note, Row, Rows
from bot.catalog import load_catalog, only
from bot.commands.types import Request
from bot.commands.witnessed import Witnessed
from bot.engine.evidence.probing import Record
from bot.engine.evidence.reports import quorum
from bot.engine.state import ComponentState, State
from bot.errors import DeliveryError, RateLimited, Uncertain
from bot.model import Channel, Impact, Incident, Origin, Severity
from bot.oracle import Oracle
from bot.wishes import Teller
from bot.witness import Witness
from bot.wording.text import in_words
from bot.wording.witnessed import back_card
from tests.servers.redis import Node, standalone

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)
OPS = Channel("slack", "T1", "C1")
CATALOG = only(load_catalog(), ["claude"])
COMPONENTS = {
    "claude.ai": ("rwppv331jlwc", "claude.ai"),
    "api": ("k8w3r06qmzrp", "Claude API (api.anthropic.com)"),
    "code": ("yyzkbfz2thpt", "Claude Code"),
}


@dataclass
class Post:
    """A messenger of a few lines that can fail, and remembers what stands there."""

    platform: str = "slack"
    said: list[tuple[Channel, Card, str]] = field(default_factory=list)
    fails: list[DeliveryError] = field(default_factory=list)
    arrives_anyway: bool = False
    size: int | None = None

    async def members(self, channel: Channel) -> int | None:
        assert channel == OPS or self.size is None
        return self.size

    async def direct(self, channel: Channel, person: str) -> Channel:
        return Channel(channel.platform, channel.tenant, f"D-{person}")

    async def say(self, channel: Channel, card: Card, key: str) -> None:
        if self.fails:
            error = self.fails.pop(0)
            if self.arrives_anyway:
                self.said.append((channel, card, key))
            raise error
        self.said.append((channel, card, key))

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        assert root is None
        assert since <= NOW + timedelta(hours=1)
        return {key: "1" for place, _, key in self.said if key in keys and place == channel}


@dataclass
class Bench:
    """The commands and the teller, over one Redis."""

    database: Database
    post: Post = field(default_factory=Post)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.reports = RedisReports(self.database, b"s")
        self.probes = RedisProbes(self.database)
        self.wishes = RedisWishes(self.database)
        witness = Witness(self.probes, RedisTraffic(self.database), self.reports, CATALOG)
        journal = RedisJournal(self.database)
        oracle = Oracle(CATALOG, journal, witness, lambda: self.now)
        messengers = {"slack": self.post}
        self.commands = Witnessed(
            oracle,
            self.reports,
            self.wishes,
            messengers,  # type: ignore[arg-type]  # what is used of a messenger, no more
            lambda: self.now,
            random.Random(1),
        )
        self.oracle = oracle

    def teller(self) -> Teller:
        return Teller(
            self.wishes,
            self.oracle.verdict,
            {"slack": self.post},  # type: ignore[dict-item]  # see above
            lambda wish, now: back_card(wish.surfaces, wish.asked_at, now, CATALOG),
            lambda: self.now,
        )

    async def page_says(self, incident: Incident | None = None, **severities: Severity) -> None:
        journal = RedisJournal(self.database)
        fence = await journal.acquire("claude", "test")
        assert fence is not None
        components = {}
        for surface, (id_, name) in COMPONENTS.items():
            severity = severities.get(surface.replace(".", "_"), Severity.UP)
            components[id_] = ComponentState(name, severity, severity, NOW)
        incidents = {incident.id: incident} if incident else {}
        state = State("claude", NOW, self.now, components=components, incidents=incidents)
        stored = await journal.load("claude")
        changed = list(incidents.values())
        await journal.commit(
            "claude", fence=fence, version=stored.version, state=state, changed=changed
        )


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with standalone() as running:
        yield running


@pytest.fixture
async def bench(node: Node) -> AsyncIterator[Bench]:
    database = await open_database(node.url)
    await database.call("FLUSHALL")
    made = Bench(database)
    await made.page_says()
    yield made
    await database.close()


def asker(person: str = "U1", channel: Channel = OPS) -> Request:
    return Request(channel, person, "somebody")


def words(card: Card) -> str:
    """Everything that a card says, as plain text."""
    parts = [card.title]
    for block in card.blocks:
        match block:
            case Lines(lines=lines):
                parts += [in_words(line) for line in lines]
            case Note(line=line):
                parts.append(in_words(line))
            case Rows(rows=rows):
                parts += [_row(row) for row in rows]
            case _:
                pass
    return "\n".join(parts)


def _row(row: Row) -> str:
    return f"{row.name} {row.words} {row.note}".strip()


OUTAGE = Incident(
    provider="claude",
    id="i1",
    title="t",
    phase="investigating",
    origin=Origin.PROVIDER,
    started_at=NOW,
    severity=Severity.MAJOR,
    worst=Severity.MAJOR,
    surfaces={
        "code": Impact(Severity.MAJOR, Severity.MAJOR),
        "api": Impact(Severity.PARTIAL, Severity.PARTIAL),
    },
)


async def test_a_report_is_counted_and_the_others_here_are_told_of(bench: Bench) -> None:
    await bench.commands.report(asker("U2"), "code")
    answer = await bench.commands.report(asker("U1"), "claude code it hangs, secret plans")

    assert answer.card.title == "Counted: trouble with Claude Code"
    assert "Besides you 1 more here" in words(answer.card)
    assert "secret" not in words(answer.card)
    assert answer.public is None
    again = await bench.commands.report(asker("U1"), "code")
    assert again.card.title.startswith("You are counted already")


async def test_a_report_without_a_surface_asks_back_and_counts_nothing(bench: Bench) -> None:
    answer = await bench.commands.report(asker(), "everything is slow")

    assert {b.action for b in answer.card.buttons} == {"affected"}
    assert await bench.reports.of_channel(OPS, NOW) == []


async def test_the_button_of_an_incident_with_one_surface_counts_at_once(bench: Bench) -> None:
    await bench.page_says(OUTAGE, code=Severity.MAJOR, api=Severity.PARTIAL)

    several = await bench.commands.affected(asker(), OUTAGE.key)
    assert {b.value for b in several.card.buttons} == {"code", "api"}
    await bench.commands.affected(asker(), "code")

    assert [t.surface for t in await bench.reports.of_channel(OPS, NOW)] == ["code"]


async def test_the_quorum_is_relative_to_the_size_of_the_channel(bench: Bench) -> None:
    bench.post.size = 300
    for person in range(3):
        await bench.commands.affected(asker(f"U{person}"), "code")

    (tally,) = await bench.reports.of_channel(OPS, NOW)

    assert (tally.people, tally.members, quorum(tally.members)) == (3, 300, 9)


async def test_a_report_can_be_taken_back(bench: Bench) -> None:
    await bench.commands.affected(asker(), "code")
    await bench.commands.works(asker(), "code")

    assert await bench.reports.of_channel(OPS, NOW) == []


async def test_reports_of_one_channel_are_not_shown_in_another_workspace(bench: Bench) -> None:
    for person in range(9):
        await bench.commands.affected(asker(f"U{person}"), "code")
    elsewhere = Channel("slack", "T2", "C9")

    answer = await bench.commands.just_me(asker("U1", elsewhere), "code")

    assert answer.card.title == "It looks like it is just you"
    here = await bench.commands.just_me(asker("U1"), "code")
    assert here.card.title == "It is not just you"
    assert "Claude Code degraded suspected" in words(here.card)


async def test_just_me_with_nothing_wrong_gives_a_short_checklist(bench: Bench) -> None:
    answer = await bench.commands.just_me(asker(), "api")

    assert "Official page, API: up" in words(answer.card)
    assert "VPN" in words(answer.card)


async def test_just_me_shows_what_our_probe_sees(bench: Bench) -> None:
    await bench.probes.keep([Record("the API", ("api",), NOW, NOW, "bbbbb", "answers 529")])

    answer = await bench.commands.just_me(asker(), "api")

    assert answer.card.title == "It is not just you"
    assert "our probe of the API answers 529 (5 of the last 5 looks failed), since" in words(
        answer.card
    )


async def test_the_bare_question_is_told_when_to_retry_and_how_long_it_may_take(
    bench: Bench,
) -> None:
    past = [replace(OUTAGE, id=f"p{n}", started_at=NOW - timedelta(days=n + 2)) for n in range(9)]
    await bench.page_says(OUTAGE, code=Severity.MAJOR)
    for old in past:
        ended = old.started_at + timedelta(minutes=30)
        over = {s: replace(i, now=Severity.UP) for s, i in old.surfaces.items()}
        await bench.page_says(replace(old, ended_at=ended, surfaces=over))
    await bench.page_says(OUTAGE, code=Severity.MAJOR)

    said = [in_words(line) for line in await bench.commands.outlook(OPS, [])]

    assert said == [
        "Use claude.ai or API meanwhile; retry in 15 min or later.",
        "Of 9 like this half were over in 30 min, nine in ten in 30 min.",
    ]
    assert await bench.commands.outlook(OPS, ["api"]) == []


async def test_an_error_is_explained_by_the_present_verdict(bench: Bench) -> None:
    pasted = "Can't reach Claude. Check your connection <!channel>"
    assert (await bench.commands.explain(asker(), pasted)).card.title.startswith("Unclear")
    await bench.page_says(api=Severity.MAJOR)

    answer = await bench.commands.explain(asker(), pasted)

    assert answer.card.title.startswith("It is theirs")
    assert "trouble with API" in words(answer.card)
    assert "<!channel>" not in words(answer.card)


async def test_the_scoreboard_answers_with_nothing_on_it(bench: Bench) -> None:
    assert "0 false alarms" in words((await bench.commands.scoreboard(asker(), "")).card)


# --- tell me when it's back --------------------------------------------------------------------


async def test_one_press_one_message_once(bench: Bench) -> None:
    await bench.page_says(code=Severity.MAJOR)
    for _ in range(3):
        await bench.commands.back(asker(), "code")
    await bench.teller().pass_over()
    assert bench.post.said == []

    bench.now += timedelta(minutes=40)
    await bench.page_says()
    for _ in range(3):
        await bench.teller().pass_over()

    ((channel, card, _),) = bench.post.said
    assert channel == Channel("slack", "T1", "D-U1")
    assert card.title == "Claude Code is back"
    assert "40 min" in words(card)


async def test_the_button_of_an_incident_waits_for_all_that_is_down(bench: Bench) -> None:
    await bench.page_says(OUTAGE, code=Severity.MAJOR, api=Severity.PARTIAL)
    await bench.commands.back(asker(), OUTAGE.key)
    await bench.page_says(OUTAGE, code=Severity.UP, api=Severity.PARTIAL)
    await bench.teller().pass_over()
    assert bench.post.said == []

    await bench.page_says()
    await bench.teller().pass_over()

    assert bench.post.said[0][1].title == "API and Claude Code are back"


async def test_what_is_up_is_said_at_once_and_not_waited_for(bench: Bench) -> None:
    answer = await bench.commands.back(asker(), "code")

    assert answer.card.title == "It is up, as far as I can see"
    assert await bench.wishes.all() == []


async def waiting(bench: Bench) -> None:
    await bench.page_says(code=Severity.MAJOR)
    await bench.commands.back(asker(), "code")
    await bench.page_says()


async def test_a_message_that_arrived_without_an_answer_is_not_sent_again(bench: Bench) -> None:
    await waiting(bench)
    bench.post.fails, bench.post.arrives_anyway = [Uncertain("timeout")], True
    await bench.teller().pass_over()
    bench.now += timedelta(minutes=3)
    await bench.teller().pass_over()

    assert len(bench.post.said) == 1
    assert await bench.wishes.all() == []


async def test_a_message_that_was_lost_on_the_way_is_sent_again(bench: Bench) -> None:
    await waiting(bench)
    bench.post.fails = [Uncertain("timeout"), RateLimited("slow", retry_after=1)]
    for _ in range(4):
        await bench.teller().pass_over()
        bench.now += timedelta(minutes=3)
        await bench.page_says()

    assert len(bench.post.said) == 1
    assert await bench.wishes.all() == []


async def test_a_replica_that_died_while_sending_is_taken_over_without_doubling(
    bench: Bench,
) -> None:
    await waiting(bench)
    (wish,) = await bench.wishes.all()
    await bench.wishes.claim(wish, bench.now, timedelta(minutes=1))
    await bench.post.say(wish.channel, back_card(("code",), NOW, NOW, CATALOG), wish.key)
    await bench.teller().pass_over()
    assert len(await bench.wishes.all()) == 1, "the dead one's lease still holds"

    bench.now += timedelta(minutes=2)
    await bench.page_says()
    await bench.teller().pass_over()

    assert len(bench.post.said) == 1
    assert await bench.wishes.all() == []


async def test_a_wish_is_forgotten_after_a_week(bench: Bench) -> None:
    await bench.page_says(code=Severity.MAJOR)
    await bench.commands.back(asker(), "code")
    bench.now += timedelta(days=8)

    await bench.teller().pass_over()

    assert await bench.wishes.all() == []
    assert bench.post.said == []
