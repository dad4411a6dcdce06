"""PRIVACY.md is true: it promises the same times as the code keeps."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.redis import keys, retention
from bot.delivery import reminders
from bot.evidence import reports

PAGE = Path(__file__).resolve().parents[2] / "PRIVACY.md"
KEPT = {
    "who pressed": ("30 minutes", reports.WINDOW),
    "how many people": ("30 minutes", reports.WINDOW),
    "who asked": ("7 days at most", reminders.EXPIRES_AFTER),
    "who took": ("30 days at most", timedelta(days=keys.THREAD_DAYS)),
    "which messages": ("30 days after", timedelta(days=keys.THREAD_DAYS)),
    "that an event": ("10 minutes", timedelta(seconds=keys.HANDLED_SECONDS)),
}


def test_a_workspace_that_left_is_kept_as_long_as_promised() -> None:
    assert "waits for 30 days" in PAGE.read_text()
    assert timedelta(days=30) == retention.KEPT_FOR


@pytest.mark.parametrize("begins", KEPT)
def test_what_is_kept_of_people_is_kept_as_long_as_promised(begins: str) -> None:
    promised, kept = KEPT[begins]
    number, unit = promised.split()[:2]
    (row,) = (line for line in PAGE.read_text().splitlines() if line.startswith(f"| {begins}"))

    assert promised in row.split("|")[3]
    assert kept == timedelta(**{unit: int(number)})
