"""Channels that are lost, come back or move keep what they asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery.channel_lifecycle import (
    WORTH_TELLING,
    ChannelLifecycle,
    announce_resumption,
)
from bot.domain.errors import DeliveryError
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Pause, Subscription
from tests.unit.commands.fakes import Subscriptions
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import ASKED, Stage

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD, NEW = Channel("slack", "T1", "C1"), Channel("slack", "T1", "C2")


@dataclass
class Woken:
    """What was woken or silenced in the queue."""

    calls: list[tuple[str, ...]] = field(default_factory=list)

    async def wake(self, channel: Channel) -> None:
        self.calls.append(("wake", str(channel)))

    async def wake_tenant(self, platform: str, tenant: str) -> None:
        self.calls.append(("wake", platform, tenant))

    async def silence(self, platform: str, tenant: str, reason: str) -> None:
        self.calls.append(("silence", platform, tenant, reason))

    async def is_silenced(self, platform: str, tenant: str) -> bool:
        return (platform, tenant) == ("slack", "T1")

    async def silenced(self, platform: str) -> dict[str, str]:
        return {"T1": f"of {platform}"}


def lifecycle(kept: Subscriptions, queue: Woken) -> ChannelLifecycle:
    return ChannelLifecycle(kept, queue, lambda: NOW)  # type: ignore[arg-type]  # what is used


async def test_a_channel_with_another_id_keeps_its_subscription_and_leaves_none_behind() -> None:
    kept = Subscriptions()
    kept.kept[OLD] = Subscription(OLD, Severity.MAJOR, frozenset({"api"}))
    await lifecycle(kept, Woken()).moved(OLD, NEW)
    assert kept.kept == {NEW: Subscription(NEW, Severity.MAJOR, frozenset({"api"}))}
    await lifecycle(kept, Woken()).moved(OLD, NEW)
    assert set(kept.kept) == {NEW}, "nothing moves twice"


async def test_a_channel_that_is_lost_is_paused_with_the_reason_until_the_platform_says_more() -> (
    None
):
    kept = Subscriptions()
    kept.kept[OLD] = Subscription(OLD)
    for channel in (OLD, NEW):
        await lifecycle(kept, Woken()).lost(channel, "removed from the channel")
    assert set(kept.kept) == {OLD}
    assert kept.kept[OLD].paused == Pause("removed from the channel", NOW, next_try=None)


async def test_what_the_platform_says_reaches_the_queue() -> None:
    queue = Woken()
    one = lifecycle(Subscriptions(), queue)
    await one.back(OLD)
    await one.tenant_lost("slack", "T1", "token_revoked")
    await one.tenant_back("slack", "T1")
    assert await one.lost_tenants("slack") == {"T1": "of slack"}
    assert queue.calls == [
        ("wake", "slack/T1/C1"),
        ("silence", "slack", "T1", "token_revoked"),
        ("wake", "slack", "T1"),
    ]


@pytest.mark.parametrize(
    ("paused_for", "told"),
    [(WORTH_TELLING, True), (WORTH_TELLING - timedelta(seconds=1), False), (None, False)],
)
async def test_after_ten_minutes_of_silence_a_channel_is_told_why_there_was_nothing(
    paused_for: timedelta | None, told: bool
) -> None:
    pause = Pause("is_archived", NOW - paused_for, None) if paused_for is not None else None
    stage = Stage(replace(ASKED, paused=pause))
    await announce_resumption(stage.context, stage.claim())
    assert [(call.what, call.title) for call in stage.platform.calls] == [
        ("say", "I can write here again")
    ] * told
    if told and pause is not None:
        since = f"{pause.since:%Y%m%d%H%M%S}"
        assert stage.platform.calls[0].key == f"{HERE}/back/{since}", "a name for each pause"


async def test_where_that_cannot_be_said_it_is_left_at_that() -> None:
    stage = Stage(replace(ASKED, paused=Pause("is_archived", NOW - timedelta(days=1), None)))
    stage.platform.failing = {"say": [DeliveryError("500")]}
    await announce_resumption(stage.context, stage.claim())
    assert stage.platform.calls == []
    await announce_resumption(Stage(None).context, Stage(None).claim())


async def test_whether_a_workspace_is_written_to_is_asked_of_its_own_platform() -> None:
    queue = Woken()
    one = lifecycle(Subscriptions(), queue)
    assert await one.is_lost("slack", "T1")
    assert not await one.is_lost("slack", "T2")
    assert not await one.is_lost("discord", "T1")
