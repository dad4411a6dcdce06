"""Makes `.venv` ready: `python3 scripts/prepare.py run|dev|docs`.

Installs exactly what the lock file names, checked by its hashes, and this project itself. Does
nothing when that was done before from the same files (a few milliseconds), and starts afresh when
an earlier attempt was interrupted half-way, because pip takes a half-unpacked package for a whole
one. Only the standard library: it runs before anything is installed.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older Python is told so
    sys.exit(
        "isclaudedown needs Python 3.11 or newer; {} is {}.{}.\n"
        "Name another one: make run PYTHON=python3.12".format(sys.executable, *sys.version_info[:2])
    )

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"
LOCKS = {
    "run": ("requirements.lock", "requirements-build.lock"),
    "dev": ("requirements-dev.lock",),
    "docs": ("requirements-dev.lock", "requirements-docs.lock"),
}
# What each kind of environment is good for besides itself.
HOLDS = {"run": (), "dev": ("run",), "docs": ("run", "dev")}


def main(wanted: str) -> None:
    """Prepare `.venv` for `wanted` ("run", "dev" or "docs")."""
    if _ready(wanted):
        return
    _wait_for_others()
    if _ready(wanted):
        return
    began = time.monotonic()
    _create_environment()
    UNFINISHED.touch()
    _install(LOCKS[wanted])
    _pip("isclaudedown itself", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    (VENV / f".ready-{wanted}").write_text(_fingerprint(wanted))
    UNFINISHED.unlink()
    _say(f"ready after {time.monotonic() - began:.0f} s; the next start skips all this")


def _ready(wanted: str) -> bool:
    kinds = [kind for kind, others in HOLDS.items() if wanted in {kind, *others}]
    return _works() and any(_stamp(kind) == _fingerprint(kind) for kind in kinds)


def _wait_for_others() -> None:
    """Let one process at a time prepare; the lock goes when this process does."""
    project = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(project, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("another process is setting up; waiting for it")
        fcntl.flock(project, fcntl.LOCK_EX)


def _fingerprint(kind: str) -> str:
    """Say what an environment of this kind is made of: interpreter, place and files."""
    made_of = [sys.version.encode(), str(ROOT).encode()]
    made_of += [(ROOT / name).read_bytes() for name in (*LOCKS[kind], "pyproject.toml")]
    return hashlib.sha256(b"\0".join(made_of)).hexdigest()


def _stamp(kind: str) -> str:
    try:
        return (VENV / f".ready-{kind}").read_text()
    except OSError:
        return ""


def _works() -> bool:
    """Return whether the environment is whole (its Python may have been uninstalled since)."""
    return PYTHON.exists() and not UNFINISHED.exists()


def _create_environment() -> None:
    if VENV.exists() and (not _works() or _python_of_venv() != sys.version):
        _say("the environment in .venv is incomplete or of another Python: starting afresh")
        shutil.rmtree(VENV)
    if VENV.exists():
        return
    _say("creating a Python environment in .venv")
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)  # noqa: PLW1510 - looked at below
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            f"{made.stdout}{made.stderr}\nCould not create .venv with {sys.executable}. "
            "On Debian and Ubuntu: apt install python3-venv"
        )


def _python_of_venv() -> str:
    asked = [str(PYTHON), "-c", "import sys, pip; print(sys.version, end='')"]
    return subprocess.run(asked, capture_output=True, text=True).stdout  # noqa: PLW1510 - empty is an answer


def _install(locks: tuple[str, ...]) -> None:
    count = sum("==" in line for lock in locks for line in (ROOT / lock).read_text().splitlines())
    named = " and ".join(locks)
    _say(f"installing {count} packages from {named}, each checked by its hash (10 to 60 s)")
    wanted = [part for lock in locks for part in ("--requirement", str(ROOT / lock))]
    _pip(f"of {count} packages", "--require-hashes", *wanted)


def _pip(what: str, *arguments: str) -> None:
    """Run `pip install`, showing how far it is; its own words only if it fails."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off", *arguments]
    said: deque[str] = deque(maxlen=25)
    progress = Progress(what)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        assert pip.stdout is not None  # noqa: S101 - told to mypy; it is a pipe
        for line in pip.stdout:
            said.append(line)
            progress.see(line)
    progress.end()
    if pip.returncode:
        print("".join(said), file=sys.stderr)
        sys.exit(
            "pip could not install what isclaudedown needs (its last words are above). "
            "Is there a way to the package index? The same command tries again."
        )


class Progress:
    """One line that counts on a terminal; now and then a line where there is none."""

    def __init__(self, what: str) -> None:
        """Count `what` from here on."""
        self.what = what
        self.collected = 0
        self.told = time.monotonic()

    def see(self, line: str) -> None:
        """Take one line that pip said."""
        if line.startswith("Collecting "):
            self.collected += 1
            self._show(f"downloading {self.collected} {self.what}")
        elif line.startswith("Installing collected packages"):
            self._show(f"unpacking {self.what.removeprefix('of ')}", at_once=True)

    def _show(self, text: str, *, at_once: bool = False) -> None:
        if sys.stdout.isatty():
            print(f"\r\033[K  {text} …", end="", flush=True)
        elif at_once or time.monotonic() - self.told > 2:
            self.told = time.monotonic()
            print(f"  {text} …", flush=True)

    def end(self) -> None:
        """Leave the line as it was found."""
        if sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)


def _say(text: str) -> None:
    print(f"isclaudedown: {text}", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; the same command starts again.")
