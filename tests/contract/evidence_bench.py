"""The commands on evidence, over one real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.redis.client import open_database
from adapters.redis.database import Database
from adapters.redis.evidence import RedisProbes, RedisReports
from adapters.redis.incidents import RedisIncidentStore
from adapters.redis.subscriptions import RedisReminders
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.commands import Commands
from bot.commands.types import Answer, Request
from bot.domain.incident import Impact, Incident, Origin
from bot.domain.message import Lines, Message, Note, Row, Rows
from bot.domain.page import Severity
from bot.domain.state import ComponentState, State
from bot.domain.subscription import Channel
from bot.messages.text import in_words
from tests.commands_kit import services_over
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
    """What the commands need of a messenger."""

    platform: str = "slack"
    size: int | None = None

    async def members(self, channel: Channel) -> int | None:
        assert channel == OPS or self.size is None
        return self.size

    async def direct(self, channel: Channel, person: str) -> Channel:
        return Channel(channel.platform, channel.tenant, f"D-{person}")


@dataclass
class Bench:
    """The commands, over one Redis."""

    database: Database
    post: Post = field(default_factory=Post)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.reports = RedisReports(self.database, b"s")
        self.probes = RedisProbes(self.database)
        self.reminders = RedisReminders(self.database)
        services = services_over(
            self.database,
            {"slack": self.post},  # type: ignore[dict-item]  # what is used of it, no more
            CATALOG,
            lambda: self.now,
        )
        self.commands = Commands(services)
        self.status_service = services.status

    async def ask(self, text: str, person: str = "U1", channel: Channel = OPS) -> Answer:
        return await self.commands.answer(Request(channel, person, "somebody", text))

    async def press(self, action: str, value: str = "", person: str = "U1") -> Answer:
        return await self.commands.press(asker(person), action, value)

    async def page_says(self, incident: Incident | None = None, **severities: Severity) -> None:
        incident_store = RedisIncidentStore(self.database)
        fence = await incident_store.acquire("claude", "test")
        assert fence is not None
        components = {}
        for surface, (id_, name) in COMPONENTS.items():
            severity = severities.get(surface.replace(".", "_"), Severity.UP)
            components[id_] = ComponentState(name, severity, severity, NOW)
        incidents = {incident.id: incident} if incident else {}
        state = State("claude", NOW, self.now, components=components, incidents=incidents)
        stored = await incident_store.load("claude")
        changed = list(incidents.values())
        await incident_store.commit(
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


def words(card: Message) -> str:
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
