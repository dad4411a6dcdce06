"""Puts faults into the engine and into delivery and counts how many of them the tests see.

    make mutants                            # a sample of each part, the same each time
    make mutants ARGS="--sample 0"          # all of them: a day
    make mutants ARGS="--part delivery.plan --sample 0"

mutmut makes the faults (a comparison turned round, an argument left out, a constant changed). It
runs all the fast tests once (`RINGS`), notes which of them reach which function, and then runs for
each fault those that reach the changed one. A fault that no test sees is shown to mypy, as `make
test` does. It works in a copy, `.others/mutants/copy`, and from an environment of its own, so that
neither the sources nor the lock files know of it.

No faults are made in what nobody can notice: log lines, and the bodies of protocols, which do
nothing. Docstrings and type hints are left alone by mutmut itself.
"""

import argparse
import ast
import random
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".others" / "mutants"
COPY = FOLDER / "copy"
PYTHON = ROOT / ".venv" / "bin" / "python"
MUTMUT = "mutmut==3.8.1"
PARTS = ["engine", "delivery"]  # of bot/
RINGS = ["tests/unit", "tests/contract", "tests/cases", "tests/history"]
SAMPLE, SEED = 150, 17
# mutmut's words for a fault that was seen; a test that no longer ends has seen it as well.
SEEN = {"killed", "timeout", "segfault"}
BY_MYPY = "refused by mypy"
CONFIGURATION = """\
[mutmut]
source_paths=bot
only_mutate=
{parts}
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
    words.add_argument("--part", action="append", help="engine, delivery, or a module of these")
    words.add_argument("--sample", type=int, default=SAMPLE, help="faults of a part; 0: all")
    words.add_argument("--seed", type=int, default=SEED, help="of the sample")
    words.add_argument("--workers", type=int, default=2, help="tests that run at once")
    chosen = words.parse_args()
    tool = install()
    copy_checkout()
    # A name that no fault has: mutmut makes them all, and learns which test reaches what.
    run(tool, "run", "bot.none")
    for part in chosen.part or PARTS:
        names = sorted(name for name in results(tool) if name.startswith(f"bot.{part}."))
        if not names:
            sys.exit(f"no faults were made in bot.{part}: see {COPY / 'mutmut.log'}")
        if chosen.sample:
            picked = random.Random(chosen.seed)  # noqa: S311 (a sample, no secret)
            names = picked.sample(names, min(chosen.sample, len(names)))
        run(tool, "run", "--max-children", str(chosen.workers), *names)
        found = {name: outcome for name, outcome in results(tool).items() if name in set(names)}
        unseen = [name for name, outcome in found.items() if outcome not in SEEN]
        report(part, found | {name: BY_MYPY for name in unseen if is_refused(tool, name)})


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


def copy_checkout() -> None:
    """Copy the checkout anew, mark what is left out, and write mutmut's configuration."""
    shutil.rmtree(COPY, ignore_errors=True)
    left_out = shutil.ignore_patterns(
        ".git", ".venv", ".others", ".*_cache", "__pycache__", "site", "dist"
    )
    shutil.copytree(ROOT, COPY, ignore=left_out)
    for part in PARTS:
        for path in (COPY / "bot" / part).glob("*.py"):
            lines = path.read_text().splitlines()
            for number in unnoticed(ast.parse(path.read_text())):
                lines[number - 1] += "  # pragma: no mutate"
            path.write_text("\n".join(lines) + "\n")
    beside = [path.name for path in COPY.iterdir() if path.name not in {"bot", "tests"}]
    configuration = CONFIGURATION.format(
        parts="\n".join(f"    bot/{part}/*" for part in PARTS),
        copied="\n".join(f"    {name}" for name in sorted(beside)),
        tests="\n".join(f"    {path}" for path in RINGS),
    )
    (COPY / "setup.cfg").write_text(configuration)


def unnoticed(module: ast.Module) -> Iterator[int]:
    """Yield the numbers of the lines of log calls and of protocols, each once."""
    found = set[int]()
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
                found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            case ast.ClassDef(bases=[ast.Name(id="Protocol")]):
                heads = [
                    one
                    for one in node.body
                    if isinstance(one, ast.AsyncFunctionDef | ast.FunctionDef)
                ]
                for one in heads:
                    found.update(range(one.lineno, one.body[0].lineno))
            case _:
                pass
    yield from found


def run(tool: Path, *words: str) -> None:
    """Run mutmut in the copy; what it prints is kept beside it."""
    with (COPY / "mutmut.log").open("a") as log:
        subprocess.run([tool, *words], cwd=COPY, stdout=log, stderr=log, check=False)


def results(tool: Path) -> dict[str, str]:
    """Return what became of each fault, by its name."""
    listed = subprocess.run(
        [tool, "results", "--all", "true"], cwd=COPY, check=True, capture_output=True, text=True
    )
    lines = [line.strip().partition(": ") for line in listed.stdout.splitlines()]
    return {name: outcome for name, _, outcome in lines if outcome}


def is_refused(tool: Path, name: str) -> bool:
    """Put the fault into the copy's own sources, and return whether mypy refuses it."""
    path = COPY.joinpath(*name.rpartition(".")[0].split(".")).with_suffix(".py")
    before = path.read_text()
    subprocess.run([tool, "apply", name], cwd=COPY, check=True, capture_output=True)
    try:
        checked = subprocess.run(
            [PYTHON, "-m", "mypy", path.relative_to(COPY)],
            cwd=COPY,
            check=False,
            capture_output=True,
        )
    finally:
        path.write_text(before)
    return checked.returncode == 1


def report(part: str, found: Mapping[str, str]) -> None:
    """Print the rate, and the faults that nobody saw."""
    by_tests = sum(outcome in SEEN for outcome in found.values())
    by_mypy = sum(outcome == BY_MYPY for outcome in found.values())
    seen = by_tests + by_mypy
    print(f"{part}: {seen} of {len(found)} seen ({seen / len(found):.1%}), {by_mypy} by mypy alone")
    for name, outcome in sorted(found.items()):
        if outcome not in {*SEEN, BY_MYPY}:
            print(f"  {outcome}: {name}   (mutmut show {name}, in {COPY})")


if __name__ == "__main__":
    main()
