"""Which tests reach which line, and how long each takes: learnt by running them once.

pytest loads this file as a plugin too, to write the times down.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from coverage import CoverageData

LAST_RING = "tests/contract/"  # its servers take time to start
_TIMES = "ISCLAUDEDOWN_TEST_TIMES"  # the file for them
_seconds: dict[str, float] = {}
_failed: set[str] = set()
_skipped: set[str] = set()


class Reach:
    """The tests that reach a line."""

    def __init__(self, data: Path, seconds: dict[str, float]) -> None:
        self._data = CoverageData(str(data))
        self._data.read()
        self._seconds = seconds

    def tests(self, path: Path, first: int, last: int) -> list[str]:
        """Return the tests (pytest's ids) that reach one of these lines, the quickest first."""
        reached = self._data.contexts_by_lineno(str(path))
        contexts = {name for line in range(first, last + 1) for name in reached.get(line, ())}
        names = {context.rpartition("|")[0] for context in contexts} & self._seconds.keys()
        return sorted(names, key=lambda one: (one.startswith(LAST_RING), self._seconds[one]))


def reach_of(tests: Sequence[str], parts: Sequence[str], folder: Path, workers: int) -> Reach:
    """Run these tests, unless they have run as they are now. Those that fail are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    data, times, settings = (folder / name for name in ("coverage", "times.json", "settings.ini"))
    now = fingerprint(tests)
    known = json.loads(times.read_text()) if times.exists() else {}
    if known.get("of") != now:
        lines = "".join(f"    bot/{part}\n" for part in parts)
        settings.write_text(f"[run]\ndata_file = {data}\nrelative_files = true\nsource =\n{lines}")
        options = f"-q -n {workers} -p reach -p no:cacheprovider --hypothesis-seed=0"
        coverage = f"--cov --cov-report= --cov-context=test --cov-config={settings}"
        path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
        subprocess.run(
            [sys.executable, "-m", "pytest", *options.split(), *coverage.split(), *tests],
            check=False,
            env={**os.environ, "PYTHONPATH": path, _TIMES: str(times)},
            stdout=subprocess.DEVNULL,
        )
        known = json.loads(times.read_text())
        for name in known["failed"]:
            print(f"fails without any fault, and is left out: {name}", file=sys.stderr)
        times.write_text(json.dumps({**known, "of": now}))
    return Reach(data, known["seconds"])


def fingerprint(tests: Sequence[str]) -> str:
    """Return a hash of the sources and of all tests."""
    digest = hashlib.sha256(repr(tests).encode())
    for top in ("bot", "adapters", "tests"):
        for path in sorted(Path(top).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.read_bytes())
    return digest.hexdigest()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what a test takes; one that fails or is skipped sees nothing."""
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration
    if report.failed:
        _failed.add(report.nodeid)
    if report.skipped:
        _skipped.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the times down, in the process that has all reports."""
    if _TIMES in os.environ and not hasattr(session.config, "workerinput"):
        ran = _seconds.keys() - _failed - _skipped
        seconds = {name: _seconds[name] for name in sorted(ran)}
        found = {"seconds": seconds, "failed": sorted(_failed)}
        Path(os.environ[_TIMES]).write_text(json.dumps(found))
