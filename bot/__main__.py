"""`python -m bot` is the command `isclaudedown`."""

from __future__ import annotations

import signal
import sys

from bot import __version__


def main() -> None:
    """Run the command. Ctrl-C while it still loads ends it without a word, as it should."""
    if sys.argv[1:] in (["--version"], ["-V"], ["version"]):  # nothing has to be loaded for that
        print(__version__)  # noqa: T201 - the answer
        return
    asked = signal.getsignal(signal.SIGINT)
    if asked is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bot.runtime import collect_seldom

    collect_seldom()
    from bot import cli

    signal.signal(signal.SIGINT, asked)
    cli.main()


if __name__ == "__main__":
    main()
