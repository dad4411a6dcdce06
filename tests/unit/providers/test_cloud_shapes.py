"""Shapes of the clouds' lists beside those of the samples: encodings, and what is left out."""

from __future__ import annotations

import codecs
import json
from copy import deepcopy
from typing import Any

import pytest

from adapters.providers import aws, google
from adapters.providers.port import Page
from bot.domain.errors import SourceError
from bot.domain.page import Severity, Snapshot
from tests.unit.providers.samples import SAMPLES, encoded
from tests.unit.providers.samples.sample import PAGE

UP, PARTIAL, UNKNOWN = Severity.UP, Severity.PARTIAL, Severity.UNKNOWN


def first(kind: str, *, trouble: bool = True) -> Any:
    """A copy of the first document of a sample."""
    sample = SAMPLES[kind]
    return deepcopy(next(iter((sample.trouble if trouble else sample.quiet).values())))


def severities(snapshot: Snapshot) -> set[Severity]:
    return {component.severity for component in snapshot.components}


# --- Google ----------------------------------------------------------------------------------


def read_google(*incidents: dict[str, Any]) -> Snapshot:
    page = Page("g", PAGE, {"prod1": ("Online inference",)})
    return google.parse(encoded(list(incidents)), page)


@pytest.mark.parametrize("products", [None, [], "absent"])
def test_an_open_incident_of_google_that_names_no_product_leaves_nothing_up(
    products: object,
) -> None:
    incident = {**first("google")[0], "affected_products": products}
    if products == "absent":
        del incident["affected_products"]
    seen = read_google(incident)
    assert severities(seen) == {UNKNOWN}
    assert seen.incidents == ()  # it is not known to be ours
    over = {**incident, "end": "2026-09-01T13:00:00+00:00"}
    assert severities(read_google(over)) == {UP}


@pytest.mark.parametrize("key", ["most_recent_update", "modified", "severity", "uri", "number"])
def test_what_google_may_leave_out_changes_nothing(key: str) -> None:
    incident = first("google")[0]
    assert read_google(incident) == read_google({**incident, key: None})


@pytest.mark.parametrize("key", ["updates", "begin", "currently_affected_locations"])
def test_an_incident_of_google_without_its_details_is_open_all_the_same(key: str) -> None:
    incident = first("google")[0]
    del incident[key]
    seen = read_google(incident)
    assert severities(seen) == {PARTIAL}
    assert [one.id for one in seen.incidents] == ["g1"]


def test_an_empty_list_of_google_is_a_page_with_nothing_open() -> None:
    assert severities(read_google()) == {UP}


# --- AWS -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (b"", "utf-16-be"),
        (b"", "utf-16-le"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "utf-8"),
    ],
)
@pytest.mark.parametrize("trouble", [False, True])
def test_aws_is_read_in_any_encoding_with_or_without_a_mark(
    mark: bytes, encoding: str, trouble: bool
) -> None:
    page = Page("b", PAGE, {"bedrock-eu-west-1": ()})
    text = json.dumps(first("aws", trouble=trouble), ensure_ascii=False)
    seen = aws.parse(mark + text.encode(encoding), page)
    assert severities(seen) == {PARTIAL if trouble else UP}


@pytest.mark.parametrize("body", [b"", codecs.BOM_UTF16_BE, b"{}", b"null"])
def test_an_answer_of_aws_without_a_list_is_none(body: bytes) -> None:
    with pytest.raises(SourceError):
        aws.parse(body, Page("b", PAGE, {"bedrock-eu-west-1": ()}))


def test_an_empty_list_of_aws_is_a_page_with_nothing_open() -> None:
    assert severities(aws.parse(b"[]", Page("b", PAGE, {"bedrock-eu-west-1": ()}))) == {UP}
