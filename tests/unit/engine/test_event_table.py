"""docs/events.md shows the table by which the engine works."""

from pathlib import Path

import pytest

from bot.domain.incident import Ending
from bot.engine.events import TURNS
from bot.engine.stages import Before, Now

DOCUMENT = Path(__file__).parents[3] / "docs" / "events.md"


def table() -> str:
    """Return the table of events in Markdown."""
    rows = [
        (before.value, now.value, ending.value, kind.value.replace("_", " "), text.value)
        for (before, now, ending), (kind, text) in TURNS.items()
    ]
    heads = [("before", "now", "ending", "event", "with which new text"), ("---",) * 5]
    return "".join(f"| {' | '.join(row)} |\n" for row in [*heads, *rows])


def test_the_documentation_shows_the_table_of_the_engine() -> None:
    assert table() in DOCUMENT.read_text(), f"put this into {DOCUMENT.name}:\n{table()}"


@pytest.mark.parametrize("ending", [ending for ending in Ending if ending.is_over])
def test_every_way_to_end_ends_something_that_was_open(ending: Ending) -> None:
    assert any(key[0] in {Before.OPEN, Before.PLANNED} and key[2] is ending for key in TURNS)


@pytest.mark.parametrize("now", Now)
@pytest.mark.parametrize("before", [Before.NEW, Before.OVER])
def test_whatever_is_new_or_runs_again_is_told(before: Before, now: Now) -> None:
    assert (before, now, Ending.NONE) in TURNS
