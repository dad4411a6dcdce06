"""The reference of the documentation, made from the code: commands, settings, metrics and events.

    python scripts/reference.py

The site takes it in when it is built (`make docs`), so it cannot differ from the code. What each
setting is for stands in the table of docs/settings.md; all else is read from the product itself.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from adapters.platforms import PLATFORMS  # noqa: E402
from adapters.web.metrics import Measured, Metrics  # noqa: E402 - found by the line above
from bot.catalog.catalog_file import load_catalog  # noqa: E402
from bot.cli import cli  # noqa: E402
from bot.commands.table import COMMANDS  # noqa: E402
from bot.setting_sections import PlatformSettings, names_of  # noqa: E402
from bot.settings import Settings  # noqa: E402
from bot.status.view import StatusView  # noqa: E402

LEVELS = ("debug", "info", "warning", "error", "exception")


def reference() -> str:
    """Return the whole page."""
    parts = [
        "# Reference",
        "Made from the code by `scripts/reference.py` when this site was built.",
        "## Commands of the program",
        *table(("command", "what it does", "options"), program_commands()),
        "## Commands in a chat",
        "After `/isclaudedown` in Slack and at the prompt; for Discord see [Using it](using.md).",
        *table(("type", "what it does", "also", "changes the channel"), chat_commands()),
        "## Settings",
        "The environment wins over `.env`, and that over the TOML file.",
        *table(("variable", "in the TOML file", "default", "what it does"), settings()),
        "## Metrics",
        "At `/metrics`, for Prometheus. Those of the process itself (`process_…`) come with them.",
        *table(("metric", "kind", "what it says"), metrics()),
        "## Events of the log",
        "One line each, with these fields; JSON where standard error is no terminal.",
        *table(("event", "level", "fields", "from"), events()),
    ]
    return "\n\n".join(parts).replace("|\n\n|", "|\n|") + "\n"


def table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def code(*words: str) -> str:
    return ", ".join(f"`{word}`" for word in words if word)


def program_commands() -> Iterator[tuple[str, ...]]:
    group = typer.main.get_command(cli)
    assert isinstance(group, TyperGroup)  # noqa: S101 - told to mypy
    for path, command in leaves(group, ()):
        options = [
            max(param.opts, key=len)
            for param in command.params
            if isinstance(param, TyperOption) and not param.hidden
        ]
        arguments = [
            param.name or "" for param in command.params if isinstance(param, TyperArgument)
        ]
        words = " ".join([*path, *(f"[{name}…]" for name in arguments)])
        help_text = (command.help or "").split("\n\n")[0].replace("\n", " ")
        yield code(f"isclaudedown {words}"), help_text, code(*options)


def leaves(
    group: TyperGroup, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    """Yield each command below a group with the words that lead to it."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from leaves(command, (*path, name))
        elif isinstance(command, TyperCommand):
            yield (*path, name), command


def chat_commands() -> Iterator[tuple[str, ...]]:
    for row in COMMANDS:
        words = row.example if row.example.startswith("(") else code(row.example)
        yield words, row.help, code(*row.aliases), "yes" if row.changes else ""


def settings() -> Iterator[tuple[str, ...]]:
    told = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows: dict[str, tuple[str, str]] = {}
    for line in told.splitlines():
        if line.startswith("| `"):
            named, default, text = (cell.strip() for cell in line.strip("|").split("|"))
            text = text.replace("](docs/", "](")
            rows |= dict.fromkeys(re.findall(r"`([A-Z_]+)`", named), (default, text))
    sections: list[type[Settings | PlatformSettings]] = [Settings]
    sections += [row.settings for row in PLATFORMS if row.settings is not None]
    places = {name: place for section in sections for name, place in names_of(section).items()}
    for name, place in sorted(places.items()):
        yield code(name), code(place), *rows.get(name, ("", ""))


def metrics() -> Iterator[tuple[str, ...]]:
    view = StatusView(datetime(2026, 1, 1, tzinfo=UTC), load_catalog(), ())
    body, _ = Metrics().render(Measured(view=view))
    for name, text in re.findall(r"(?m)^# HELP (isclaudedown_\S+) (.*)$", body.decode()):
        kind = re.search(rf"(?m)^# TYPE {name} (\S+)$", body.decode())
        yield code(name), kind[1] if kind else "", text


def events() -> Iterator[tuple[str, ...]]:
    found: dict[str, tuple[set[str], set[str], set[str]]] = {}
    for path in sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            if call.func.attr not in LEVELS or not call.args:
                continue
            first = call.args[0]
            named = str(first.value) if isinstance(first, ast.Constant) else ""
            if not re.fullmatch(r"[a-z_]+\.[a-z_]+", named):
                continue
            levels, fields, modules = found.setdefault(named, (set(), set(), set()))
            levels.add(call.func.attr)
            fields |= {one.arg for one in call.keywords if one.arg}
            modules.add(path.relative_to(ROOT).parent.as_posix())
    for event, (levels, fields, modules) in sorted(found.items()):
        yield code(event), ", ".join(sorted(levels)), code(*sorted(fields)), code(*sorted(modules))


if __name__ == "__main__":
    sys.stdout.write(reference())
