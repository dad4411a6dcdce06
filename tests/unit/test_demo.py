"""The recorded outage is a page as real ones are, at every moment of its minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adapters.cli.demo import Recorded

BEGINS = datetime(2026, 11, 1, 12, tzinfo=UTC)
RECORDED = Recorded.load(BEGINS, 50)
WORST = {"rwppv331jlwc": "major_outage", "k8w3r06qmzrp": "partial_outage"}


def states(seconds: float) -> dict[str, str]:
    document = RECORDED.answer("/api/v2/summary.json", BEGINS + timedelta(seconds=seconds))
    assert document is not None
    return {row["id"]: row["status"] for row in document["components"]}


def listed(seconds: float) -> list[str]:
    document = RECORDED.answer("/api/v2/incidents.json", BEGINS + timedelta(seconds=seconds))
    assert document is not None
    return [one["status"] for one in document["incidents"]]


def test_nothing_is_wrong_before_and_after() -> None:
    assert set(states(-1).values()) == set(states(50).values()) == {"operational"}
    assert listed(-1) == []
    assert listed(50) == ["resolved"]


def test_in_the_middle_it_is_as_bad_as_it_was() -> None:
    assert WORST.items() <= states(25).items()
    assert listed(25) == ["identified"]


def test_an_ended_incident_is_only_in_the_list_of_the_past() -> None:
    over = RECORDED.answer("/api/v2/summary.json", BEGINS + timedelta(seconds=50))
    running = RECORDED.answer("/api/v2/summary.json", BEGINS + timedelta(seconds=49))

    assert over is not None
    assert over["incidents"] == []
    assert running is not None
    assert len(running["incidents"]) == 1


def test_what_the_page_does_not_have_is_not_answered() -> None:
    assert RECORDED.answer("/api/v2/components.json", BEGINS) is None
