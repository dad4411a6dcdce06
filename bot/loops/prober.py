"""The loop that looks at the surfaces from outside, politely, in one process at a time.

A round looks at every target at once, once a minute give or take a fifth. Only if something
looks bad are the controls asked: if none of them answers, our own network is to blame, and
nothing is known any more. Real generations (with a key, and only if a budget is given) are
spread over the day and counted in the store before they are sent.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.catalog.targets import Target, TargetKind
from bot.domain.errors import StoreError
from bot.evidence.probes import (
    ProbeOutcome,
    ProbeResult,
    judge,
    model_ids,
    network_is_ours,
    newest,
    remember,
)
from bot.evidence.stores import Probe, ProbeStore
from bot.loops.periodic import StoreBackoff
from bot.ports import Clock

log = structlog.get_logger()

INTERVAL = 60.0  # seconds
JITTER = 0.2  # of the interval, either way
DAY = timedelta(days=1)
OK = 200


@dataclass(slots=True)
class Prober:
    """Looks at `targets` while `may_look()` (one replica watches, and only that one probes)."""

    targets: Sequence[Target]
    probe: Probe
    store: ProbeStore
    clock: Clock
    rng: random.Random
    with_key: bool = False
    daily_budget: int = 0
    may_look: Callable[[], bool] = lambda: True
    interval: float = INTERVAL
    _network_ours: bool = False
    _backoff: StoreBackoff = field(default_factory=lambda: StoreBackoff("prober"))
    _models: tuple[str, ...] = ()
    _generated_at: dict[str, datetime] = field(default_factory=dict)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self.interval * self.rng.uniform(1 - JITTER, 1 + JITTER))
            if not self.may_look():
                continue
            try:
                await self.round()
                self._backoff.answered()
            except StoreError as error:
                self._backoff.failed(error)  # the next round is far enough away

    async def round(self) -> None:
        """Look once at everything that is due, and keep what was learnt.

        Raises:
            StoreError: Redis did not answer; nothing was sent that has to be counted.
        """
        looks = await self._look_at(await self._due(self.clock()))
        if any(look.outcome is ProbeOutcome.BAD for look in looks.values()):
            controls = [t for t in self.targets if t.kind is TargetKind.CONTROL]
            if network_is_ours(list((await self._look_at(controls)).values())):
                if not self._network_ours:
                    log.warning("probes.own_network_fails", doing="nothing is concluded from it")
                self._network_ours = True
                # The last looks before it was noticed may have failed for the same reason.
                await self.store.forget()
                return
        self._network_ours = False
        known = {record.target: record for record in await self.store.records()}
        now, changed = self.clock(), []
        for target, look in looks.items():
            if look.ours:
                log.info("probe.refused", target=target.name, says=look.says)
            record = remember(known.get(target.name), target, look, now)
            if record is not None and record != known.get(target.name):
                changed.append(record)
        await self.store.keep(changed)

    async def _look_at(self, targets: Sequence[Target]) -> dict[Target, ProbeResult]:
        seen = await asyncio.gather(*(self.probe.look(target) for target in targets))
        for target, answer in zip(targets, seen, strict=True):
            if target.kind is TargetKind.MODELS and answer.status == OK:
                self._models = model_ids(answer.body)
        return {t: judge(t, answer) for t, answer in zip(targets, seen, strict=True)}

    async def _due(self, now: datetime) -> list[Target]:
        """Return what is looked at in this round; generations as far as the day's budget allows."""
        always = {TargetKind.API, TargetKind.FRONT} | (
            {TargetKind.MODELS} if self.with_key else set()
        )
        due = [target for target in self.targets if target.kind in always]
        generations = [t for t in self.targets if t.kind is TargetKind.GENERATION]
        if not self.with_key or self.daily_budget <= 0:
            return due
        pause = DAY * len(generations) / self.daily_budget
        for target in generations:
            model = newest(target.model, self._models)
            before = self._generated_at.get(target.name)
            if not model or (before is not None and now - before < pause):
                continue
            self._generated_at[target.name] = now
            # Counted first: whatever happens after this line, it is never one too many.
            if await self.store.spend(now.date().isoformat(), self.daily_budget):
                due.append(replace(target, model=model))
        return due
