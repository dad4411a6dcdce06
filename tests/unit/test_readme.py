"""The pages are true: the table of settings names each of them, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.platforms import PLATFORMS
from bot.environment import FILE_VARIABLE
from bot.setting_sections import names_of
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def settings() -> set[str]:
    names = {FILE_VARIABLE, *names_of(Settings)}
    return names.union(*(names_of(row.settings) for row in PLATFORMS if row.settings))


def test_the_table_of_settings_names_each_of_them_and_no_other() -> None:
    table = (ROOT / "docs" / "settings.md").read_text()
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]

    assert set(re.findall(r"`([A-Z_]+)`", "".join(rows))) == settings()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target
