"""Probes over real sockets, against a service that answers in every way the real ones do."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from adapters.probes.http import HttpProbe
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.catalog.targets import Target, TargetKind, load_targets
from bot.evidence.probes import ProbeHistory, ProbeOutcome, judge
from bot.loops.prober import Prober
from tests.servers.probe import ProbeServer

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)
AGENT = "isclaudedown-tests"


@pytest.fixture
async def server() -> AsyncIterator[ProbeServer]:
    async with ProbeServer() as running:
        yield running


@pytest.fixture
async def probe() -> AsyncIterator[HttpProbe]:
    async with httpx.AsyncClient(headers={"user-agent": AGENT}, trust_env=False) as client:
        yield HttpProbe(client, key="sk-ant-test", timeout=20)


def api(server: ProbeServer) -> Target:
    return Target("the API", f"{server.url}/v1/models", TargetKind.API, ("api",))


@pytest.mark.parametrize(
    ("mode", "outcome", "says"),
    [
        ("unauthorized", ProbeOutcome.GOOD, "answers 401 as it should"),
        ("huge", ProbeOutcome.INCONCLUSIVE, "answers 401, not in the API's own shape"),
        ("overloaded", ProbeOutcome.BAD, "answers 529 overloaded_error"),
        ("broken", ProbeOutcome.BAD, "answers 500 api_error"),
        ("gateway", ProbeOutcome.BAD, "answers 502"),
        ("challenge", ProbeOutcome.INCONCLUSIVE, "a bot check stands before it"),
        ("forbidden", ProbeOutcome.INCONCLUSIVE, "answers 403, not in the API's own shape"),
        ("limited", ProbeOutcome.INCONCLUSIVE, "we asked too often (429)"),
        ("hotel", ProbeOutcome.INCONCLUSIVE, "answers 401, not in the API's own shape"),
        ("hang", ProbeOutcome.BAD, "gives no answer in time"),
        ("drip", ProbeOutcome.BAD, "gives no answer in time"),
        ("half", ProbeOutcome.BAD, "cuts the connection"),
        ("reset", ProbeOutcome.BAD, "cuts the connection"),
        ("garbage", ProbeOutcome.BAD, "cuts the connection"),
        ("nowhere", ProbeOutcome.BAD, "cuts the connection"),
    ],
)
async def test_what_each_answer_means(
    server: ProbeServer, probe: HttpProbe, mode: str, outcome: ProbeOutcome, says: str
) -> None:
    server.mode = mode
    if mode in {"hang", "drip"}:
        probe.timeout = 0.3

    look = judge(api(server), await probe.look(api(server)))

    assert (look.outcome, look.says) == (outcome, says)


async def test_a_refused_connection_bad_tls_and_a_name_without_address_are_told_apart(
    server: ProbeServer, probe: HttpProbe
) -> None:
    tls = Target("x", f"https://127.0.0.1:{server.port}/", TargetKind.API)
    nowhere = Target("x", "https://no-such-host.invalid/", TargetKind.API)
    assert (await probe.look(tls)).failure == "tls"
    assert (await probe.look(nowhere)).failure == "dns"
    refused = api(server)
    await server.stop()
    assert (await probe.look(refused)).failure == "connect"


async def test_the_key_goes_only_where_it_is_needed(server: ProbeServer, probe: HttpProbe) -> None:
    for kind in TargetKind:
        await probe.look(Target("x", f"{server.url}/{kind.value}", kind, (), "claude-opus-1"))

    with_key = {asked.path for asked in server.asked if "x-api-key" in asked.headers}
    assert with_key == {"/models", "/generation"}
    assert {asked.headers["user-agent"] for asked in server.asked} == {AGENT}


async def test_a_generation_asks_for_one_token(server: ProbeServer, probe: HttpProbe) -> None:
    server.mode = "message"
    target = Target(
        "opus", f"{server.url}/v1/messages", TargetKind.GENERATION, ("opus",), "claude-opus-1"
    )

    look = judge(target, await probe.look(target))

    body = json.loads(server.asked[0].body)
    assert look.outcome is ProbeOutcome.GOOD
    assert (server.asked[0].method, body["model"], body["max_tokens"]) == (
        "POST",
        "claude-opus-1",
        1,
    )


async def test_a_redirect_is_not_followed(server: ProbeServer, probe: HttpProbe) -> None:
    await probe.look(api(server))

    assert len(server.asked) == 1


# --- the loop ----------------------------------------------------------------------------------


@dataclass
class Kept:
    """A store of a few lines; the Redis one keeps the same promises (see the store's tests)."""

    kept: dict[str, ProbeHistory] = field(default_factory=dict)
    days: list[str] = field(default_factory=list)

    async def records(self) -> list[ProbeHistory]:
        return list(self.kept.values())

    async def keep(self, records: Sequence[ProbeHistory]) -> None:
        self.kept.update({record.target: record for record in records})

    async def forget(self) -> None:
        self.kept.clear()

    async def spend(self, day: str, limit: int) -> bool:
        if self.days.count(day) >= limit:
            return False
        self.days.append(day)
        return True


@dataclass
class Hands:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def prober(probe: HttpProbe, store: Kept, targets: list[Target], budget: int = 0) -> Prober:
    clock = Hands()
    return Prober(
        targets, probe, store, clock, random.Random(1), with_key=True, daily_budget=budget
    )


async def test_a_cut_of_our_own_network_accuses_nobody(probe: HttpProbe) -> None:
    async with ProbeServer() as theirs, ProbeServer() as neutral:
        targets = [
            api(theirs),
            Target("neutral", neutral.url, TargetKind.CONTROL),
        ]
        store = Kept()
        looker = prober(probe, store, targets)
        await theirs.stop()
        await looker.round()
        assert store.kept["the API"].looks == "b"
        await neutral.stop()

        await looker.round()

    assert store.kept == {}, "what was seen just before may have been the same failure"


async def test_if_only_theirs_fails_it_is_kept_against_them(
    server: ProbeServer, probe: HttpProbe
) -> None:
    async with ProbeServer(mode="page") as neutral:
        server.mode = "broken"
        store = Kept()
        looker = prober(
            probe, store, [api(server), Target("neutral", neutral.url, TargetKind.CONTROL)]
        )

        await looker.round()
        await looker.round()

    assert store.kept["the API"].looks == "bb"


async def test_controls_are_left_alone_while_all_is_well(
    server: ProbeServer, probe: HttpProbe
) -> None:
    async with ProbeServer(mode="page") as neutral:
        looker = prober(
            probe, Kept(), [api(server), Target("neutral", neutral.url, TargetKind.CONTROL)]
        )

        await looker.round()

        assert neutral.asked == []


def keyed(server: ProbeServer) -> list[Target]:
    server.modes = {"/v1/models": "models", "/v1/messages": "message"}
    return [
        Target("models", f"{server.url}/v1/models", TargetKind.MODELS, ("api",)),
        *(
            Target(name, f"{server.url}/v1/messages", TargetKind.GENERATION, (name,), name)
            for name in ("opus", "sonnet", "haiku")
        ),
    ]


def generations(server: ProbeServer) -> list[str]:
    return [json.loads(asked.body)["model"] for asked in server.asked if asked.body]


async def test_the_newest_model_of_each_family_in_the_list_is_asked(
    server: ProbeServer, probe: HttpProbe
) -> None:
    looker = prober(probe, Kept(), keyed(server), budget=100)

    await looker.round()
    assert generations(server) == [], "no list was read yet"
    await looker.round()

    assert sorted(generations(server)) == ["claude-opus-2", "claude-sonnet-1"]


async def test_generations_never_exceed_the_budget_of_the_day(
    server: ProbeServer, probe: HttpProbe
) -> None:
    store = Kept()
    for _ in range(10):  # ten restarts, or ten replicas: none remembers what the others sent
        looker = prober(probe, store, keyed(server), budget=5)
        for minute in range(3):
            looker.clock = Hands(NOW + timedelta(minutes=minute))
            await looker.round()

    assert len(generations(server)) == len(store.days) == 5


@pytest.mark.parametrize(("with_key", "budget"), [(True, 0), (False, 100)])
async def test_without_a_key_and_a_budget_nothing_is_generated(
    server: ProbeServer, probe: HttpProbe, *, with_key: bool, budget: int
) -> None:
    looker = prober(probe, Kept(), keyed(server), budget)
    looker.with_key = with_key

    await looker.round()
    await looker.round()

    assert generations(server) == []


def test_the_catalog_says_what_is_probed_and_has_two_controls() -> None:
    targets = load_targets(only(load_catalog(), ["claude", "npm"]))
    kinds = [target.kind for target in targets]

    assert kinds.count(TargetKind.CONTROL) == 2
    assert all(target.url.startswith("https://") for target in targets)
    known = {surface.id for surface in load_catalog().surfaces()}
    assert {surface for target in targets for surface in target.surfaces} <= known
    assert len({target.name for target in targets}) == len(targets)
