"""Whatever a page, a person or a clock may bring: every card is made, and is whole."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digest import DigestTime
from bot.domain.incident import (
    Ending,
    EventKind,
    Impact,
    Incident,
    IncidentEvent,
    Origin,
    SurfaceChange,
)
from bot.domain.message import Message, Quote
from bot.domain.page import Severity
from bot.domain.quiet import QuietHours
from bot.domain.subscription import Channel, Pause, Reason, Subscription, ThreadRecord
from bot.messages.history import history_message, incident_message
from bot.messages.reply import catch_up_message, reply_message
from bot.messages.root import root_message
from bot.messages.subscription import changed_message, public_line, subscriptions_message
from bot.messages.why import WhyCase, why_message
from tests.unit.messages.examples import NOW, SEVERAL, spoken

TIMES = st.integers(-100_000, 100_000).map(lambda minutes: NOW + timedelta(minutes=minutes))
SEVERITIES = st.sampled_from(Severity)
SURFACES = st.one_of(st.sampled_from([s.id for s in SEVERAL.surfaces()]), st.text(min_size=1))
NEWS = st.builds(
    IncidentEvent,
    revision=st.integers(1, 30),
    kind=st.sampled_from(EventKind),
    key=st.sampled_from("abcdef"),
    at=TIMES,
    observed_at=TIMES,
    severity=SEVERITIES,
    phase=st.text(max_size=30),
    text=st.text(),
    changes=st.lists(st.builds(SurfaceChange, SURFACES, SEVERITIES, SEVERITIES)).map(tuple),
    update_id=st.none() | st.text(),
    corrects=st.none() | st.sampled_from("abcdef"),
    note=st.text(),
)
INCIDENTS = st.builds(
    Incident,
    provider=st.sampled_from(["claude", "github", "unknown"]),
    id=st.text(min_size=1),
    title=st.text(),
    phase=st.text(),
    origin=st.sampled_from(Origin),
    started_at=TIMES,
    severity=SEVERITIES,
    worst=SEVERITIES,
    url=st.text(),
    ended_at=st.none() | TIMES,
    surfaces=st.dictionaries(SURFACES, st.builds(Impact, SEVERITIES, SEVERITIES, st.booleans())),
    timeline=st.lists(st.tuples(TIMES, SEVERITIES)).map(tuple),
    events=st.lists(NEWS, max_size=6).map(tuple),
    maintenance=st.booleans(),
    scheduled_for=st.none() | TIMES,
    ending=st.sampled_from(Ending),
    quiet=st.booleans(),
    suspected_at=st.none() | TIMES,
    official_at=st.none() | TIMES,
)
QUIET = st.builds(
    QuietHours,
    st.times(),
    st.times(),
    st.sampled_from(["Europe/Berlin", "UTC", "no such zone"]),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.booleans(),
)
SUBSCRIPTIONS = st.builds(
    Subscription,
    st.just(Channel("slack", "T1", "C1")),
    SEVERITIES,
    st.frozensets(SURFACES),
    st.none() | st.text(),
    st.frozensets(st.sampled_from(EventKind)),
    st.none() | TIMES,
    st.none() | st.builds(Pause, st.text(), TIMES, st.none() | TIMES),
    st.none() | TIMES,
    quiet=st.none() | QUIET,
    digest=st.none()
    | st.builds(DigestTime, st.times(), st.just("UTC"), st.none() | st.integers(0, 6)),
    muted_surfaces=st.dictionaries(SURFACES, TIMES, max_size=2),
    muted_incidents=st.dictionaries(st.text(), TIMES, max_size=2),
)
THREADS = st.builds(ThreadRecord, st.none() | st.text(), st.integers(0, 9), st.integers(0, 9))


def whole(card: Message) -> None:
    assert card.title.strip()
    assert "\n" not in card.title
    assert len(card.title) <= 150
    assert card.plain.strip()
    assert all(len(button.value) <= 80 for button in card.buttons)
    assert spoken(card)


@given(INCIDENTS, st.booleans())
def test_any_incident_makes_a_whole_root_and_a_whole_page_of_history(
    incident: Incident, midway: bool
) -> None:
    whole(root_message(incident, NOW, SEVERAL, joined_midway=midway))
    whole(incident_message(incident, NOW, SEVERAL))
    whole(history_message([incident, incident], timedelta(days=7), NOW, SEVERAL))
    whole(catch_up_message(incident, 0, NOW))


@given(INCIDENTS)
def test_any_news_makes_a_whole_reply_that_quotes_only_the_provider(incident: Incident) -> None:
    for event in incident.events:
        card = reply_message(incident, event, NOW, SEVERAL)
        whole(card)
        quotes = [block for block in card.blocks if isinstance(block, Quote)]
        assert not quotes or event.update_id is not None


CASES = st.tuples(INCIDENTS, THREADS, st.sampled_from(Reason))


@given(SUBSCRIPTIONS, st.lists(CASES, max_size=3))
def test_any_subscription_can_be_told_and_explained(
    subscription: Subscription, about: list[tuple[Incident, ThreadRecord, Reason]]
) -> None:
    whole(changed_message("Changed", subscription, SEVERAL, NOW, str))
    whole(subscriptions_message(subscription, [subscription], SEVERAL, NOW, str))
    cases = [WhyCase(*one) for one in about]
    whole(why_message(cases, subscription, "C1", NOW, SEVERAL, str))


@given(st.text(), st.text())
def test_any_name_of_a_person_leaves_room_for_what_they_did(who: str, what: str) -> None:
    card = public_line(who, f"subscribed this channel to {what}")
    whole(card)
    assert "subscribed this channel to" in card.title
