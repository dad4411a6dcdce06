"""What follows a call that failed: how the claim goes on, and who else waits."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery.cache import IncidentCache
from bot.delivery.context import DeliveryContext
from bot.delivery.platform_health import PlatformHealth
from bot.delivery.queue import Claim, Outcome, Unconfirmed
from bot.delivery.retry_policy import settlement_after
from bot.delivery.stores import Permit
from bot.domain.errors import (
    ChannelGone,
    DeliveryError,
    RateLimited,
    TenantGone,
    TenantPaused,
    Uncertain,
)
from bot.domain.subscription import Channel, Pause, Subscription
from bot.messenger import Bucket
from tests.delivery_kit import NamedMessages

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HERE = Channel("chat", "T1", "C1")
ASKED = Subscription(HERE)
POSTS, EDITS = Bucket("posts", rate=5.0), Bucket("edits", rate=1.0)


@dataclass
class Platform:
    """Two limits, and what was done about them and about a tenant."""

    platform: str = "chat"
    silenced: list[tuple[str, str, str]] = field(default_factory=list)
    blocked: list[tuple[Bucket, float]] = field(default_factory=list)

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        assert channel == HERE
        return [EDITS] if revising else [POSTS]

    async def silence(self, platform: str, tenant: str, reason: str) -> None:
        self.silenced.append((platform, tenant, reason))

    async def refused(self, bucket: Bucket, retry_after: float) -> None:
        self.blocked.append((bucket, retry_after))

    async def acquire(
        self, buckets: Sequence[Bucket], *, granted: bool = False, patient: bool = False
    ) -> Permit:
        del granted, patient
        assert list(buckets) == [self.blocked[-1][0]]
        return Permit(at=12345.0)


def context_of(platform: Platform) -> DeliveryContext:
    return DeliveryContext(
        platform,  # type: ignore[arg-type]  # what is used of it, no more
        platform,  # type: ignore[arg-type]
        platform,
        IncidentCache(None),  # type: ignore[arg-type]  # nothing is read
        NamedMessages(),
        lambda: NOW,
        random.Random(1),
        PlatformHealth(time.monotonic),
    )


def claim(subscription: Subscription | None = ASKED) -> Claim:
    return Claim(HERE, "t", 0.0, subscription, ())


@pytest.mark.parametrize(
    ("error", "first", "unconfirmed"),
    [
        (DeliveryError("500"), 2.0, Unconfirmed.UNCHANGED),
        (Uncertain("timeout"), 3.0, Unconfirmed.SINCE_CLAIM),
        (TenantGone("token_revoked"), 3600.0, Unconfirmed.UNCHANGED),
    ],
)
async def test_a_failure_is_tried_again_later_and_counted(
    error: DeliveryError, first: float, unconfirmed: Unconfirmed
) -> None:
    platform = Platform()
    context = context_of(platform)
    found = await settlement_after(error, context, claim(), 0)
    assert (found.outcome, found.failures, found.unconfirmed) == (Outcome.LATER, 1, unconfirmed)
    assert 0.75 * first <= found.delay <= first
    assert found.pause is None
    assert context.counts.failed == 1
    again = await settlement_after(error, context, claim(), 40)
    assert again.failures == 41
    assert 450 <= again.delay <= 3600
    gone = isinstance(error, TenantGone)
    assert platform.silenced == [("chat", "T1", "token_revoked")] * (2 * gone)


@pytest.mark.parametrize(
    ("error", "first"), [(ChannelGone("is_archived"), 300.0), (TenantPaused("accesslimited"), 60.0)]
)
async def test_a_channel_that_refuses_is_paused_with_the_reason_for_longer_each_time(
    error: DeliveryError, first: float
) -> None:
    context = context_of(Platform())
    found = await settlement_after(error, context, claim(), 0)
    assert found.pause is not None
    assert (found.pause.reason, found.pause.since, found.pause.tries) == (error.reason, NOW, 1)
    assert found.outcome is Outcome.LATER
    assert 0.75 * first <= found.delay <= first
    assert found.pause.next_try == NOW + timedelta(seconds=found.delay)
    before = Pause("another reason", NOW - timedelta(days=1), NOW, tries=3)
    again = await settlement_after(error, context, claim(replace(ASKED, paused=before)), 0)
    assert again.pause is not None
    assert (again.pause.since, again.pause.tries) == (before.since, 4)
    assert 6 * first <= again.delay <= 8 * first


async def test_where_time_is_made_shorter_all_waits_are() -> None:
    context = context_of(Platform())
    context.time_scale = 10.0
    failed = await settlement_after(DeliveryError("500"), context, claim(), 0)
    paused = await settlement_after(ChannelGone("is_archived"), context, claim(), 0)
    assert 0.15 <= failed.delay <= 0.2
    assert 22.5 <= paused.delay <= 30.0


async def test_where_nobody_subscribed_a_place_that_is_gone_is_given_up() -> None:
    context = context_of(Platform())
    found = await settlement_after(ChannelGone("user_not_found"), context, claim(None), 0)
    assert (found.outcome, found.pause) == (Outcome.DONE, None)
    passing = await settlement_after(TenantPaused("accesslimited"), context, claim(None), 0)
    assert (passing.outcome, passing.failures) == (Outcome.LATER, 1)


@pytest.mark.parametrize("bucket", [POSTS, EDITS, Bucket("bot", rate=1.0)])
async def test_a_refusal_blocks_its_limit_for_all_and_names_the_time_for_this_one(
    bucket: Bucket,
) -> None:
    platform = Platform()
    context = context_of(platform)
    refused = RateLimited("429", retry_after=30.0, bucket=bucket.name)
    found = await settlement_after(refused, context, claim(), 5)
    assert platform.blocked == [(bucket, 30.0)]
    assert (found.outcome, found.at, found.delay) == (Outcome.LATER, 12345.0, 30.0)
    assert found.failures is None, "as many in a row as before"
    assert (context.counts.refused, context.counts.failed) == (1, 0)


async def test_a_refusal_of_this_channel_alone_makes_only_it_wait_as_long_as_it_was_told() -> None:
    platform = Platform()
    refused = RateLimited("429", retry_after=30.0, bucket=None)
    found = await settlement_after(refused, context_of(platform), claim(), 0)
    assert (found.outcome, found.at, found.delay) == (Outcome.LATER, None, 30.0)
    assert platform.blocked == []
