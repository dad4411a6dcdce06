"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# Whether values are made and tests run fast enough depends on who else uses the machine.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")
