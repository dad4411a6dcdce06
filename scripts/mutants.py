"""Puts faults into the engine and into delivery and counts how many of them the tests see.

    make mutants                            # a sample of each part, the same each time
    make mutants ARGS="--seed 4"            # another one
    make mutants ARGS="--part delivery.plan --sample 0"     # all faults of one module

All the fast tests (`RINGS`) run once, to learn which of them reach which line; that is kept until a
source or a test changes (reach.py). Each fault (faults.py) is then shown to the tests that reach
its line, the quick ones first, until one fails. What no test sees is shown to mypy, as `make test`
does. A fault stands in the memory of the process that runs its tests, and never in the checkout.
"""

import argparse
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faults import Fault
    from reach import Reach

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".others" / "mutants"
PYTHON = ROOT / ".venv" / "bin" / "python"
MUTMUT = "mutmut==3.8.1"
PARTS = ["engine", "delivery"]  # of bot/
RINGS = ["tests/unit", "tests/cases", "tests/history", "tests/contract"]
SAMPLE, SEED = 150, 17
# A test that waits for what never comes has seen the fault. What is not seen by all tests that run
# within so long counts as unseen.
TEST_SECONDS, FAULT_SECONDS = 20, 300
UNSEEN, NOT_REACHED, FAILED = "seen by no test", "reached by no test", "could not be tried"
MISSED, BY_MYPY = (UNSEEN, NOT_REACHED, FAILED), "refused by mypy"
SURVIVED, NO_TESTS, NOT_TRIED = 0, 5, 99  # pytest's exit codes, and ours


def main() -> None:
    """Count, and list what no test saw."""
    words = argparse.ArgumentParser(description="How many faults do the tests see?")
    words.add_argument("--part", action="append", help="engine, delivery, or a module of these")
    words.add_argument("--sample", type=int, default=SAMPLE, help="faults of a part; 0: all")
    words.add_argument("--seed", type=int, default=SEED, help="of the sample")
    words.add_argument("--workers", type=int, default=2, help="faults that are tried at once")
    words.add_argument("--tests", nargs="+", default=RINGS, help="instead of all the fast ones")
    chosen = words.parse_args()
    if find_spec("mutmut") is None:
        python = install()
        os.execv(python, [str(python), *sys.argv])  # noqa: S606 (this program, with mutmut)
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    from faults import sampled  # noqa: PLC0415 (they need what was just installed)
    from reach import reach_of  # noqa: PLC0415

    reach = reach_of(chosen.tests, PARTS, FOLDER, chosen.workers)
    load_everything()
    for part in chosen.part or PARTS:
        place = Path("bot", *part.split("."))
        paths = sorted(place.glob("*.py")) or [place.with_suffix(".py")]
        counts = Counter[str]()
        faults = sampled(paths, chosen.sample, chosen.seed)
        for fault, outcome in tried(faults, reach, chosen.workers):
            said = BY_MYPY if outcome in MISSED and is_refused(fault) else outcome
            counts[said] += 1
            if said in MISSED:
                print(f"{said}: {fault.diff}", flush=True)
        total = counts.total()
        seen = total - sum(counts[missed] for missed in MISSED)
        named = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        print(f"{part}, seed {chosen.seed}: {seen} of {total} ({seen / total:.1%}): {named}")


def install() -> Path:
    """Return the Python of an environment with mutmut that sees the packages of the project's."""
    folder = FOLDER / "environment"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        ours, theirs = (
            subprocess.run([one, "-c", ask], check=True, capture_output=True, text=True).stdout
            for one in (PYTHON, python)
        )
        Path(theirs.strip(), "project.pth").write_text(ours)
        subprocess.run([python, "-m", "pip", "install", "--quiet", MUTMUT], check=True)
    return python


def load_everything() -> None:
    """Import the program, and what it stands on: each fault is tried in a copy of this process."""
    import pytest  # noqa: PLC0415

    with Path(os.devnull).open("w") as nowhere:
        kept, sys.stdout = sys.stdout, nowhere
        pytest.main(["--markers", "-p", "no:cacheprovider"])  # it imports its plugins its own way
        sys.stdout = kept
    for path in sorted([*Path("bot").rglob("*.py"), *Path("adapters").rglob("*.py")]):
        name = ".".join(path.with_suffix("").parts)
        with suppress(ImportError):  # of what is optional
            if not name.endswith("__main__"):
                importlib.import_module(name.removesuffix(".__init__"))


def tried(faults: Iterator["Fault"], reach: "Reach", workers: int) -> Iterator[tuple["Fault", str]]:
    """Yield what became of each fault, as soon as that is known."""
    fork = get_context("fork")
    running: dict[int, tuple[ForkProcess, Fault, float]] = {}
    more = True
    while more or running:
        while more and len(running) < workers:
            if (fault := next(faults, None)) is None:
                more = False
                break
            tests = reach.tests(fault.path, fault.first, fault.last)
            # The head of a function runs when it is made: whoever calls it may see what is there.
            tests = tests or reach.tests(fault.path, *fault.function)
            if not tests:
                yield fault, NOT_REACHED
                continue
            process = fork.Process(target=run_tests, args=(fault, tests))
            process.start()
            running[process.sentinel] = process, fault, time.monotonic() + FAULT_SECONDS
        soonest = min((end for _, _, end in running.values()), default=0.0)
        wait(list(running), timeout=max(0.0, soonest - time.monotonic()))
        for sentinel, (process, fault, end) in list(running.items()):
            if process.is_alive() and time.monotonic() < end:
                continue
            del running[sentinel]
            yield fault, outcome_of(process)


def outcome_of(process: ForkProcess) -> str:
    """End a process, if it has not, with the servers that it started. Returns what it found."""
    process.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # type: ignore[arg-type]  # it was started
    process.join()
    if process.exitcode == NOT_TRIED:
        return FAILED
    unseen = process.exitcode in {SURVIVED, NO_TESTS, -signal.SIGKILL}
    return UNSEEN if unseen else "seen by a test"


def run_tests(fault: "Fault", tests: Sequence[str]) -> None:
    """Run these tests with a fault in place, until one fails. Ends this process."""
    import pytest  # noqa: PLC0415

    class InOrder:
        """Runs no other tests than these, in this order."""

        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            order = {name: number for number, name in enumerate(tests)}
            items[:] = sorted(
                (item for item in items if item.nodeid in order), key=lambda one: order[one.nodeid]
            )

    os.setpgid(0, 0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    try:
        fault.put_in()
    except Exception:  # whatever it is, nothing was tried
        os._exit(NOT_TRIED)
    files = dict.fromkeys(name.partition("::")[0] for name in tests)
    options = f"-x -q -p no:cacheprovider --hypothesis-seed=0 --timeout={TEST_SECONDS}"
    os._exit(pytest.main([*options.split(), *files], plugins=[InOrder()]))


def is_refused(fault: "Fault") -> bool:
    """Return whether mypy refuses the module with this fault."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as changed:
        changed.write(fault.source)
        changed.flush()
        shadow = ["--shadow-file", str(fault.path), changed.name, str(fault.path)]
        checked = subprocess.run([PYTHON, "-m", "mypy", *shadow], check=False, capture_output=True)
    return checked.returncode == 1


if __name__ == "__main__":
    main()
