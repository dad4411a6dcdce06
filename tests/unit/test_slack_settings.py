"""The settings form is one that Slack takes, whatever is watched and whatever is set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from adapters.slack.render import message_view
from adapters.slack.settings_view import Form, Mistake, read_form, settings_view
from bot.catalog.catalog import Catalog
from bot.catalog.catalog_file import load_catalog
from bot.catalog.providers import generic
from bot.domain.digest import DigestTime
from bot.domain.incident import EventKind
from bot.domain.message import Message, Quote
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription
from tests.servers.slack.blocks import view_findings

CATALOG = load_catalog()
NOW = datetime(2026, 7, 27, tzinfo=UTC)
HERE = Subscription(Channel("slack", "T1", "C1"))


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("mention", [None, "<@U1>", "<!subteam^S1>", "<@U1> <!subteam^S1>"])
@pytest.mark.parametrize("quiet", [frozenset(), frozenset(EventKind)])
def test_the_form_is_within_slacks_limits(
    severity: Severity, mention: str | None, quiet: frozenset[EventKind]
) -> None:
    surfaces = frozenset(s.id for s in CATALOG.surfaces())
    now = replace(HERE, severity=severity, mention=mention, thread_only=quiet, surfaces=surfaces)
    for subscription in (now, replace(now, surfaces=frozenset({"gone"})), None):
        for channel in ("C1", "D1", None):
            assert list(view_findings(settings_view(CATALOG, channel, subscription))) == []


def test_a_page_without_known_surfaces_has_a_form_too() -> None:
    catalog = Catalog({"acme": generic("acme", page="https://status.acme.example")})
    view = settings_view(catalog, "C1", HERE)

    assert list(view_findings(view)) == []
    assert "surfaces" not in [
        block.get("block_id", "").partition("/")[0] for block in view["blocks"]
    ]


def filled(**values: Any) -> dict[str, Any]:
    """What Slack reports of a form that was shown for C1."""
    blocks = {name if name == "channel" else f"{name}/C1": v for name, v in values.items()}
    return {"state": {"values": {name: {"pick": value} for name, value in blocks.items()}}}


def named(*people: dict[str, str]) -> dict[str, Any]:
    line = {"type": "rich_text_section", "elements": list(people)}
    return {"rich_text_value": {"type": "rich_text", "elements": [line]}}


C1 = {"selected_conversation": "C1"}


@pytest.mark.parametrize("mention", [None, "<@U1>", "<!subteam^S1>", "<@U1> <!subteam^S1>"])
def test_whom_a_channel_calls_is_shown_and_kept_by_the_form(mention: str | None) -> None:
    view = settings_view(CATALOG, "C1", replace(HERE, mention=mention))
    (shown,) = [b["element"] for b in view["blocks"] if b.get("block_id") == "mention/C1"]
    form = read_form(filled(channel=C1, mention={"rich_text_value": shown.get("initial_value")}))

    assert isinstance(form, Form)
    assert form.change.mention == mention


@pytest.mark.parametrize(
    "part",
    [
        {"type": "text", "text": "the team"},
        {"type": "broadcast", "range": "channel"},
        {"type": "channel", "channel_id": "C1"},
    ],
)
def test_what_is_nobodys_address_is_said_beside_the_field(part: dict[str, str]) -> None:
    somebody = {"type": "user", "user_id": "U1"}
    mistake = read_form(filled(channel=C1, mention=named(somebody, part)))

    assert isinstance(mistake, Mistake)
    assert mistake.block == "mention/C1"


@pytest.mark.parametrize("channel", [None, "", "D1", "U1"])
def test_only_a_channel_can_get_news(channel: str | None) -> None:
    assert isinstance(read_form(filled(channel={"selected_conversation": channel})), Mistake)


def test_what_became_of_it_is_a_view_that_slack_takes() -> None:
    long = Message("t" * 3000, "p" * 9000, blocks=(Quote("x" * 9000),))
    assert list(view_findings(message_view(long))) == []
    assert list(view_findings(message_view(Message("", "words only")))) == []


@pytest.mark.parametrize("least", [Severity.UP, Severity.PARTIAL, Severity.MAJOR])
def test_from_which_severity_up_somebody_is_called_is_shown_and_kept(least: Severity) -> None:
    view = settings_view(CATALOG, "C1", replace(HERE, mention="<@U1>", mention_from=least))
    (shown,) = [b["element"] for b in view["blocks"] if b.get("block_id") == "call/C1"]
    form = read_form(filled(channel=C1, call={"selected_option": shown["initial_option"]}))
    assert isinstance(form, Form)
    assert form.change.mention_from is least


@pytest.mark.parametrize(
    ("field", "typed", "wrong", "says"),
    [
        ("quiet", "22:00-07:00 Europe/Berlin weekends", "22:00–07:00 Berlin", "Europe/Berlin"),
        ("digest", "weekly mon 09:00 Europe/Berlin", "mon Europe/Berlin", "I need the time"),
    ],
)
def test_what_is_typed_is_shown_as_it_is_set_and_read_back(
    field: str, typed: str, wrong: str, says: str
) -> None:
    form = read_form(filled(channel=C1, **{field: {"value": typed}}))
    assert isinstance(form, Form)
    now = form.change.apply(HERE, CATALOG, NOW)
    assert now is not None
    (block,) = [
        b for b in settings_view(CATALOG, "C1", now)["blocks"] if b.get("block_id") == f"{field}/C1"
    ]
    assert block["element"]["initial_value"] == typed

    mistake = read_form(filled(channel=C1, **{field: {"value": wrong}}))
    assert isinstance(mistake, Mistake)
    assert mistake.block == f"{field}/C1"
    assert says in mistake.says

    emptied = read_form(filled(channel=C1, **{field: {"value": None}}))
    assert isinstance(emptied, Form)
    after = emptied.change.apply(now, CATALOG, NOW)
    assert after is not None
    assert (after.quiet, after.digest) == (None, None)


def test_a_digest_in_the_form_takes_the_zone_of_the_quiet_hours_beside_it() -> None:
    form = read_form(
        filled(channel=C1, quiet={"value": "22-7 Asia/Tokyo"}, digest={"value": "daily 9:00"})
    )
    assert isinstance(form, Form)
    assert form.change.digest == DigestTime(time(9), "Asia/Tokyo")


def test_a_form_that_leaves_the_digest_as_it_is_leaves_its_next_time_as_it_is() -> None:
    digest = DigestTime(time(9), "Asia/Tokyo", since=NOW - timedelta(days=30))
    now = replace(HERE, digest=digest)
    form = read_form(filled(channel=C1, digest={"value": digest.words}))
    assert isinstance(form, Form)
    kept = form.change.apply(now, CATALOG, NOW)
    assert kept is not None
    assert kept.digest is not None
    assert kept.digest.since == digest.since
