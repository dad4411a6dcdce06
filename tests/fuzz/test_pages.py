"""Pages that lie in any place: judged, told and drawn, or refused as one error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import render as discord
from adapters.slack import render as slack
from adapters.terminal import render as terminal
from adapters.terminal.look import Look
from bot.catalog.catalog import Catalog
from bot.catalog.providers import Provider, Surface
from bot.delivery.cache import message_of
from bot.delivery.plan import plan
from bot.domain.errors import SourceError
from bot.domain.incident import Incident
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.state import State
from bot.domain.subscription import Channel, Subscription, ThreadRecord
from bot.engine.step import on_failure, step
from bot.messages.answer import answer_message
from bot.messages.history import history_message
from bot.status.view import status_view
from tests.damage import mutated
from tests.fuzz.inputs import ANYTHING, bounded
from tests.unit.providers.samples import SAMPLES, Sample, encoded, polled
from tests.unit.providers.samples.sample import PAGE

START = datetime(2026, 9, 1, 12, tzinfo=UTC)
WANTS = Subscription(Channel("slack", "T1", "C1"), severity=Severity.UP)


def catalog_of(sample: Sample) -> Catalog:
    """A catalogue of the sample's page, with one surface for all of its components."""
    rows = sample.components or {sample.down: ("It",)}
    surface = Surface(
        "example/it", "It", "example", components=tuple(rows), rows=tuple(rows.items())
    )
    provider = Provider("example", "Example", PAGE, "example/", (surface,), kind=sample.kind)
    return Catalog({"example": provider})


def bodies_of(sample: Sample, data: st.DataObject) -> dict[str, bytes]:
    """What the page answers now, with some places of it damaged."""
    documents = dict(data.draw(st.sampled_from([sample.trouble, sample.quiet])))
    for _ in range(data.draw(st.integers(0, 4))):
        path = data.draw(st.sampled_from(sorted(documents)))
        if not isinstance(documents[path], str):
            documents[path] = mutated(documents[path], data, ANYTHING)
    texts = {path: encoded(value, sample.encoding) for path, value in documents.items()}
    if data.draw(st.booleans()):
        path = data.draw(st.sampled_from(sorted(texts)))
        at = data.draw(st.integers(0, len(texts[path])))
        noise = data.draw(st.binary(max_size=30))
        texts[path] = texts[path][:at] + noise + texts[path][at + data.draw(st.integers(0, 50)) :]
    return texts


def draw(message: Message, now: datetime) -> None:
    """Draw it for every platform."""
    slack.render(message)
    discord.body_of(discord.render(message))
    terminal.root(message, Look(80, colour=True, now=now))


def tell(incident: Incident, now: datetime, catalog: Catalog) -> None:
    """Draw all that a channel would get of it."""
    for one in plan(incident, ThreadRecord(), WANTS, now).steps:
        draw(message_of(one, incident, now, catalog), now)
    late = ThreadRecord(root="1.2", joined=1, shown=1)
    for one in plan(incident, late, WANTS, now).steps:
        if one.sends:
            draw(message_of(one, incident, now, catalog), now)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
@bounded(25)
@given(data=st.data())
async def test_whatever_a_page_says_is_judged_told_and_drawn_or_refused(
    sample: Sample, data: st.DataObject
) -> None:
    catalog, now, state = catalog_of(sample), START, None
    for _ in range(3):
        now += timedelta(minutes=data.draw(st.sampled_from([0, 1, 700])))
        try:
            snapshot = await polled(sample, bodies_of(sample, data))
        except SourceError as error:
            state = on_failure(state, str(error), now) if state else None
            continue
        state, changed = step(state, snapshot, now, catalog)
        for incident in changed:
            tell(incident, now, catalog)
    known: dict[str, State] = {"example": state} if state else {}
    view = status_view(catalog, known, now)
    draw(answer_message(view, asked=["example/it"]), now)
    draw(history_message(view.incidents, timedelta(days=7), now, catalog), now)
