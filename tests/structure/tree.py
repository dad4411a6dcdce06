"""The tree that docs/design.md prints: `python -m tests.structure.tree` writes it there anew."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "design.md"
BEGIN, END = "<!-- tree: begin -->\n", "<!-- tree: end -->\n"


def tree() -> str:
    """Return each folder of the product with what it is for, and the names of its modules."""
    return "".join(f"{line}\n" for top in ("bot", "adapters") for line in _folder(ROOT / top))


def _folder(folder: Path) -> Iterator[str]:
    modules = [file.stem for file in sorted(folder.glob("*.py")) if file.stem != "__init__"]
    first = (folder / "__init__.py").read_text().partition('"""')[2].partition('"""')[0]
    purpose = " ".join(first.partition("\n\n")[0].split())
    yield f"    {folder.relative_to(ROOT).as_posix()}/  {purpose}".rstrip()
    yield from textwrap.wrap(
        ", ".join(modules), 100, initial_indent=" " * 8, subsequent_indent=" " * 8
    )
    for inner in sorted(folder.iterdir()):
        if (inner / "__init__.py").exists():
            yield from _folder(inner)


def printed(page: str) -> str:
    """Return the tree as the page has it."""
    return page.partition(BEGIN)[2].partition(END)[0].strip("\n") + "\n"


def main() -> None:
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{tree()}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
