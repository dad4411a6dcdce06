"""Faults that can be put into a module, one at a time, but for those that nobody could notice.

mutmut makes them: a comparison turned round, an argument left out, a constant changed, a value
replaced by None. It leaves docstrings, type hints and module constants alone. Left out by rule are
also, wherever they stand:

- log calls, and the bodies of protocols, which are never run;
- the words of a TypeError, which says that our own code is wrong;
- `<` for `<=` beside a reading of the clock, which no two runs of a test read alike.
"""

import ast
import difflib
import gc
import random
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType

import libcst as cst
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode


@dataclass(frozen=True, slots=True)
class Fault:
    """A module with one fault. Lines are those of the module without it, from 1."""

    path: Path
    source: str
    first: int
    last: int
    function: tuple[int, int]  # the lines of the one that it is in
    diff: str  # what differs, for people

    def put_in(self) -> None:
        """Give the functions of the module, in this process, the bodies and defaults with it."""
        module = sys.modules[".".join(self.path.with_suffix("").parts)]
        changed = ModuleType(module.__name__)
        found = _functions(module)
        exec(compile(self.source, str(module.__file__), "exec"), changed.__dict__)  # noqa: S102
        for old, new in zip(found, _functions(changed), strict=True):
            if old.__qualname__ != new.__qualname__:
                raise ValueError(f"{old.__qualname__} is not {new.__qualname__}")
            old.__code__ = new.__code__
            if repr(old.__defaults__) != repr(new.__defaults__):
                old.__defaults__ = new.__defaults__
            if repr(old.__kwdefaults__) != repr(new.__kwdefaults__):
                old.__kwdefaults__ = new.__kwdefaults__


def _functions(module: ModuleType) -> list[FunctionType]:
    """Return all functions in the text of a module, in the order of their names."""
    found = [
        one
        for one in gc.get_objects()
        if isinstance(one, FunctionType)
        if one.__globals__ is module.__dict__ and one.__code__.co_filename != "<string>"
    ]
    return sorted(found, key=lambda one: (one.__qualname__, one.__code__.co_firstlineno))


class _Everywhere(MutationVisitor):  # type: ignore[misc]  # mutmut is not in the environment
    """mutmut's choice of places, and the bodies of properties and of what else is decorated."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef) and node.decorators:
            return False
        return bool(super()._skip_node_and_children(node))


def sampled(paths: Collection[Path], count: int, seed: int) -> Iterator[Fault]:
    """Yield so many faults of these modules, drawn at random (`count` 0: all of them)."""
    places = [(path, number) for path in paths for number in range(len(_changes(path)[1]))]
    random.Random(seed).shuffle(places)  # noqa: S311 (a sample, no secret)
    made = set[str]()
    for path, number in places:
        fault = _fault(path, number)
        if fault is not None and fault.source not in made:
            made.add(fault.source)
            yield fault
        if count and len(made) == count:
            return


@cache
def _changes(path: Path) -> tuple[cst.Module, list[tuple[cst.CSTNode, cst.CSTNode]]]:
    """Return a module, and each node that can be replaced with what by."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text()))
    nowhere = IgnoredCode(set(), set(), set())
    visitor = _Everywhere(mutation_operators, nowhere)
    wrapper.visit(visitor)
    within = [one for one in visitor.mutations if one.contained_by_top_level_function is not None]
    functions = {id(one) for one in _nodes(wrapper.module) if isinstance(one, cst.FunctionDef)}
    return wrapper.module, [
        (one.original_node, one.mutated_node)
        for one in within
        if id(one.contained_by_top_level_function) in functions
    ]


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _fault(path: Path, number: int) -> Fault | None:
    """Return a fault; None: nobody could notice it."""
    module, changes = _changes(path)
    changed = deep_replace(module, *changes[number]).code
    before, after = module.code.splitlines(), changed.splitlines()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    hunks = [hunk for hunk in matcher.get_opcodes() if hunk[0] != "equal"]
    if not hunks:
        return None
    (_, start, _, start_after, _), (_, _, end, _, end_after) = hunks[0], hunks[-1]
    first, last = start + 1, max(end, start + 1)
    old, new = before[start:last], after[start_after:end_after]
    if _unnoticed(path) >= set(range(first, last + 1)) or _only_turns_a_bound(old, new):
        return None
    said = [*(f"  - {line.strip()}" for line in old), *(f"  + {line.strip()}" for line in new)]
    diff = "\n".join([f"{path}:{first}", *said])
    return Fault(path, changed, first, last, _function_at(path, first), diff)


def _function_at(path: Path, line: int) -> tuple[int, int]:
    functions = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return max((one for one in functions if one[0] <= line <= one[1]), default=(line, line))


def _only_turns_a_bound(old: Sequence[str], new: Sequence[str]) -> bool:
    bounds = [" ".join(lines).replace("<=", "<").replace(">=", ">") for lines in (old, new)]
    return "monotonic()" in bounds[0] and bounds[0] == bounds[1]


@cache
def _unnoticed(path: Path) -> frozenset[int]:
    """Return the numbers of the lines of log calls, of protocols, and of what TypeErrors say."""
    found = set[int]()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case (
                ast.Call(func=ast.Attribute(value=ast.Name(id="log")))
                | ast.Raise(exc=ast.Call(func=ast.Name(id="TypeError")))
                | ast.ClassDef(bases=[ast.Name(id="Protocol")])
            ):
                found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            case _:
                pass
    return frozenset(found)
