"""A crash that happens inside this process leaves its sockets to the garbage collector."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _the_dead_are_buried_here() -> Iterator[None]:
    """Collect what a test's crashes left, where an unclosed socket is no fault of anybody."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
