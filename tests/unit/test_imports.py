"""Imports point inwards: adapters know the core, the core knows nobody."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NETWORK = {
    "httpx",
    "redis",
    "slack_bolt",
    "slack_sdk",
    "discord",
    "aiohttp",
    "starlette",
    "uvicorn",
}
WIRED_HERE = {"bot/app.py", "bot/cli.py", "bot/__main__.py"}
# Rooms of `adapters` that other rooms may use: what the replicas of a platform share (who installed
# the app, which request was seen) lies in Redis, what chats have in common in `chat`, how a body
# is read within limits in `http`, and what can be reached from here in `network`.
COMMON = {"chat", "client_rate", "html", "http", "network", "pictures", "redis"}
# They look into all the others: the operator's commands, and the table of platforms. None of the
# others looks into them.
ABOVE_ALL = {"cli", "platforms"}

# The floors of `bot/`, lowest first. A package or loose module imports from its own floor and from
# those below.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("domain",),
    (
        "catalog",
        "messenger",
        "ports",
        "settings",
        "setting_sections",
        "setting_values",
        "environment",
        "diagnostics",
    ),
    ("evidence",),
    ("engine",),
    ("history",),
    ("status",),
    ("messages",),
    ("delivery", "loops"),
    ("commands", "replay"),
    ("app", "cli", "__main__", "logs", "runtime"),
)
# What still reaches upstairs: module → what it imports from there. Goes when the arrow is turned.
UPSTAIRS: set[tuple[str, str]] = set()


def modules(folder: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted names that a module imports, wherever in it, also for types alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide what they reach"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_the_core_knows_no_adapter_and_no_network_library() -> None:
    found = {
        f"{path}: {name}"
        for path, tree in modules("bot")
        if path not in WIRED_HERE
        for name in imported(tree)
        if name.split(".")[0] in NETWORK | {"adapters"}
    }
    assert found == set()


def test_an_adapter_does_not_reach_into_another_ones_room() -> None:
    found = set()
    for path, tree in modules("adapters"):
        room = path.split("/")[1].removesuffix(".py")
        if room in ABOVE_ALL:
            continue
        for name in imported(tree):
            top, *rest = name.split(".")
            if top == "adapters" and rest and rest[0] not in {room, *COMMON}:
                found.add(f"{path}: {name}")
    assert found == set()


def test_adapters_know_nothing_of_the_composition_root() -> None:
    roots = {path.removesuffix(".py").replace("/", ".") for path in WIRED_HERE}
    found = {
        f"{path}: {name}"
        for path, tree in modules("adapters")
        for name in imported(tree)
        if name in roots
    }
    assert found == set()


def test_nothing_of_the_tests_is_needed_to_run() -> None:
    found = {
        f"{path}: {name}"
        for folder in ("bot", "adapters")
        for path, tree in modules(folder)
        for name in imported(tree)
        if name.split(".")[0] in {"tests", "bench", "pytest", "hypothesis"}
    }
    assert found == set()


def test_each_floor_of_the_core_knows_only_those_below() -> None:
    floor_of = {name: floor for floor, names in enumerate(FLOORS) for name in names}
    found = set()
    for path, tree in modules("bot"):
        here = path.removesuffix(".py").split("/")[1]
        if here == "__init__":
            continue
        assert here in floor_of, f"{path} stands on no floor: name its package in FLOORS"
        found |= {
            (path, name)
            for name in imported(tree)
            if (room := name.split(".")[1:2]) and name.startswith("bot.")
            if floor_of.get(room[0], 0) > floor_of[here] and _is_module(name)
        }
    assert found == UPSTAIRS


def _is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").exists() or path.is_dir()
