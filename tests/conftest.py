"""What holds for all tests."""

import pytest
import structlog
from hypothesis import HealthCheck, is_hypothesis_test, settings

# Whether values are made and tests run fast enough depends on who else uses the machine.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")

# With rich installed, structlog draws every local variable beside a traceback: ten seconds for one.
_renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _renderer])

# They go through the same lines again and again: measured, they take two to four times as long.
REPEATING = ("tests/chaos/", "tests/fuzz/", "tests/history/")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave out of the coverage what repeats what other tests go through once."""
    by_hypothesis = is_hypothesis_test(getattr(item, "obj", None))
    if by_hypothesis or item.nodeid.startswith(REPEATING):
        item.add_marker("no_cover")
