"""What holds for all tests."""

import os

from hypothesis import HealthCheck, settings

# Whether values are made and tests run fast enough depends on who else uses the machine.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")


def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes run the tests: most of these wait for others, not for a core."""
    return (os.cpu_count() or 1) * 3 // 2
