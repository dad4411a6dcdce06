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


def test_waits_double_up_to_the_longest_and_up_to_a_quarter_is_taken_off() -> None:
    policy = policy_for(DeliveryError("500"))
    for failures, whole in ((0, 2.0), (1, 4.0), (5, 64.0), (9, 600.0), (1000, 600.0)):
        waits = [wait_after(policy, failures, random.Random(seed)) for seed in range(50)]
        assert 0.75 * whole <= min(waits) < 0.8 * whole
        assert 0.95 * whole < max(waits) <= whole


def test_an_error_of_an_adapter_is_met_as_the_nearest_one_of_ours() -> None:
    class Unreachable(DeliveryError):
        pass

    class Banned(TenantGone):
        pass

    assert policy_for(Unreachable("no")) is POLICIES[DeliveryError]
    assert policy_for(Banned("no")) is POLICIES[TenantGone]
