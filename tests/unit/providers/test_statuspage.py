"""Whatever a page sends becomes a snapshot or one clear error."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.providers.fields import MAX_ITEMS, MAX_TEXT
from adapters.providers.statuspage import parse_history, parse_summary, snapshot_of
from bot.catalog.catalog_file import load_catalog
from bot.domain.errors import SourceError
from bot.domain.page import ComponentChange, Severity
from bot.engine.step import step
from bot.status.view import status_view

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
CATALOG = load_catalog()


def summary(**fields: Any) -> str:
    return json.dumps(
        {"page": {"id": "p", "url": "https://status.example.com"}, "components": []} | fields
    )


def incident(**fields: Any) -> dict[str, Any]:
    return {
        "id": "i",
        "name": "Trouble",
        "status": "investigating",
        "created_at": "2026-07-01T11:00:00Z",
    } | fields


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("<!DOCTYPE html><html>", "HTML"),
        ('{"page": {"id": "x"', "cut off"),
        ("Service Unavailable", "not JSON"),
        ("[]", "a list found"),
        ("null", "bare NoneType"),
        ("{}", "changed its format"),
        ('{"error": "gone"}', "gone"),
        ("[" * 100_000, "cut off"),
    ],
)
def test_an_unusable_body_says_what_is_wrong_with_it(body: str, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        parse_summary(body, "claude")


def test_a_list_without_incidents_is_no_history() -> None:
    with pytest.raises(SourceError):
        parse_history('{"page": {}}')


@pytest.mark.parametrize("nothing", [None, [], "[]", "", 0, {}])
def test_absent_null_empty_and_a_string_of_brackets_are_all_nothing(nothing: object) -> None:
    absent = parse_summary(summary(), "x")
    said = parse_summary(summary(incidents=nothing, scheduled_maintenances=nothing), "x")
    assert absent.incidents == said.incidents == ()
    row = incident(incident_updates=nothing, components=nothing, reminder_intervals=nothing)
    (report,) = parse_summary(summary(incidents=[row]), "x").incidents
    assert (report.updates, report.components) == ((), ())


def test_one_broken_incident_costs_only_itself_and_is_mentioned() -> None:
    seen = parse_summary(summary(incidents=[{"name": "no id"}, 7, incident()]), "x")
    assert [report.id for report in seen.incidents] == ["i"]
    assert any("dropped" in oddity for oddity in seen.oddities)


def test_an_incident_without_an_id_is_known_by_when_it_was_opened() -> None:
    (seen,) = parse_summary(summary(incidents=[incident(id=None)]), "x").incidents
    (renamed,) = parse_summary(summary(incidents=[incident(id="", name="More")]), "x").incidents
    assert seen.id == renamed.id
    assert seen.url == "https://status.example.com"  # no address of its own is made up


def test_an_unknown_status_is_kept_as_it_came_and_is_not_down() -> None:
    rows = [{"id": "c", "name": "API", "status": "smouldering"}]
    seen = parse_summary(summary(components=rows), "x")
    (component,) = seen.components
    assert (component.severity, component.status) == (Severity.UNKNOWN, "smouldering")
    assert any("smouldering" in oddity for oddity in seen.oddities)


def test_groups_are_no_components_and_lend_their_name_only_where_names_repeat() -> None:
    rows = [
        {"id": "g1", "name": "Europe", "status": "operational", "group": True},
        {"id": "g2", "name": "Asia", "status": "operational", "group": True},
        {"id": "a", "name": "API", "status": "operational", "group_id": "g1"},
        {"id": "b", "name": "API", "status": "operational", "group_id": "g2"},
        {"id": "c", "name": "Web", "status": "operational", "group_id": "g1"},
    ]
    seen = parse_summary(summary(components=rows), "x")
    assert [c.name for c in seen.components] == ["Europe: API", "Asia: API", "Web"]


def test_updates_are_oldest_first_whatever_the_page_does() -> None:
    said = [
        {"id": "c", "status": "resolved", "display_at": "2026-07-01T09:00:00-04:00"},
        {"id": "b", "status": "monitoring", "created_at": "2026-07-01T12:30:00Z"},
        {"id": "a2", "status": "investigating", "created_at": "2026-07-01T12:00:00.5Z"},
        {"id": "a1", "status": "investigating", "created_at": "2026-07-01T12:00:00.5Z"},
    ]
    (report,) = parse_summary(summary(incidents=[incident(incident_updates=said)]), "x").incidents
    assert [update.id for update in report.updates] == ["a1", "a2", "b", "c"]
    assert report.updates[-1].at == datetime(2026, 7, 1, 13, 0, tzinfo=UTC)


def test_a_backdated_update_keeps_when_it_was_really_written() -> None:
    said = {"id": "u", "display_at": "2026-07-01T11:00:00Z", "created_at": "2026-07-01T15:56:48Z"}
    (report,) = parse_summary(summary(incidents=[incident(incident_updates=[said])]), "x").incidents
    assert report.updates[0].posted_at - report.updates[0].at == timedelta(
        hours=4, minutes=56, seconds=48
    )


def test_a_sentence_instead_of_a_component_is_no_component() -> None:
    affected = [
        {"name": "No components were affected by this update."},
        {"code": "c", "name": "API", "old_status": "operational", "new_status": "major_outage"},
        {"name": "Web", "old_status": "operational", "new_status": "on holiday"},
    ]
    rows = [{"id": "w", "name": "Web", "status": "operational"}]
    page = summary(
        components=rows,
        incidents=[incident(incident_updates=[{"id": "u", "affected_components": affected}])],
    )
    (report,) = parse_summary(page, "x").incidents
    assert report.updates[0].changes == (
        ComponentChange("c", Severity.UP, Severity.MAJOR),
        ComponentChange("w", Severity.UP, Severity.UNKNOWN),
    )


def test_updates_without_ids_keep_one_identity_when_their_text_is_edited() -> None:
    def ids(text: str) -> list[str]:
        said = [{"status": "resolved", "body": text, "display_at": "2026-07-01T11:30:00Z"}]
        page = summary(incidents=[incident(incident_updates=said)])
        return [update.id for update in parse_summary(page, "x").incidents[0].updates]

    assert ids("one") == ids("two")


def test_a_page_whose_incidents_never_name_components_says_so() -> None:
    (report,) = parse_summary(
        summary(incidents=[incident(incident_updates=[{"id": "u"}])]), "x"
    ).incidents
    assert not report.linkable
    (linked,) = parse_summary(summary(incidents=[incident(components=[])]), "x").incidents
    assert linked.linkable


def test_a_reduced_poll_without_ids_is_read_by_names() -> None:
    body = {
        "service": "Claude",
        "overall_status": "minor",
        "components": [{"name": "Claude Code", "status": "degraded_performance"}],
        "active_incidents": [incident(started_at="2026-07-01T10:00:00Z")],
        "updated_at": "2026-07-01T11:00:00Z",
        "error": None,
    }
    seen = snapshot_of(body, "claude")
    assert [c.id for c in seen.components] == ["name:claude-code"]
    assert CATALOG.provider("claude").surface_of("name:claude-code", "Claude Code") == "code"
    assert len(seen.incidents) == 1


def test_a_hostile_page_is_cut_at_the_limits() -> None:
    said = [{"id": f"u{n}", "body": "x" * (MAX_TEXT * 2)} for n in range(3)]
    many = [
        incident(id=f"i{n}", incident_updates=said if n == 0 else []) for n in range(MAX_ITEMS + 9)
    ]
    seen = parse_summary(summary(incidents=many), "x")
    assert len(seen.incidents) == MAX_ITEMS
    assert all(len(update.text) <= MAX_TEXT for update in seen.incidents[0].updates)
    assert any("only the first" in oddity for oddity in seen.oddities)


@pytest.mark.parametrize("when", ["0001-01-01T00:10:00Z", "9999-12-31T23:59:00Z", "soon", 7, None])
def test_a_time_that_cannot_be_is_no_time(when: object) -> None:
    rows = [{"id": "c", "name": "API", "status": "major_outage", "updated_at": when}]
    seen = parse_summary(summary(components=rows), "x")
    assert seen.components[0].updated_at is None
    assert step(step(None, seen, NOW, CATALOG)[0], seen, NOW, CATALOG)[1] == []


def test_an_id_seen_twice_counts_once() -> None:
    seen = parse_summary(summary(incidents=[incident(), incident(name="again")]), "x")
    assert [report.title for report in seen.incidents] == ["Trouble"]


KEYS = st.sampled_from(
    [
        *("id", "name", "status", "impact", "created_at", "updated_at", "started_at", "page"),
        *("resolved_at", "display_at", "body", "affected_components", "incident_updates", "url"),
        *("components", "code", "old_status", "new_status", "scheduled_for", "incidents"),
        *("shortlink", "scheduled_maintenances", "group", "group_id", "active_incidents", "error"),
    ]
)
WORDS = st.sampled_from(
    [
        *("resolved", "investigating", "operational", "major_outage", "minor", "critical", "c1"),
        *("i1", "2026-07-01T11:00:00Z", "2026-07-01T11:00:00-23:59", "0001-01-01T00:00:00+23:00"),
        *("9999-12-31", "<b>&amp;", "\ud800", "a/b", "[]", ""),
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8),
    max_leaves=30,
)
ROWS = st.lists(st.dictionaries(KEYS, ANYTHING, max_size=10), max_size=4)
PAGES = st.fixed_dictionaries(
    {"components": ROWS},
    optional={
        "page": ANYTHING,
        "incidents": ROWS,
        "scheduled_maintenances": ROWS,
        "active_incidents": ROWS,
    },
)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_body_at_all_breaks_the_reader(body: str | bytes) -> None:
    with pytest.raises(SourceError):
        parse_summary(body, "x")


@given(ANYTHING)
def test_no_json_breaks_the_reader(document: Any) -> None:
    for read in (lambda body: parse_summary(body, "x"), parse_history):
        try:
            read(json.dumps(document))
        except SourceError as error:
            assert str(error)  # noqa: PT017 (that nothing else is raised is the point)


@given(st.lists(st.tuples(PAGES, ROWS | st.none()), min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_no_sequence_of_pages_breaks_the_engine(pages: list[tuple[Any, Any]]) -> None:
    state = None
    for n, (page, history) in enumerate(pages):
        now = NOW + timedelta(minutes=n)
        try:
            seen = parse_summary(json.dumps(page), "claude")
        except SourceError:
            continue
        if history is not None:
            recent = parse_history(json.dumps({"incidents": history}))
            seen = replace(seen, recent=recent)
        state, changed = step(state, seen, now, CATALOG)
        assert all(incident.events for incident in changed)
        assert status_view(CATALOG, {state.provider: state}, now).verdicts


def test_nothing_that_a_page_sends_brings_control_characters() -> None:
    odd = "a\x1b]0;t\x07\x9b\x00b\u202e\u2066c"
    page = summary(
        components=[{"id": odd, "name": odd, "status": odd}],
        incidents=[incident(id=odd, name=odd, status=odd, shortlink=f"https://x.example/{odd}")],
    )
    shown = repr(parse_summary(page, "claude"))
    assert shown.count("a]0;tbc") >= 7
    assert "\\x" not in shown
    assert "\\u" not in shown
