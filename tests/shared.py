"""Finds the recorded history and the specifications that lie beside a checkout, in `../shared`.

They are not part of this project. Without them the tests that read them skip; with
`CI_REQUIRE_SHARED=1` they fail, so that a build cannot pass by not looking.
"""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def shared_path(name: str) -> Path:
    """Return the path of `../shared/<name>`, or skip (or fail) the test that asks."""
    path = SHARED / name
    if path.exists():
        return path
    if os.environ.get("CI_REQUIRE_SHARED") == "1":
        pytest.fail(f"../shared/{name} is not there, and CI_REQUIRE_SHARED=1 asks for it")
    pytest.skip(f"../shared/{name} is not there")
