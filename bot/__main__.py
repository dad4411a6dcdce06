"""`python -m bot` is the command `isclaudedown`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command. Ctrl-C while it still loads is no fault."""
    try:
        from bot import cli
    except KeyboardInterrupt:
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
