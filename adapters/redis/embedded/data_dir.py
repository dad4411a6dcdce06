"""The data folder of the embedded Redis: who owns it, and where its socket lies.

lock               held (flock) by us and, inherited, by the server: free only when both ended
redis.sock         the server's socket, or a private folder in the temporary one (see below)
server.log         what the server says
appendonlydir/     the data
"""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import socket
import stat
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

from bot.domain.errors import StoreError

# Of sun_path with its closing zero: 108 bytes on Linux, 104 on macOS (unix(7), unix(4)).
LONGEST_SOCKET_PATH = 103
# Seconds to wait for the lock. A server whose owner was killed holds it until it is dead as well;
# and the owner itself, killed a moment ago, may still be seen alive.
PATIENCE = 10.0
PATIENCE_WITH_THE_LIVING = 1.0
ENOUGH_SPACE = 16 * 1024 * 1024
LONG_LOG = 1024 * 1024  # bytes (guess)
SOCKET = "redis.sock"
# What is ours in the folder: the above, what the terminal and `place_of` keep there, and what the
# server writes for a moment. A mounted disk has a lost+found.
_OURS = re.compile(
    r"lock|place|redis\.sock|server\.log(\.old)?|appendonlydir|dump\.rdb|temp-.*"
    r"|terminal\.jsonl.*|prompt_history|lost\+found"
)


def prepare(folder: Path, *, whole: bool = True) -> Path:
    """Create the folder, for us alone, and tidy it. Returns its absolute path.

    In a folder that holds other things as well (somebody's home) these stay as they are. `whole`:
    no part of the data may be missing.

    Raises:
        StoreError: it cannot be written, anybody may write into it, the disk is full, or a part of
            the data is gone.
    """
    folder = folder.absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = list(folder.iterdir())
        ours = [path for path in found if _OURS.fullmatch(path.name)]
        if ours == found:
            folder.chmod(0o700)  # made by hand, perhaps; whoever cannot enter it reads no file
        elif folder.stat().st_mode & stat.S_IWOTH:
            raise StoreError(
                f"Anybody may write into {folder}, which is no place for data. Name a folder of "
                "its own with ISCLAUDEDOWN_DATA_DIR."
            )
        for path in (*ours, *(folder / "appendonlydir").glob("*")):
            if not path.is_symlink() and path.name != "lost+found":
                path.chmod(0o700 if path.is_dir() else 0o600)
        turn_over(folder / "server.log")
        full = disk_full(folder)
        parts = [path.name for path in (folder / "appendonlydir").glob("appendonly.aof.*")]
    except OSError as error:
        raise _not_writable(folder, error) from error
    if full:
        raise StoreError(full)
    if whole and parts and "appendonly.aof.manifest" not in parts:
        # The server would begin with nothing, and say nothing of it.
        raise StoreError(
            f"The data in {folder / 'appendonlydir'} lack their appendonly.aof.manifest. Restore "
            "it from a backup, or move that folder away to begin with nothing."
        )
    return folder


def turn_over(log: Path) -> None:
    """Keep a long log as `….old` and begin it anew; whoever appends to it may go on."""
    if log.exists() and log.stat().st_size > LONG_LOG:
        shutil.copy(log, log.with_name(f"{log.name}.old"))
        os.truncate(log, 0)


def disk_full(folder: Path) -> str:
    """Return what to tell if the folder's disk is full, else nothing."""
    free = shutil.disk_usage(folder).free
    if free >= ENOUGH_SPACE:
        return ""
    return (
        f"The disk of the data folder {folder} is full ({free // 1024} KiB left). Free some "
        "space, or name a folder on another disk with ISCLAUDEDOWN_DATA_DIR."
    )


@contextlib.asynccontextmanager
async def owned(folder: Path) -> AsyncIterator[int]:
    """Own the folder while inside; yields the lock's descriptor, for the server to inherit.

    Raises:
        StoreError: another process owns it (named by its id), or it cannot be written.
    """
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _not_writable(folder, error) from error
    try:
        await _take(lock, folder)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield lock
    finally:
        os.close(lock)


def lock_anew(folder: Path, held: int) -> None:
    """Own a folder that was deleted and is there again, by the same descriptor.

    Raises:
        StoreError: another process owns it by now.
        OSError: it cannot be written.
    """
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.path.sameopenfile(lock, held):
            return
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        os.dup2(lock, held, inheritable=False)
    except BlockingIOError:
        raise StoreError(f"another isclaudedown has taken the folder {folder}") from None
    finally:
        os.close(lock)


async def _take(lock: int, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # another process holds it
        owner = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
        patience = PATIENCE_WITH_THE_LIVING if _lives(owner) else PATIENCE
        if loop.time() - began > patience:
            raise StoreError(
                f"The data folder {folder} is in use by another isclaudedown (process {owner}). "
                "Stop that one, or give this one a folder of its own with ISCLAUDEDOWN_DATA_DIR."
            )
        await asyncio.sleep(0.02)


def _lives(pid: str) -> bool:
    """Return whether the process that wrote `pid` into the lock is still there."""
    if not pid.isdigit():
        return False  # it has the lock and is about to write its number
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's process
    try:  # ended, and only waits to be noticed by its parent (Linux)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def socket_path(folder: Path) -> Path:
    """Return where the folder's socket lies: the same for everybody who asks.

    Usually inside. A path too long for a socket is replaced by one in a folder of this user's
    below the temporary folder, named after the data folder.
    """
    inside = folder.resolve() / SOCKET
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(os.fsencode(inside)).hexdigest()[:16]
    below = Path(f"isclaudedown-{os.getuid()}") / f"{name}.sock"
    path = Path(tempfile.gettempdir()) / below
    # TMPDIR may be as long as the data folder, and lie beside it.
    return path if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH else Path("/tmp") / below  # noqa: S108 (checked by prepare_socket)


def prepare_socket(path: Path) -> None:
    """Make sure that the socket's folder is there and nobody else's.

    Raises:
        StoreError: another user made a folder of that name, or it cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        found = path.parent.lstat()
    except OSError as error:
        raise _not_writable(path.parent, error) from error
    if found.st_uid != os.getuid() or path.parent.is_symlink():
        raise StoreError(
            f"{path.parent} belongs to somebody else. Name a data folder with a shorter path with "
            "ISCLAUDEDOWN_DATA_DIR, so that the socket can lie inside it."
        )
    if path.name != SOCKET:  # a folder of ours alone, which may be there, for everybody
        path.parent.chmod(0o700)


def url_of(path: Path) -> str:
    """Return the URL by which redis-py reaches a socket."""
    return f"unix://{quote(str(path))}"


def running_redis(folder: Path) -> str | None:
    """Return the URL of the embedded Redis that another process runs on this folder, if any."""
    path = socket_path(folder)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as there:
            there.settimeout(1)
            there.connect(str(path))
    except OSError:
        return None  # none, or a stale socket of one that was killed
    return url_of(path)


def _not_writable(folder: Path, error: OSError) -> StoreError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return StoreError(
        f"Cannot {'use' if full else 'write to'} the data folder {folder} ({error.strerror}). "
        "Mend that, name another folder with ISCLAUDEDOWN_DATA_DIR, or a Redis with REDIS_URL."
    )
