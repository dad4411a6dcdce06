"""Becomes the Redis server, and sees to it that the server ends when our process does.

Run as a script: `python parent_watch.py <our pid> <program> <argument…>`. A SIGKILL leaves us no
moment to stop the server, and an orphan would hold the data folder for ever. On Linux the kernel
ends it for us; elsewhere a small shell waits for the end of a pipe of which we hold the other end.

A program of its own because it has to act between fork and exec, which Python does not do safely
in a process with threads. Only the standard library, so that it starts in a few milliseconds.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Arrange our end, then turn into the program."""
    parent, program, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        end_with_parent(int(parent))
    else:
        end_with_pipe(0)
    os.execv(program, [program, *arguments])  # noqa: S606 - the path is ours, and no shell is wanted


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies. Survives exec."""
    import ctypes  # noqa: PLC0415 - only here, and it is the slowest import of all

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel was asked to watch it
        sys.exit(1)


def end_with_pipe(pipe: int) -> None:
    """Have a shell kill this process when the other end of `pipe` is closed."""
    waiter = f"read -r _ <&{pipe}; kill -9 {os.getpid()}"
    if os.fork() == 0:
        os.setsid()
        os.execv("/bin/sh", ["/bin/sh", "-c", waiter])  # noqa: S606 - nothing in it comes from outside


if __name__ == "__main__":
    main()
