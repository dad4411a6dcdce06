"""Prints the changelog's section of a version: `python scripts/release_notes.py v0.2.0`.

Exits 1 with one sentence if the tag is not the project's version, or the changelog has no dated
section of it. Only the standard library: the release runs it before anything is installed.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def notes(changelog: str, version: str) -> str:
    """Return the text below `## VERSION (YYYY-MM-DD)`; empty if there is no such section."""
    heading = rf"## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)"
    found = re.search(rf"(?ms)^{heading}\n(.*?)(?=^## |\Z)", changelog)
    return found[1].strip() if found else ""


def main(tag: str) -> str:
    """Return the notes of a tag. Raises: SystemExit with what is wrong."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    version = project["project"]["version"]
    if tag != f"v{version}":
        sys.exit(f"the tag is {tag}, but pyproject.toml says {version}: tag v{version}")
    text = notes((ROOT / "CHANGELOG.md").read_text(), version)
    return text or sys.exit(f"CHANGELOG.md has no section '## {version} (YYYY-MM-DD)'")


if __name__ == "__main__":
    print(main(sys.argv[1]))
