"""The reference of the documentation holds all that the product has, read from the product."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from bot.commands.table import COMMANDS
from tests.unit.test_readme import settings

ROOT = Path(__file__).resolve().parents[2]


def parts() -> dict[str, str]:
    page = runpy.run_path(str(ROOT / "scripts" / "reference.py"))["reference"]()
    return {part.split("\n", 1)[0]: part for part in page.split("\n## ")[1:]}


def test_the_reference_holds_every_command_setting_metric_and_event() -> None:
    found = parts()

    assert "`isclaudedown doctor`" in found["Commands of the program"]
    assert "`isclaudedown slack manifest`" in found["Commands of the program"]
    for command in COMMANDS:
        assert command.help in found["Commands in a chat"], command.verb
    named = set(re.findall(r"(?m)^\| `([A-Z_]+)`", found["Settings"]))
    assert named == settings() - {"ISCLAUDEDOWN_CONFIG"}
    assert "`isclaudedown_deliveries_total` | counter" in found["Metrics"]
    assert "`isclaudedown_incidents_open` | gauge" in found["Metrics"]
    assert re.search(r"`delivery\.failed` \| info \| `channel`", found["Events of the log"])


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for part in parts().values():
        rows = [line for line in part.splitlines() if line.startswith("|")]
        cells = {len(re.split(r"(?<!\\)\|", row)) for row in rows}
        assert len(cells) == 1, rows[0]
