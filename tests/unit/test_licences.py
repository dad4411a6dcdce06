"""The list of licences names every package that is installed; the audit says what it found."""

from __future__ import annotations

import json
import re
import runpy
from email.message import Message
from pathlib import Path

import pytest

Json = dict[str, object]
ROOT = Path(__file__).resolve().parents[2]
LICENCES = runpy.run_path(str(ROOT / "scripts" / "licences.py"))
AUDIT = runpy.run_path(str(ROOT / "scripts" / "audit.py"))
PAGE = (ROOT / "docs" / "licences.md").read_text("utf-8")


def test_every_package_of_the_lock_has_its_row() -> None:
    rows = dict(re.findall(r"^\| `(\S+)` \| (.+) \|$", PAGE, re.MULTILINE))

    assert [*rows] == re.findall(
        r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    assert {"UNKNOWN", "Dual License", ""}.isdisjoint(rows.values())


def test_the_page_is_what_the_script_writes() -> None:
    assert LICENCES["page"](PAGE) == PAGE, "run `make licences`"


def test_a_package_without_a_known_licence_stops_the_script() -> None:
    with pytest.raises(LookupError, match="look it up"):
        LICENCES["page"]("")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"License-Expression": "MIT OR Apache-2.0", "License": "both"}, "MIT OR Apache-2.0"),
        ({"License": "The MIT License (MIT)"}, "MIT"),
        ({"Classifier": "License :: OSI Approved :: BSD License"}, "BSD-3-Clause"),
        ({"License": "One of its own\nand its text"}, "One of its own"),
        ({}, ""),
    ],
)
def test_a_licence_is_named_as_spdx_does_where_it_can(fields: dict[str, str], name: str) -> None:
    about = Message()
    for field, value in fields.items():
        about[field] = value

    assert LICENCES["licence"](about) == name


def found(*packages: Json) -> str:
    return json.dumps({"dependencies": list(packages)})


GOOD: Json = {"name": "a", "version": "1", "vulns": []}
BAD: Json = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
SKIPPED: Json = {"name": "c", "skip_reason": "not on PyPI"}


@pytest.mark.parametrize(
    ("document", "code", "says"),
    [
        (found(GOOD), 0, "1 packages, 0 known holes"),
        (found(GOOD, BAD), 1, "b 2: PYSEC-1, mended in 3"),
        (found(GOOD, SKIPPED), 0, "not looked at: c"),
        (found(SKIPPED), 2, "cannot be had (is there a network here?): not on PyPI"),
        ("", 2, "cannot be had (is there a network here?): connection refused"),
    ],
)
def test_an_audit_that_learnt_nothing_is_not_taken_for_a_good_one(
    capsys: pytest.CaptureFixture[str], document: str, code: int, says: str
) -> None:
    assert AUDIT["report"](document, "trace\nconnection refused\n") == code
    shown = capsys.readouterr()
    assert says in shown.out + shown.err
