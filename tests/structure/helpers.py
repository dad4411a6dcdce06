"""Private functions with a single caller, by folder: `python -m tests.structure.helpers [folder]`.

Counted are functions of a module or a class whose names begin with one underscore and stand exactly
once outside their own definition: in their module, or imported into another one. They are set
against lines of code: neither empty, nor a comment, nor part of a docstring.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("bot", "adapters")
Function = ast.FunctionDef | ast.AsyncFunctionDef
Owner = ast.Module | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Survey:
    """What was counted: single-caller helpers as (path, line, name), lines of code by path."""

    helpers: tuple[tuple[str, int, str], ...]
    lines: Mapping[str, int]

    def within(self, folder: str) -> Survey:
        """Return the part of it that lies in a folder and below."""
        inside = f"{folder.rstrip('/')}/"
        return Survey(
            tuple(helper for helper in self.helpers if helper[0].startswith(inside)),
            {path: count for path, count in self.lines.items() if path.startswith(inside)},
        )

    def per_1000_lines(self) -> float:
        return 1000 * len(self.helpers) / max(1, sum(self.lines.values()))


def survey(sources: Mapping[str, str]) -> Survey:
    """Count in these modules (path → text)."""
    trees = {path: ast.parse(text) for path, text in sources.items()}
    imported = Counter(
        alias.name
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )
    return Survey(
        tuple(
            (path, function.lineno, function.name)
            for path, tree in trees.items()
            for owner, function in _private_functions(tree)
            if _uses(tree, owner, function) + imported[function.name] == 1
        ),
        {path: _lines_of_code(text, trees[path]) for path, text in sources.items()},
    )


def product() -> dict[str, str]:
    """Return the modules of the product, by their paths from the top of the project."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text()
        for folder in PRODUCT
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


def _private_functions(tree: ast.Module) -> Iterator[tuple[Owner, Function]]:
    owners = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef)]
    for owner in owners:
        for node in owner.body:
            if isinstance(node, Function) and node.name[0] == "_" and node.name[:2] != "__":
                yield owner, node


def _uses(tree: ast.Module, owner: Owner, function: Function) -> int:
    """How often a function is named outside itself. A method whose name another class of the module
    has too is looked for in its own class alone.
    """
    namesakes = [f for _, f in _private_functions(tree) if f.name == function.name]
    place = tree if len(namesakes) == 1 else owner
    return _named(place, function.name) - _named(function, function.name)


def _named(tree: ast.AST, name: str) -> int:
    return sum(
        (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.Attribute) and node.attr == name)
        for node in ast.walk(tree)
    )


def _lines_of_code(text: str, tree: ast.Module) -> int:
    said: set[int] = set()  # lines of docstrings
    for node in ast.walk(tree):
        if isinstance(node, Owner | Function) and ast.get_docstring(node) is not None:
            said.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in said
        for number, line in enumerate(text.splitlines(), start=1)
    )


def main() -> None:
    """Print the helpers of a folder, or how many each folder has."""
    found = survey(product())
    if len(sys.argv) > 1:
        part = found.within(sys.argv[1])
        for path, line, name in part.helpers:
            print(f"{path}:{line} {name}")
        print(f"{len(part.helpers)}, {part.per_1000_lines():.1f} per 1,000 lines of code")
        return
    for folder in sorted({str(Path(path).parent) for path in found.lines}):
        part = found.within(folder)
        print(f"{part.per_1000_lines():6.1f} {len(part.helpers):4d}  {folder}")
    print(f"{found.per_1000_lines():6.1f} {len(found.helpers):4d}  together")


if __name__ == "__main__":
    main()
