"""Every failure has its policy, and only a workspace that removed the bot is given up on."""

from __future__ import annotations

import random

import pytest

from bot.delivery.retry_policy import POLICIES, Action, policy_for, wait_after
from bot.domain.errors import ChannelGone, DeliveryError, TenantGone, TenantPaused


def test_only_a_workspace_that_is_gone_is_silent_until_it_comes_back() -> None:
    silent = {kind for kind, policy in POLICIES.items() if policy.action is Action.SILENCE}
    assert silent == {TenantGone}


@pytest.mark.parametrize("error", [TenantPaused("accesslimited"), ChannelGone("is_archived")])
def test_what_may_pass_is_tried_again_at_growing_intervals(error: DeliveryError) -> None:
    policy, rng = policy_for(error), random.Random(1)
    waits = [wait_after(policy, failures, rng) for failures in range(20)]

    assert policy.action is Action.PAUSE
    assert waits[0] < waits[3] < waits[6]
    assert max(waits) <= policy.longest
