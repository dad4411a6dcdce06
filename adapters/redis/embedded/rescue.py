"""Writes what a running server holds into its folder again, after the files there were deleted."""

import asyncio
from pathlib import Path

from redis.asyncio import Redis

from bot.domain.errors import StoreError

LOOK_EVERY = 0.05  # seconds


def is_whole(folder: Path) -> bool:
    """Return whether the files are there without which the next start would begin with nothing."""
    manifest = folder / "appendonlydir" / "appendonly.aof.manifest"
    return manifest.exists() and (folder / "lock").exists()


async def write_anew(client: Redis, folder: Path) -> None:
    """Have the server make its files in `folder`, which is there again, out of its memory.

    Raises:
        StoreError: it could not write them.
        RedisError: it does not answer.
    """
    # The same path is another folder by now.
    await client.config_set("dir", str(folder))
    await client.config_set("appendonly", "no")
    await client.config_set("appendonly", "yes")
    while True:
        about = await client.info("persistence")
        if not about["aof_rewrite_in_progress"]:
            break
        await asyncio.sleep(LOOK_EVERY)
    if about["aof_last_bgrewrite_status"] != "ok":
        raise StoreError("its server could not write them, see server.log")
