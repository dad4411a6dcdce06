"""Everything that sees and tells besides the page, put together over its stores."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from bot.cards import Card
from bot.catalog import Catalog
from bot.commands.types import Threads
from bot.commands.witnessed import Witnessed
from bot.model import Incident
from bot.oracle import Oracle
from bot.past import Past
from bot.ports import Clock, Journal, Messenger
from bot.tallies import Tallies
from bot.wishes import Teller, Wishes
from bot.witness import ProbeStore, ReportStore, TrafficStore, Witness
from bot.wording.root import root_card
from bot.wording.witnessed import back_card


@dataclass(frozen=True, slots=True)
class EyeStores:
    """Where it is all kept."""

    probes: ProbeStore
    traffic: TrafficStore
    reports: ReportStore
    wishes: Wishes
    past: Past


@dataclass(frozen=True, slots=True)
class Eyes:
    """`loops` run for as long as the bot does."""

    stores: EyeStores
    witness: Witness
    oracle: Oracle
    commands: Witnessed
    teller: Teller
    tallies: Tallies

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        return [self.teller.run(), self.tallies.run()]


def open_eyes(
    stores: EyeStores,
    catalog: Catalog,
    journal: Journal,
    threads: Threads,
    messengers: Mapping[str, Messenger],
    clock: Clock,
    *,
    may_paint: Callable[[], bool],
) -> Eyes:
    """`may_paint`: whether this replica is the one that draws tallies (see `Tallies`)."""
    rng = random.Random()  # noqa: S311 (jitter, no secret)
    witness = Witness(stores.probes, stores.traffic, stores.reports, catalog)
    oracle = Oracle(catalog, journal, witness, clock, stores.past)

    def draw(incident: Incident, line: str, midway: bool) -> Card:
        return root_card(incident, clock(), catalog, joined_midway=midway, tally=line or None)

    tallies = Tallies(stores.reports, threads, journal, messengers, catalog, clock, draw, may_paint)
    teller = Teller(
        stores.wishes,
        oracle.verdict,
        messengers,
        lambda wish, now: back_card(wish.surfaces, wish.asked_at, now, catalog),
        clock,
    )
    commands = Witnessed(
        oracle, stores.reports, stores.wishes, messengers, clock, rng, tallies.touch
    )
    return Eyes(stores, witness, oracle, commands, teller, tallies)
