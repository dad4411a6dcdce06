"""What every format promises, one by one over the same tests."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.providers.answers import recognised
from adapters.providers.kinds import KINDS
from bot.domain.errors import SourceError
from bot.domain.page import Severity, Snapshot
from tests.damage import mutated
from tests.unit.providers.samples import SAMPLES, Sample, encoded, polled
from tests.unit.providers.samples.sample import PAGE

every_kind = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
FAMILIES = ({"statuspage", "incidentio"},)  # these imitate each other


def severities(snapshot: Snapshot) -> dict[str, Severity]:
    return {component.id: component.severity for component in snapshot.components}


def test_every_kind_has_a_sample_and_so_all_these_promises() -> None:
    assert set(SAMPLES) == set(KINDS)


@every_kind
async def test_a_quiet_page_is_up_and_nothing_is_open(sample: Sample) -> None:
    snapshot = await polled(sample, sample.bodies())
    assert set(severities(snapshot).values()) == {Severity.UP}
    assert snapshot.incidents == ()
    assert snapshot.oddities == ()


@every_kind
async def test_trouble_is_seen_with_its_incident_and_its_component(sample: Sample) -> None:
    snapshot = await polled(sample, sample.bodies(trouble=True))
    assert severities(snapshot)[sample.down] is sample.severity
    (incident,) = snapshot.incidents
    assert incident.id == sample.incident
    assert incident.resolved_at is None
    assert incident.started_at.year == 2026
    others = {id_: s for id_, s in severities(snapshot).items() if id_ != sample.down}
    assert all(severity is Severity.UP for severity in others.values())
    if incident.linkable:
        assert incident.components == (sample.down,)
        assert incident.updates[-1].changes[0].component == sample.down or sample.kind == (
            "statuspage"
        )


@every_kind
@pytest.mark.parametrize("trouble", [False, True])
async def test_the_same_page_gives_the_same_snapshot(sample: Sample, trouble: bool) -> None:
    bodies = sample.bodies(trouble=trouble)
    assert await polled(sample, bodies) == await polled(sample, bodies)


@pytest.mark.parametrize(
    ("kind", "other"),
    [pair for pair in permutations(SAMPLES, 2) if not any(set(pair) <= f for f in FAMILIES)],
)
async def test_a_body_of_another_format_is_no_answer(kind: str, other: str) -> None:
    sample = SAMPLES[kind]
    for body in SAMPLES[other].bodies().values():
        with pytest.raises(SourceError) as caught:
            await polled(sample, dict.fromkeys(sample.quiet, body))
        assert "changed its format" in str(caught.value) or "instead of JSON" in str(caught.value)


@every_kind
@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"<html><body>no</body></html>", b"<!DOCTYPE html><p>no", b"null", b"{}"],
)
async def test_what_is_no_page_at_all_is_no_answer(sample: Sample, body: bytes) -> None:
    with pytest.raises(SourceError):
        await polled(sample, dict.fromkeys(sample.quiet, body))


@every_kind
async def test_a_page_that_is_cut_off_is_no_answer(sample: Sample) -> None:
    first, *rest = sample.bodies(trouble=True).items()
    path, body = first
    for length in range(2, len(body) - 4, 97):
        with pytest.raises(SourceError):
            await polled(sample, {**dict(rest), path: body[:length]})


# --- mutations -------------------------------------------------------------------------------

WORDS = st.text(alphabet="qxzQXZ_ 0", max_size=12).map(lambda text: f"zq{text}")
BROKEN = st.one_of(
    st.none(),
    WORDS,
    st.just(""),
    st.just([]),
    st.just({}),
    st.booleans(),
    st.floats(),
    st.integers(min_value=-(10**30), max_value=10**30).filter(lambda number: abs(number) > 9),
)


def damaged(document: object, data: st.DataObject) -> object:
    if isinstance(document, str) and document.startswith("<"):
        return mutated_feed(document, data)
    return mutated(document, data, BROKEN)


def mutated_feed(text: str, data: st.DataObject) -> str:
    """The feed with some words of it replaced by unknown ones, or a piece taken out."""
    start = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 60))
    return text[:start] + data.draw(st.one_of(WORDS, st.just(""))) + text[start + length :]


@every_kind
@given(data=st.data())
@settings(max_examples=60, deadline=None)
async def test_a_damaged_page_raises_nothing_else(sample: Sample, data: st.DataObject) -> None:
    documents = dict(sample.trouble if data.draw(st.booleans()) else sample.quiet)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(documents)))
        documents[path] = damaged(documents[path], data)
    bodies = {path: encoded(value, sample.encoding) for path, value in documents.items()}
    try:
        snapshot = await polled(sample, bodies)
    except SourceError:
        return
    ids = [component.id for component in snapshot.components]
    assert len(ids) == len(set(ids))
    ids = [incident.id for incident in snapshot.incidents]
    assert len(ids) == len(set(ids))


@every_kind
@given(data=st.data())
@settings(max_examples=60, deadline=None)
async def test_a_quiet_page_with_unknown_words_is_never_down(
    sample: Sample, data: st.DataObject
) -> None:
    documents = dict(sample.quiet)
    path = data.draw(st.sampled_from(sorted(documents)))
    documents[path] = damaged(documents[path], data)
    bodies = {path: encoded(value, sample.encoding) for path, value in documents.items()}
    try:
        snapshot = await polled(sample, bodies)
    except SourceError:
        return
    assert all(s.rank <= Severity.UP.rank for s in severities(snapshot).values())


@every_kind
@given(data=st.data(), noise=st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
async def test_bytes_of_any_kind_raise_nothing_else(
    sample: Sample, data: st.DataObject, noise: bytes
) -> None:
    bodies = sample.bodies(trouble=True)
    path = data.draw(st.sampled_from(sorted(bodies)))
    start = data.draw(st.integers(0, len(bodies[path])))
    bodies[path] = bodies[path][:start] + noise + bodies[path][start + len(noise) // 2 :]
    try:
        await polled(sample, bodies)
    except SourceError:
        return


# --- recognised by shape ---------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("trouble", [False, True])
def test_a_recording_is_recognised_by_the_shape_of_its_bodies(
    sample: Sample, trouble: bool
) -> None:
    bodies = sample.trouble if trouble else sample.quiet
    lines = [{"url": PAGE + path, "status": 200, "body": body} for path, body in bodies.items()]
    same = next((family for family in FAMILIES if sample.kind in family), {sample.kind})
    if sample.kind == "incidentio-proxy":
        same = {*same, "incidentio-feed"}  # whose pages have this document in reserve
    assert recognised(lines) in same
    if len(bodies) == 1:
        assert recognised([{"body": lines[0]["body"]}]) in same


def test_what_is_no_page_of_any_kind_is_not_recognised() -> None:
    for body in ("<html>busy</html>", "", {}, [1], {"page": "x"}, "<rss><channel/></rss>"):
        assert recognised([{"body": body}]) is None
