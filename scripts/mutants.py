"""Puts faults into the engine and into delivery and counts how many of them the tests see.

    make mutants                            # a sample, the same each time
    make mutants ARGS="--sample 0"          # all of them: hours
    make mutants ARGS="--part delivery --seed 7"

mutmut makes the faults (a comparison turned round, an argument left out, a constant changed) and
runs those tests that reach the changed function. It works in a copy, `.others/mutants/<part>`, and
from an environment of its own, so that neither the sources nor the lock files know of it.
"""

import argparse
import random
import shutil
import subprocess
import sys
import venv
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".others" / "mutants"
PYTHON = ROOT / ".venv" / "bin" / "python"
MUTMUT = "mutmut==3.8.1"
# What is changed, and the fast tests that have to see it.
PARTS = {
    "engine": [
        "tests/unit/engine",
        "tests/unit/test_watcher.py",
        "tests/contract/suspected_incidents",
        "tests/history/test_suspicion_replay.py",
        "tests/history/test_events_digest.py",
    ],
    "delivery": [
        "tests/unit/delivery",
        "tests/contract/delivery",
        "tests/contract/test_after_a_kill.py",
        "tests/contract/test_reminders.py",
        "tests/contract/test_blindness.py",
        "tests/contract/test_report_counts.py",
    ],
}
SAMPLE, SEED = 150, 17
# mutmut's words for a fault that was seen; a test that no longer ends has seen it as well.
SEEN = {"killed", "timeout", "segfault"}
CONFIGURATION = """\
[mutmut]
source_paths=bot
only_mutate=bot/{part}/*
also_copy=
{copied}
pytest_add_cli_args=
    -q
    -p
    no:cacheprovider
    --hypothesis-seed=0
pytest_add_cli_args_test_selection=
{tests}
use_git_change_detection=false
track_dependencies=false
"""


def main() -> None:
    """Count, and list what no test saw."""
    words = argparse.ArgumentParser(description="How many faults do the tests see?")
    words.add_argument("--part", choices=PARTS, action="append", help="only this one")
    words.add_argument("--sample", type=int, default=SAMPLE, help="faults of a part; 0: all")
    words.add_argument("--seed", type=int, default=SEED, help="of the sample")
    words.add_argument("--workers", type=int, default=2, help="tests that run at once")
    chosen = words.parse_args()
    tool = install()
    for part in chosen.part or PARTS:
        folder = copied(part)
        # A name that no fault has: mutmut makes them all, and learns which test reaches what.
        run(tool, folder, "run", "--max-children", str(chosen.workers), "bot.none")
        names = sorted(results(tool, folder))
        if chosen.sample:
            picked = random.Random(chosen.seed)  # noqa: S311 (a sample, no secret)
            names = picked.sample(names, min(chosen.sample, len(names)))
        run(tool, folder, "run", "--max-children", str(chosen.workers), *names)
        found = results(tool, folder)
        report(part, {name: found[name] for name in names})


def install() -> Path:
    """Return mutmut's command, from an environment that sees the packages of the project's."""
    folder = FOLDER / "environment"
    tool = folder / "bin" / "mutmut"
    if not tool.exists():
        venv.create(folder, with_pip=True)
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        ours, theirs = (
            subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
            for python in (PYTHON, folder / "bin" / "python")
        )
        Path(theirs.stdout.strip(), "project.pth").write_text(ours.stdout)
        python = str(folder / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", MUTMUT], check=True)
    return tool


def copied(part: str) -> Path:
    """Return a fresh copy of the checkout, with the configuration of the part."""
    folder = FOLDER / part
    shutil.rmtree(folder, ignore_errors=True)
    left_out = shutil.ignore_patterns(".*", "site", "dist", "__pycache__")
    shutil.copytree(ROOT, folder, ignore=left_out)
    beside = [path.name for path in folder.iterdir() if path.name not in {"bot", "tests"}]
    configuration = CONFIGURATION.format(
        part=part,
        copied="\n".join(f"    {name}" for name in sorted(beside)),
        tests="\n".join(f"    {path}" for path in PARTS[part] if (ROOT / path).exists()),
    )
    (folder / "setup.cfg").write_text(configuration)
    return folder


def run(tool: Path, folder: Path, *words: str) -> None:
    """Run mutmut in the copy; what it prints is kept beside it."""
    with (folder / "mutmut.log").open("a") as log:
        subprocess.run([tool, *words], cwd=folder, stdout=log, stderr=log, check=False)


def results(tool: Path, folder: Path) -> dict[str, str]:
    """Return what became of each fault, by its name."""
    listed = subprocess.run(
        [tool, "results", "--all", "true"], cwd=folder, check=True, capture_output=True, text=True
    )
    lines = [line.strip().partition(": ") for line in listed.stdout.splitlines()]
    found = {name: outcome for name, _, outcome in lines if outcome}
    if not found:
        sys.exit(f"mutmut made no faults: see {folder / 'mutmut.log'}")
    return found


def report(part: str, found: dict[str, str]) -> None:
    """Print the rate, and the faults that no test saw."""
    counts = Counter(found.values())
    seen = sum(number for outcome, number in counts.items() if outcome in SEEN)
    print(f"{part}: {seen} of {len(found)} seen ({seen / len(found):.1%}); {dict(counts)}")
    for name, outcome in sorted(found.items()):
        if outcome not in SEEN:
            print(f"  {outcome}: {name}   (mutmut show {name}, in {FOLDER / part})")


if __name__ == "__main__":
    main()
