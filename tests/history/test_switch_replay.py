"""Nothing is offered instead that was not up then: thirty days of pages, with failing sources."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import pytest

from bot.catalog.catalog import Catalog, only
from bot.catalog.catalog_file import load_catalog
from bot.catalog.providers import Provider, Surface
from bot.domain.errors import SourceError
from bot.domain.page import Snapshot
from bot.status.switch import switch_targets
from tests.history.failing_sources import (
    DAYS,
    MINUTE,
    START,
    FailingSource,
    Fault,
    Month,
    Recorded,
    copy_age,
)
from tests.history.polling import observations
from tests.history.test_other_formats import aws_polls, google_polls
from tests.shared import shared_path
from tests.unit.providers.samples import SAMPLES, Sample, encoded, polled

SEED = 20260901
# Ten seconds of a processor: more than others, where many share one.
SLOW = pytest.mark.timeout(600)


async def advised(month: Month, asked: Sequence[str]) -> Counter[str]:
    """Take every advice of the month; return how often each surface was offered."""
    sources = {source.provider: source for source in month.sources}
    offered: Counter[str] = Counter()
    async for view in month.views():
        checked = {one.provider: one.checked_at for one in view.providers}
        found = {target.surface for name in asked for target in switch_targets(view, name)}
        for name in found:
            surface = view.catalog.surface(name)
            assert surface is not None
            source, seen = sources[surface.provider], checked[surface.provider]
            assert seen is not None
            assert view.at - seen < max(2 * MINUTE, 2.5 * source.every), name
            assert source.is_up(name, seen), f"{name} was not up at {seen}"
            if source.fault(view.at) is not Fault.STALE and source.every <= MINUTE:
                assert source.is_up(name, view.at), f"{name} was not up at {view.at}"
        offered.update(found)
    return offered


# --- recorded pages --------------------------------------------------------------------------


def aws_provider() -> Provider:
    """Services of one region of AWS: what was recorded is older than Bedrock."""
    names = ("ec2-us-east-1", "ecs-us-east-1", "dynamodb-us-east-1")
    surfaces = tuple(
        Surface(f"aws/{name}", name, "aws", components=(name,), rows=((name, ()),), jobs=("api",))
        for name in names
    )
    return Provider("aws", "AWS", "https://aws.example.com", "aws/", surfaces, every=60)


def recorded_month() -> Month:
    known = only(load_catalog(), ["claude", "openai", "gemini", "github"]).providers
    catalog = Catalog({**known, "aws": aws_provider()})
    files = {
        "claude": ("data/claude/incidents_2026-07-22_to_2026-08-13.json", (2026, 7, 22)),
        "openai": ("data/openai/polls_2026-06-19_to_2026-07-02.jsonl.gz", (2026, 6, 19)),
        "github": ("data/github/incidents_2026-05-28_to_2026-07-30.json.gz", (2026, 6, 20)),
    }
    polls = {
        name: (list(observations(shared_path(path))), datetime(*day, tzinfo=UTC))
        for name, (path, day) in files.items()
    }
    polls["gemini"] = (list(google_polls()), datetime(2024, 11, 4, tzinfo=UTC))
    polls["aws"] = (list(aws_polls()), datetime(2021, 11, 25, tzinfo=UTC))
    rng = random.Random(SEED)
    sources = [
        Recorded(catalog.providers[name], seen, since).source()
        for name, (seen, since) in polls.items()
    ]
    for source in sources:
        source.fail(rng)
    return Month(catalog, sources, probed=("openai/api", "gemini/api", "aws/ec2-us-east-1"))


@SLOW
async def test_over_thirty_recorded_days_nothing_is_offered_that_was_not_up() -> None:
    month = recorded_month()
    offered = await advised(month, ("claude.ai", "api", "code", "opus"))
    assert {"api", "openai/codex", "gemini/api", "github/copilot", "aws/ec2-us-east-1"} <= set(
        offered
    )
    minutes = len(month.minutes())
    assert minutes > 1000
    assert all(0 < often < minutes for often in offered.values()), offered


# --- every format ----------------------------------------------------------------------------

# The word of trouble in each sample: in its place one that nobody knows, which is not up.
TROUBLE = {
    "statuspage": "partial_outage",
    "incidentio": "partial_outage",
    "incidentio-feed": "Partial outage",
    "incidentio-proxy": "partial_outage",
    "onlineornot": "INVESTIGATING",
    "instatus": "MAJOROUTAGE",
    "datadog": '"degraded"',
    "checkly": '"MAJOR"',
    "betterstack": "downtime",
    "google": "SERVICE_DISRUPTION",
    "aws": '"2"',
    "aws-rss": "Service disruption",
    "azure": "Investigating",
    "slack": '"outage"',
    "xai": "outage",
}


@dataclass
class Made:
    """A page of some format that is well, in trouble, or says a word that nobody knows, in turn."""

    sample: Sample
    turns: Sequence[tuple[datetime, str]]
    read: dict[tuple[str, Fault | None], Snapshot] = field(default_factory=dict)

    @cached_property
    def bodies(self) -> dict[str, dict[str, bytes]]:
        well, trouble = self.sample.bodies(), self.sample.bodies(trouble=True)
        word = TROUBLE.get(self.sample.kind, "nothing")
        texts = {path: body.decode(self.sample.encoding) for path, body in trouble.items()}
        odd = {
            path: encoded(
                text.replace(word, '"smouldering"' if '"' in word else "smouldering"),
                self.sample.encoding,
            )
            for path, text in texts.items()
        }
        return {"well": well, "trouble": trouble, "odd": odd}

    def turn(self, at: datetime) -> str:
        place = bisect_right(self.turns, at, key=lambda one: one[0])
        return self.turns[place - 1][1] if place else "well"

    async def shows(self, now: datetime, fault: Fault | None) -> Snapshot:
        if fault in (Fault.TIMEOUT, Fault.ERROR):
            raise SourceError(fault.value)
        age = copy_age(now) if fault is Fault.STALE else timedelta(0)
        key = self.turn(now - age), fault if fault in (Fault.CUT, Fault.FOREIGN) else None
        if key not in self.read:
            self.read[key] = await self._read(*key)
        return replace(self.read[key], age=age)

    async def _read(self, turn: str, fault: Fault | None) -> Snapshot:
        """Poll the page as it is in that turn, or what comes in place of it."""
        bodies = self.bodies[turn]
        if fault is Fault.CUT:
            bodies = {path: body[: len(body) // 2] for path, body in bodies.items()}
        elif fault is Fault.FOREIGN:
            foreign = next(s for s in SAMPLES.values() if not s.quiet.keys() & bodies.keys())
            bodies = dict.fromkeys(bodies, next(iter(foreign.bodies().values())))
        return replace(await polled(self.sample, bodies), provider=self.sample.kind)

    def is_up(self, surface: str, at: datetime) -> bool:
        return self.turn(at) == "well" or surface != f"{self.sample.kind}/{self.sample.down}"


def made_month(rng: random.Random) -> Month:
    providers, sources = {}, []
    for sample in SAMPLES.values():
        ids = sample.components or (sample.down,)
        surfaces = tuple(
            Surface(
                f"{sample.kind}/{id_}",
                id_,
                sample.kind,
                components=(id_,),
                rows=((id_, ()),),
                jobs=("api",),
            )
            for id_ in ids
        )
        turns = [
            (START + MINUTE * at, rng.choice(["well", "well", "trouble", "odd"]))
            for at in sorted(rng.sample(range(DAYS * 24 * 60), 20))
        ]
        every = rng.choice([30, 60, 120, 300])
        page = "https://status.example.com"
        providers[sample.kind] = Provider(
            sample.kind, sample.kind, page, f"{sample.kind}/", surfaces, every=every
        )
        made = Made(sample, turns)
        changes = [at for at, _ in turns]
        source = FailingSource(
            sample.kind, timedelta(seconds=every), changes, made.shows, made.is_up
        )
        source.fail(rng)
        sources.append(source)
    return Month(Catalog(providers), sources)


@SLOW
async def test_over_thirty_made_up_days_of_every_format_nothing_is_offered_that_was_not_up() -> (
    None
):
    month = made_month(random.Random(SEED))
    offered = await advised(month, ("statuspage/c2", "google/prod2"))
    minutes = len(month.minutes())
    downs = {f"{sample.kind}/{sample.down}" for sample in SAMPLES.values()}
    assert downs <= set(offered)
    assert all(0 < offered[name] < minutes for name in downs), offered
