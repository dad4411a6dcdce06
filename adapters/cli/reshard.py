"""Moves everything that belongs to channels into another number of shards."""

from __future__ import annotations

from typing import TextIO

from adapters.cli.stored import stored_data
from adapters.redis.reshard import reshard as move_all
from bot.settings import Settings


async def reshard(settings: Settings, count: int, out: TextIO) -> None:
    """Move everything into `count` shards a platform, and say what was moved.

    Raises:
        StoreError: the bot runs, or Redis did not do it; running it again goes on.
    """
    async with stored_data(settings, resharding=True) as database:
        moved = await move_all(database, count)
    if not moved:
        out.write(f"There are {count} shards already.\n")
        return
    stale = moved["ready"] + moved["later"]
    out.write(
        f"Moved into {count} shards: {moved['subscriptions']:,} subscriptions, "
        f"{moved['reminders']:,} reminders, {stale:,} channels that wait for messages, and what "
        "stands where.\n"
    )
