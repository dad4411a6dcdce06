"""The program, `python -m bot`, with threads that are kept for two minutes instead of 30 days."""

from __future__ import annotations

from datetime import timedelta

from adapters.redis import subscriptions
from bot.delivery import fanout

KEPT = 120_000  # ms
# Read by all that is imported from here on.
subscriptions.LIFE = KEPT
# What ended is gone over for two hours, which is well before its threads are forgotten.
fanout.RECENTLY = timedelta(seconds=20)

from bot.__main__ import main  # noqa: E402 (after the changes above)

if __name__ == "__main__":
    main()
