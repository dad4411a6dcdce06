"""The name of this place among the replicas: the same after a restart, held by one process.

A process that was killed leaves claims and a lease behind, which end by themselves within half a
minute. Whoever starts in the same place knows that the one before is gone, and ends them at once.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def place_of(folder: Path) -> Iterator[str | None]:
    """Hold the name kept in a data folder while inside.

    Yields None where another process holds it, or where nothing can be kept.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / "place", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield None
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        name = os.pread(file, 200, 0).decode("ascii", "replace").strip()
        host = socket.gethostname().encode("ascii", "replace").decode()
        if not name.startswith(f"{host}-"):  # new, or a copy of another machine's folder
            name = f"{host}-{secrets.token_hex(4)}"
            os.ftruncate(file, 0)
            os.pwrite(file, name.encode(), 0)
    except OSError:
        yield None
    else:
        yield name
    finally:
        os.close(file)
