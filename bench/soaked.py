"""The program, `python -m bot`, with threads that are kept for two minutes instead of 30 days."""

from __future__ import annotations

from adapters.redis import subscriptions

KEPT = 120_000  # ms
subscriptions.LIFE = KEPT  # read by all that is imported from here on

from bot.__main__ import main  # noqa: E402 (after the change above)

if __name__ == "__main__":
    main()
