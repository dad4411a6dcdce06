"""The embedded Redis starts, ends and starts again with its bot, and nothing is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from adapters.redis.embedded import data_dir as data
from adapters.redis.embedded import server
from adapters.redis.embedded.data_dir import running_redis
from adapters.redis.embedded.server import GUARD, embedded_redis
from bot.domain.errors import StoreError

# Another bot on the same folder: says when it is up, then counts, each number once it is stored.
from tests.contract.embedded_redis.kit import (
    another_bot,
    eventually,
    has_ended,
    numbers,
    opened,
    server_of,
    told,
)


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


async def test_it_starts_again_in_the_same_process(tmp_path: Path) -> None:
    for round_ in range(3):
        async with opened(tmp_path) as redis:
            assert await redis.incr("starts") == round_ + 1
