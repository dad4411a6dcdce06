"""What `ISCLAUDEDOWN_PROVIDERS` may name: providers, their surfaces, their regions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.providers.kinds import KINDS
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.catalog.names import find
from bot.catalog.targets import TargetKind, load_targets
from bot.catalog.watched import watched_catalog
from bot.domain.errors import SettingsError
from bot.domain.incident import Incident, Origin
from bot.domain.page import Severity
from bot.domain.state import State
from bot.domain.subscription import Channel, Subscription
from bot.evidence.probes import ProbeOutcome, ProbeResponse, judge
from bot.settings import Settings
from bot.status.view import is_fresh

WHOLE = load_catalog()
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_every_provider_has_a_kind_that_there_is() -> None:
    assert {provider.kind for provider in WHOLE.providers.values()} <= set(KINDS)


def test_a_region_is_a_surface_with_a_component_of_its_own() -> None:
    catalog = only(WHOLE, ["bedrock/eu-west-1", "bedrock/us-east-1"])
    bedrock = catalog.providers["bedrock"]
    assert [surface.id for surface in bedrock.surfaces] == [
        "bedrock/eu-west-1",
        "bedrock/us-east-1",
    ]
    assert bedrock.rows == {
        "bedrock-eu-west-1": ("Bedrock in eu-west-1",),
        "bedrock-us-east-1": ("Bedrock in us-east-1",),
    }
    assert find(catalog, "bedrock eu-west-1").surfaces == ("bedrock/eu-west-1",)


def test_a_provider_that_has_regions_may_need_one() -> None:
    with pytest.raises(SettingsError, match="bedrock needs a region, as bedrock/eu-west-1"):
        only(WHOLE, ["bedrock"])
    assert [s.id for s in only(WHOLE, ["gemini"]).surfaces()] == ["gemini/api", "gemini/inference"]


def test_of_a_part_alone_the_other_rows_of_the_page_count_for_nothing() -> None:
    github = only(WHOLE, ["github/copilot"]).providers["github"]
    assert [surface.id for surface in github.surfaces] == ["github/copilot"]
    assert github.surface_of("pjmpxvq2cmr2") == "github/copilot"
    assert github.surface_of("br0l2tvcx85d") is None
    assert "br0l2tvcx85d" in github.ignored


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("github/nothing", "github/nothing is no part of it"),
        ("bedrock/EUROPE", "bedrock/EUROPE is no part of it"),
        ("opnai", "did you mean openai"),
    ],
)
def test_a_name_that_means_nothing_is_refused_with_what_is_known(name: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        only(WHOLE, [name])


def test_a_page_by_its_address_stands_in_for_the_first_provider_or_part() -> None:
    settings = Settings(providers=("bedrock/eu-west-1",), page_url="https://aws.example.com")
    bedrock = watched_catalog(settings).providers["bedrock"]
    assert (bedrock.page, bedrock.source) == ("https://aws.example.com", "")


def test_pauses_between_polls_grow_with_the_setting() -> None:
    settings = Settings(providers=("claude", "xai"), poll_seconds=60)
    providers = watched_catalog(settings).providers
    assert (providers["claude"].every, providers["xai"].every) == (60, 600)


def test_a_probe_is_made_for_each_region_that_is_watched() -> None:
    targets = load_targets(only(WHOLE, ["bedrock/eu-west-1", "gemini", "npm"]))
    assert [(target.url, target.surfaces) for target in targets if target.surfaces] == [
        (
            "https://bedrock.eu-west-1.amazonaws.com/foundation-models",
            ("bedrock/eu-west-1",),
        ),
        ("https://generativelanguage.googleapis.com/v1beta/models", ("gemini/api",)),
    ]


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (401, '{"error": {"message": "no key"}}', ProbeOutcome.GOOD),
        (403, '{"message": "Missing Authentication Token"}', ProbeOutcome.GOOD),
        (403, "<html>a hotel's network</html>", ProbeOutcome.INCONCLUSIVE),
        (404, "{}", ProbeOutcome.INCONCLUSIVE),
        (503, "{}", ProbeOutcome.BAD),
    ],
)
def test_an_api_that_refuses_who_shows_no_key_answers(
    status: int, body: str, outcome: ProbeOutcome
) -> None:
    target, *neutral = load_targets(only(WHOLE, ["openai"]))
    assert target.kind is TargetKind.DOOR
    assert {one.kind for one in neutral} == {TargetKind.CONTROL}
    assert judge(target, ProbeResponse(status, {}, body)).outcome is outcome


def test_a_channel_that_asked_for_nothing_in_particular_gets_the_default_provider() -> None:
    assert WHOLE.by_default == ("claude",)
    assert only(WHOLE, ["openai", "npm"]).by_default == ("openai", "npm")
    channel = Subscription(Channel("terminal", "local", "a"))
    asks = Subscription(Channel("terminal", "local", "b"), surfaces=frozenset({"openai/api"}))
    outage = Incident(
        "openai", "i", "t", "", Origin.PROVIDER, NOW, Severity.MAJOR, Severity.MAJOR,
        by_default=False,
    )  # fmt: skip
    assert not channel.matches(outage)
    assert not asks.matches(outage)  # it names no surface


def test_a_page_that_is_polled_seldom_is_fresh_for_longer() -> None:
    seen = State("xai", NOW, observed_at=NOW, failing_since=NOW)
    assert not is_fresh(seen, NOW + timedelta(minutes=3))
    assert is_fresh(seen, NOW + timedelta(minutes=10), every=300)
    assert not is_fresh(seen, NOW + timedelta(minutes=13), every=300)
