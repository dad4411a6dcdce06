"""Real Redis servers for tests, from the same binary as the embedded one.

    with standalone() as node: ...          one, empty, keeps nothing, a unix socket: ready in 30 ms
    with replicated() as (primary, replica): ...
    with sentinel() as (url, primary): ...      the same pair, watched by a Sentinel
    with cluster(3, replicas=1) as nodes: ...   three primaries, then their replicas: ready in 2 s

They end with the test process, however it ends.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from adapters.redis.embedded.program import server_program
from adapters.redis.embedded.server import GUARD

SLOTS = 16384
PATIENCE = 20.0


@dataclass
class Node:
    """One running server."""

    url: str  # for redis-py
    process: subprocess.Popen[str]
    port: int = 0  # 0: reached by a unix socket only

    def client(self) -> Redis:
        """Return a new blocking client."""
        return Redis.from_url(self.url, decode_responses=True)

    def kill(self) -> None:
        """End it without a word, as a power cut would."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def standalone(*options: str, port: int = 0) -> Iterator[Node]:
    """Run one server; `options` as on its command line (`"--maxmemory", "1mb"`)."""
    with tempfile.TemporaryDirectory(prefix="isd-") as folder:
        if port:
            options = ("--port", str(port), "--bind", "127.0.0.1", *options)
            url = f"redis://127.0.0.1:{port}/0"
        else:
            path = Path(folder) / "redis.sock"
            options = ("--port", "0", "--unixsocket", str(path), *options)
            url = f"unix://{path}"
        node = Node(url, _start(folder, options), port)
        try:
            yield node
        finally:
            node.kill()
            if node.process.stdout:
                node.process.stdout.close()


@contextlib.contextmanager
def replicated() -> Iterator[tuple[Node, Node]]:
    """Run a primary and its replica, in step."""
    primary_port, replica_port = free_ports(2)
    with (
        standalone(port=primary_port) as primary,
        standalone("--replicaof", "127.0.0.1", str(primary_port), port=replica_port) as replica,
    ):
        with replica.client() as client:
            _until(lambda: client.info("replication")["master_link_status"] == "up")
        yield primary, replica


@contextlib.contextmanager
def sentinel() -> Iterator[tuple[str, Node]]:
    """Run a primary, its replica and a Sentinel that fails over within some two seconds.

    Yields the URL as `REDIS_URL` takes it, and the primary.
    """
    (port,) = free_ports(1)
    with (
        replicated() as (primary, _),
        tempfile.TemporaryDirectory(prefix="isd-") as folder,
    ):
        config = Path(folder) / "sentinel.conf"
        config.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor pair 127.0.0.1 {primary.port} 1\n"
            "sentinel down-after-milliseconds pair 500\n"
            "sentinel failover-timeout pair 3000\n"
        )
        process = _start(folder, (), str(config), "--sentinel")
        try:
            with Redis(port=port) as client:
                _until(lambda: client.execute_command("SENTINEL", "REPLICAS", "pair"))
            yield f"redis+sentinel://127.0.0.1:{port}/pair", primary
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


@contextlib.contextmanager
def cluster(primaries: int = 3, *, replicas: int = 0) -> Iterator[list[Node]]:
    """Run a cluster that answers; `replicas` for each primary. Primaries come first."""
    count = primaries * (1 + replicas)
    ports = free_ports(2 * count)
    with contextlib.ExitStack() as running:
        nodes = [
            running.enter_context(standalone(*_cluster_options(bus), port=port))
            for port, bus in zip(ports[:count], ports[count:], strict=True)
        ]
        clients = [running.enter_context(node.client()) for node in nodes]
        _meet(clients, nodes[0].port, ports[count])
        _share_slots(clients[:primaries])
        _follow(clients, primaries)
        _until(lambda: all(_whole(client, primaries) for client in clients))
        yield nodes


KINDS = ("one server", "cluster")


@contextlib.contextmanager
def one_or_cluster(kind: str) -> Iterator[str]:
    """Run one server, or a cluster of three, by its name in `KINDS`; gives our address for it."""
    if kind == "cluster":
        with cluster(3) as nodes:
            yield nodes[0].url.replace("redis://", "redis+cluster://").removesuffix("/0")
    else:
        with standalone() as node:
            yield node.url


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody listens on just now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _start(folder: str, options: tuple[str, ...], *sentinel: str) -> subprocess.Popen[str]:
    guard = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(server_program())]
    keeps_nothing = ["--dir", folder, "--save", "", "--appendonly", "no", "--logfile", ""]
    server = [*keeps_nothing, "--repl-diskless-sync-delay", "0", *options]
    process = subprocess.Popen(
        [*guard, *(sentinel or server)],
        stdin=subprocess.PIPE if sys.platform != "linux" else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Ready to accept connections" in line or "+monitor master" in line:
            return process
    raise RuntimeError("the server did not start:\n" + "".join(said))


def _cluster_options(bus: int) -> tuple[str, ...]:
    options = {
        "cluster-enabled": "yes",
        "cluster-port": str(bus),
        "cluster-node-timeout": "1000",
        "cluster-replica-validity-factor": "0",
    }
    return tuple(word for name, value in options.items() for word in (f"--{name}", value))


def _meet(clients: list[Any], port: int, bus: int) -> None:
    for number, client in enumerate(clients):
        # An epoch for each, or they would have to settle that among themselves first.
        client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        if number:
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
    _until(lambda: all(len(_view(client)) == len(clients) for client in clients))


def _share_slots(primaries: list[Any]) -> None:
    bounds = [i * SLOTS // len(primaries) for i in range(len(primaries) + 1)]
    for client, first, end in zip(primaries, bounds, bounds[1:], strict=False):
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)


def _follow(clients: list[Any], primaries: int) -> None:
    ids = [client.execute_command("CLUSTER", "MYID") for client in clients[:primaries]]
    for number, client in enumerate(clients[primaries:]):
        client.execute_command("CLUSTER", "REPLICATE", ids[number % primaries])


def _view(client: Any) -> list[str]:
    nodes: str = client.execute_command("CLUSTER", "NODES")
    return nodes.splitlines()


def _whole(client: Any, primaries: int) -> bool:
    """Return whether a node sees all slots served, and is in step if it is a replica."""
    follows = client.info("replication")
    if follows["role"] == "slave" and follows["master_link_status"] != "up":
        return False
    fine = "cluster_state:ok" in client.execute_command("CLUSTER", "INFO")
    return (
        fine
        and sum(" master - " in line.replace("myself,", "") for line in _view(client)) == primaries
    )


def _until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        with contextlib.suppress(RedisError):
            if true():
                return
        time.sleep(0.02)  # another process is getting there; it tells nobody when
    raise TimeoutError("the servers did not come to an agreement")
