"""What the status line says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.cli.statusline import status_line
from bot.catalog.catalog_file import load_catalog
from bot.domain.page import Severity
from bot.status.advice import Do
from bot.status.schema import Document, EvidenceDocument, Retry, VerdictDocument

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CATALOG = load_catalog()
PAGE, PROBE, PEOPLE = "page", "probe", "reports"


def verdict(
    surface: str, severity: Severity, *sources: str, minutes: int = 15, suspected: bool = False
) -> VerdictDocument:
    said = {PEOPLE: "3 people report trouble", PROBE: "our probe answers 529", PAGE: "API: 7 rows"}
    do = Do.NOW if severity is Severity.UP else Do.BACK_OFF
    return VerdictDocument(
        surface=surface,
        severity=severity,
        since=NOW,
        checked_at=NOW,
        age=0,
        suspected=suspected,
        reason=None,
        evidence=tuple(
            EvidenceDocument(
                source=source,
                severity=Severity.DEGRADED,
                says=said[source],
                since=None,
                at=NOW,
                age=0,
                from_text=False,
            )
            for source in sources
        ),
        incidents=(),
        retry=Retry(
            do=do,
            wait=timedelta(minutes=minutes),
            retry_after=timedelta(minutes=minutes),
            use=(),
            targets=(),
        ),
    )


UP = verdict("code", Severity.UP)
LINES = [
    ([UP], ""),
    (
        [UP, verdict("api", Severity.PARTIAL, PAGE, PEOPLE)],
        "Claude: API partly down, retry in 15 min (page + 3 people)",
    ),
    (
        [verdict("code", Severity.PARTIAL, PAGE), verdict("api", Severity.MAJOR, PAGE, minutes=30)],
        "Claude: API down, Claude Code partly down, retry in 30 min (page)",
    ),
    (
        [verdict("api", Severity.DEGRADED, PROBE, suspected=True, minutes=3)],
        "Claude: API perhaps down, retry in 3 min (probe)",
    ),
    (
        [verdict("api", Severity.UNKNOWN, minutes=2)],
        "Claude: API unknown, retry in 2 min",
    ),
    (
        [verdict(name, Severity.MAJOR, PAGE) for name in ("api", "code", "opus", "haiku")],
        "Claude: 4 surfaces down, retry in 15 min (page)",
    ),
    ([verdict("api", Severity.MAINTENANCE)], "Claude: API in maintenance, retry in 15 min"),
    ([verdict("new/thing", Severity.MAJOR)], "thing down, retry in 15 min"),
]


@pytest.mark.parametrize(("verdicts", "line"), LINES, ids=[line or "up" for _, line in LINES])
def test_the_line(verdicts: list[VerdictDocument], line: str) -> None:
    said = Document(at=NOW, exit_code=0, verdicts=tuple(verdicts), incidents=())
    assert status_line(said, CATALOG) == line


def test_a_document_from_elsewhere_gives_the_same_line() -> None:
    for verdicts, line in LINES:
        said = Document(at=NOW, exit_code=0, verdicts=tuple(verdicts), incidents=())
        read = Document.model_validate_json(said.model_dump_json())
        assert status_line(read, CATALOG) == line
