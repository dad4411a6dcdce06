"""What a move to other shards does with single keys."""

from __future__ import annotations

import pytest

from adapters.redis.keys import Shards
from adapters.redis.reshard import by_shard, merged_servers
from bot.domain.subscription import Channel


def test_a_shard_made_of_several_knows_of_the_longest_loss_of_theirs() -> None:
    never = {b"seen_at": b"500", b"lost_since": b"0", b"changed_at": b"0"}
    once = {b"seen_at": b"700", b"lost_since": b"300", b"changed_at": b"400"}
    twice = {b"run_id": b"other", b"seen_at": b"600", b"lost_since": b"200", b"changed_at": b"350"}
    assert merged_servers([never, once]) == {
        b"seen_at": b"500",
        b"lost_since": b"300",
        b"changed_at": b"400",
    }
    assert merged_servers([once, twice, never, {}])[b"run_id"] == b"other"
    assert merged_servers([once, twice])[b"lost_since"] == b"200"


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("entry:T1/C1", b"hash", [b"score", b"1"]),
        ("thread:T1/C1:claude/x:1", b"string", [b"5:x|1|{}"]),
        ("reminders", b"hash", [b"T1/C1|reminder:U1:api", b"{}"]),
        ("later", b"zset", [b"T1/C1", b"7"]),
        ("index:thread:claude/x", b"set", [b"T1/C1"]),
    ],
)
def test_whatever_is_kept_of_a_channel_goes_to_its_shard(
    name: str, kind: bytes, found: list[bytes]
) -> None:
    base = Shards(64).of(Channel("slack", "T1", "C1"))
    assert by_shard(Shards(64), "slack", name, kind, found) == {base: found}
