"""Recorded history that is not there: skipped at a stranger's desk, a failure where it must be."""

import pytest

from tests.shared import shared_path


def test_without_the_recorded_history_a_test_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI_REQUIRE_SHARED", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no/such/file"):
        shared_path("no/such/file")


def test_a_build_that_must_not_skip_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_REQUIRE_SHARED", "1")
    with pytest.raises(pytest.fail.Exception, match="no/such/file"):
        shared_path("no/such/file")
