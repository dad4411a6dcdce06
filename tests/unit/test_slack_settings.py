"""The settings form is one that Slack takes, whatever is watched and whatever is set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.render import message_view
from adapters.slack.settings_form import read_form, settings_view
from bot.catalog.catalog import Catalog, generic, load_catalog
from bot.commands import KEEP
from bot.domain.incident import EventKind
from bot.domain.message import Message, Quote
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription
from tests.servers.slack.blocks import view_findings

CATALOG = load_catalog()
HERE = Subscription(Channel("slack", "T1", "C1"))


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("mention", [None, "<@U1>", "<!subteam^S1>"])
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
    assert "surfaces" not in [block["block_id"] for block in view["blocks"]]


def filled(**values: Any) -> dict[str, Any]:
    return {"state": {"values": {name: {"pick": value} for name, value in values.items()}}}


def test_a_group_set_by_the_command_is_kept_by_the_form_that_cannot_show_it() -> None:
    view = settings_view(CATALOG, "C1", replace(HERE, mention="<!subteam^S1>"))
    sent = filled(channel={"selected_conversation": "C1"}) | {
        "private_metadata": view["private_metadata"]
    }
    form = read_form(sent)
    assert not isinstance(form, str)
    assert form.change.mention is KEEP


def test_a_person_taken_out_of_the_form_is_called_no_more() -> None:
    form = read_form(filled(channel={"selected_conversation": "C1"}, mention={}))
    assert not isinstance(form, str)
    assert form.change.mention is None


@pytest.mark.parametrize("channel", [None, "", "D1", "U1"])
def test_only_a_channel_can_get_news(channel: str | None) -> None:
    assert isinstance(read_form(filled(channel={"selected_conversation": channel})), str)


def test_what_became_of_it_is_a_view_that_slack_takes() -> None:
    long = Message("t" * 3000, "p" * 9000, blocks=(Quote("x" * 9000),))
    assert list(view_findings(message_view(long))) == []
    assert list(view_findings(message_view(Message("", "words only")))) == []
