"""The Redis servers of the tests are what they say: alone, a pair, a cluster."""

import time

import pytest
from redis.cluster import RedisCluster
from redis.crc import key_slot
from redis.exceptions import RedisClusterException, RedisError

from tests.servers.redis import SLOTS, cluster, replicated, standalone


def test_two_servers_know_nothing_of_each_other() -> None:
    with standalone() as one, standalone() as two, one.client() as first, two.client() as second:
        first.set("key", "of one")
        assert second.get("key") is None


def test_options_reach_the_server() -> None:
    with standalone("--maxmemory-policy", "allkeys-lru") as node, node.client() as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}


def test_a_replica_follows_its_primary() -> None:
    with replicated() as (primary, replica), primary.client() as writes, replica.client() as reads:
        writes.set("key", "value")
        assert writes.wait(1, 5000) == 1
        assert reads.get("key") == "value"


@pytest.mark.parametrize("replicas", [0, 1])
def test_a_cluster_serves_every_slot(replicas: int) -> None:
    with cluster(replicas=replicas) as nodes:
        with RedisCluster.from_url(nodes[0].url, decode_responses=True) as client:
            for number in range(50):
                client.set(f"key:{number}", number)
        shares = []
        for node in nodes[:3]:
            with node.client() as alone:
                shares.append(int(alone.dbsize()))
        assert sum(shares) == 50
        assert all(shares)


def test_a_cluster_lives_on_when_a_primary_dies() -> None:
    with cluster(replicas=1) as nodes:
        with nodes[0].client() as client:
            keys = [f"key:{number}" for number in range(100)]
            mine = next(key for key in keys if key_slot(key.encode()) < SLOTS // 3)
            client.set(mine, "kept")
            assert client.wait(1, 5000) == 1
        nodes[0].kill()
        assert eventually(nodes[1].url, mine) == "kept"


def eventually(url: str, key: str) -> object:
    """Ask until there is an answer; the test's own time limit ends it."""
    while True:
        try:
            with RedisCluster.from_url(url, decode_responses=True) as client:
                return client.get(key)
        except (RedisError, RedisClusterException, OSError):
            time.sleep(0.05)  # the replica is being elected; it tells nobody when it is done
