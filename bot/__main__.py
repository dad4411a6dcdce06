"""`python -m bot` is the command `isclaudedown`."""

from __future__ import annotations

import os
import signal
import sys

from bot import __version__


def main() -> None:
    """Run the command. Ctrl-C while it still loads ends it without a word, as it should."""
    if sys.argv[1:] in (["--version"], ["-V"], ["version"]):  # nothing has to be loaded for that
        print(__version__)  # noqa: T201 - the answer
        return
    _open_closed_streams()
    asked = signal.getsignal(signal.SIGINT)
    if asked is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bot.runtime import collect_seldom

    collect_seldom()
    from bot import cli

    signal.signal(signal.SIGINT, asked)
    cli.main()


def _open_closed_streams() -> None:
    """Let standard streams that are closed (`>&-`) lead nowhere.

    Else the next socket would get such a stream's number, and what is printed would go there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            os.dup2(descriptor, number, inheritable=True)
            if descriptor != number:
                os.close(descriptor)
            setattr(sys, name, os.fdopen(number, "w" if number else "r"))


if __name__ == "__main__":
    main()
