"""Channels that are lost, come back or move keep what they asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Pause, Subscription
from tests.unit.commands.fakes import Subscriptions

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
