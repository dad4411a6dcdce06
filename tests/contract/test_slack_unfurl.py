"""A link to the status page shows the incident as it is now."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.domain.incident import EventKind
from tests.contract.slack_bot import SlackBot, slack_bot
from tests.delivery_kit import commit, incident
from tests.servers.slack import eventually, running_slack

LINK = "https://status.claude.com/incidents/x1"


@pytest.fixture
async def bot() -> AsyncIterator[SlackBot]:
    async with running_slack() as server, slack_bot(server, "http") as one:
        await commit(one.store, incident(EventKind.OPENED))
        yield one


async def shared(bot: SlackBot, *links: str, **where: str) -> None:
    await bot.server.event(
        {
            "type": "link_shared",
            "channel": "C1",
            "user": "U1",
            "message_ts": "1700000000.000100",
            "links": [{"domain": link.split("/")[2], "url": link} for link in links],
            **where,
        }
    )


@pytest.mark.parametrize(
    "where", [{}, {"unfurl_id": "C1.1700000000.000100.abc", "source": "composer"}]
)
async def test_a_link_to_an_incident_shows_what_is_true_now(
    bot: SlackBot, where: dict[str, str]
) -> None:
    await shared(bot, "https://status.claude.com/", LINK, **where)
    unfurls = await eventually(lambda: bot.server.team.unfurls)
    assert list(unfurls) == [LINK]  # the page itself is no incident
    assert "API errors" in str(unfurls[LINK])
    assert "actions" not in {block["type"] for block in unfurls[LINK]["blocks"]}
    assert not bot.server.world.violations


async def test_a_link_that_leads_elsewhere_is_left_alone(bot: SlackBot) -> None:
    await shared(bot, "https://status.claude.com/incidents/unknown", "https://stspg.io/")
    await shared(bot, LINK)
    await eventually(lambda: bot.server.team.unfurls)
    assert bot.server.world.calls["chat.unfurl"] == 1
