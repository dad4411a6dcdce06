"""Five outages as they were reported: what a person in them was to be told."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.cases.day import Day
from tests.servers.statuspage import API, CLAUDE_AI, CODE, COWORK


async def test_the_api_works_while_the_rest_is_down() -> None:
    """claude.ai, Claude Code and the apps failed, then Cowork and Opus 4.6; the API went on."""
    day = Day()
    outage = day.page.open("Elevated errors on Claude.ai", {CLAUDE_AI: "major_outage"})
    day.passes(minutes=2)
    assert (await day.asks("is the api down?")).message.plain == "No. The API is up."
    assert (await day.asks("are the mobile apps ok?")).message.plain.startswith("No.")
    hit = {CLAUDE_AI: "major_outage", CODE: "partial_outage", COWORK: "major_outage"}
    day.page.update(outage, "identified", hit, body="Opus 4.6 is affected, too.")
    day.passes(minutes=2)
    assert (await day.asks("opus 4.6")).message.plain.startswith("Yes")
    assert (await day.asks("opus 4.8")).message.plain.startswith("No.")
    assert "API" in await day.says("is claude down?")


async def test_a_limit_that_nobody_used_up_is_not_theirs_to_solve() -> None:
    """Wednesday, major for 40 minutes, then partial for 73: "hit your limit" without a message."""
    day = Day(datetime(2026, 6, 3, 14, 29, tzinfo=UTC))
    hit = {CLAUDE_AI: "major_outage", COWORK: "major_outage", CODE: "major_outage"}
    outage = day.page.open("Login fails", hit)
    day.passes(minutes=40)
    for error in ("You've hit your limit for Claude messages", "Service is temporarily busy"):
        said = await day.says(f"explain {error}")
        assert "yours" not in said.partition("\n")[0]
        assert "trouble with" in said
        assert "another plan" not in said
    day.page.update(outage, "identified", dict.fromkeys(hit, "partial_outage"))
    day.passes(minutes=73)
    day.page.resolve(outage)
    day.passes(minutes=1)
    (incident,) = day.kept.incidents.values()
    lasted = [
        round((after - before).total_seconds() / 60)
        for (before, _), after in zip(
            incident.timeline, [incident.timeline[1][0], incident.ended_at], strict=True
        )
        if after
    ]
    assert [how.value for _, how in incident.timeline] == ["major_outage", "partial_outage"]
    assert lasted == [40, 73]
    assert "usage limit" in (await day.says("explain You've hit your limit")).casefold()


async def test_who_cannot_log_in_is_told_to_use_the_api_and_not_to_try_again() -> None:
    """Login and logout of claude.ai and the apps failed; the API "works as intended"."""
    day = Day()
    outage = day.page.open(
        "Login and logout fail",
        {CLAUDE_AI: "major_outage"},
        body="Login and logout on claude.ai and mobile fail. The API works as intended.",
    )
    day.passes(minutes=2)
    said = await day.says("is claude down?")
    assert "use the API" in said
    assert "do not log in again" in said
    login = await day.says("explain login failed")
    assert "clear cookies" in login  # not to be done
    assert "theirs" in login
    day.page.update(outage, "monitoring", {CLAUDE_AI: "degraded_performance"})
    day.passes(minutes=2)
    assert (await day.asks("is it back?")).message.plain.startswith("Partly.")
    day.page.resolve(outage)
    day.passes(minutes=2)
    assert (await day.asks("is it back?")).message.plain == "Yes. Everything is up."


async def test_an_account_that_is_refused_in_an_outage_is_not_to_be_changed() -> None:
    """403 "no longer a member of the organization" while all was down: no account had changed."""
    day = Day()
    refused = "API Error: 403 permission_error Account is no longer a member of the organization"
    assert "probably yours" in await day.says(f"explain {refused}")
    day.page.open(
        "Major outage on all platforms", dict.fromkeys(day.page.components, "major_outage")
    )
    day.passes(minutes=2)
    said = await day.says(f"explain {refused}")
    assert "yours" not in said.partition("\n")[0]
    assert "change nothing" in said
    assert "theirs" in await day.says("explain Can't reach Claude. Check your connection")
    told = await day.says("back code")
    assert "tell you" in told


async def test_degraded_is_not_down_and_another_model_is_named() -> None:
    """18 March: "500 Internal Server Error" on Opus and Sonnet; Haiku worked."""
    day = Day()
    day.page.open(
        "Elevated errors on Opus and Sonnet",
        {API: "degraded_performance"},
        body="We see elevated errors on Opus and Sonnet.",
    )
    day.passes(minutes=2)
    said = await day.says("is claude down?")
    assert said.startswith("🟡 Partly.")
    assert " down" not in said.partition("\n")[0]
    assert "another model may work" in said
    assert "theirs" in await day.says("explain API 500")
