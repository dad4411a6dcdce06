"""What an attempt finds in its claim: the view, and the people, that the tests beside share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.catalog.catalog import Catalog, only
from bot.catalog.catalog_file import load_catalog
from bot.delivery.queue import Subject
from bot.delivery.subjects import SubjectTask, task_of
from bot.domain.evidence import Verdict
from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity
from bot.domain.subscription import ThreadRecord
from bot.domain.taker import Taker
from bot.status.view import ProviderStatus, StatusView
from tests.delivery_kit import incident
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import HOUR, NOW, Stage

CLAUDE = only(load_catalog(), ["claude"])
TOLD = incident(EventKind.OPENED, at=NOW - HOUR)
UP = Verdict("api", Severity.UP, None, NOW)
STANDS = ThreadRecord(root="m1", joined=1, shown=1)


async def view() -> StatusView:
    shown = ProviderStatus("claude", (UP,), (TOLD,), checked_at=NOW, is_fresh=True)
    return StatusView(NOW, CLAUDE, (shown,))


@dataclass
class People:
    """Who has taken what, and how many report it."""

    takers: dict[str, Mapping[str, Taker]] = field(default_factory=dict)
    line_of: list[tuple[str, bool]] = field(default_factory=list)
    catalog: Catalog | None = None

    async def of_incident(self, key: str) -> Mapping[str, Taker]:
        return self.takers.get(key, {})

    async def line(self, channel: object, told: Incident, *, exact: bool) -> str:
        assert channel == HERE
        self.line_of.append((told.key, exact))
        return "3 here"


async def task(stage: Stage, subject: Subject) -> SubjectTask:
    claim = stage.claim(subject)
    return await task_of(stage.context, claim, claim.pending[0])
