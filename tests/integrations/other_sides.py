"""Finds the programs that `make integrations` installs: the other sides of our integrations.

Without them the tests that run them skip; with `CI_REQUIRE_INTEGRATIONS=1` they fail.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ROOT / ".others"
LITELLM = OTHERS / "litellm" / "bin" / "litellm"
CLAUDE = OTHERS / "claude-code" / "node_modules" / ".bin" / "claude"


def installed(program: Path) -> Path:
    """Return the path of a program in `.others`."""
    if not program.exists():
        missing(f"{program.relative_to(ROOT)} is not there: run make integrations")
    return program


def tool(name: str) -> str:
    """Return the path of a program that the system has, such as jq."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed here")
    assert found is not None
    return found


def missing(reason: str) -> None:
    if os.environ.get("CI_REQUIRE_INTEGRATIONS") == "1":
        pytest.fail(f"{reason} (CI_REQUIRE_INTEGRATIONS=1 asks for it)")
    pytest.skip(reason)
