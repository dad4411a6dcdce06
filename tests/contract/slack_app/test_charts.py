"""Charts of answers in Slack: an image where a public page has it, and nothing where refused."""

from __future__ import annotations

import pytest

from tests.contract.slack_app.kit import said
from tests.contract.slack_bot import slack_bot
from tests.servers.slack import SlackServer

PAGE = "https://status.example.com"


async def test_a_picture_is_shown_by_the_address_of_the_public_page(server: SlackServer) -> None:
    async with slack_bot(server, "socket", page_url=PAGE) as bot:
        response = await (await bot.server.command("uptime api 90d")).response()
    (image,) = [block for block in response["blocks"] if block["type"] == "image"]
    assert image["image_url"] == f"{PAGE}/picture/uptime.png?surface=api&days=90"
    assert image["alt_text"].startswith("Uptime, last 90 days, one bar a day: API unknown")
    assert "Uptime of the last 90 days" in said(response)


@pytest.mark.parametrize("in_thread", [False, True])
async def test_where_slack_refuses_a_picture_the_words_are_answered(
    server: SlackServer, in_thread: bool
) -> None:
    server.world.refused_blocks = {"image"}
    async with slack_bot(server, "socket", page_url=PAGE) as bot:
        if in_thread:
            server.fail("invalid_blocks", "chat.postEphemeral", times=1)
        response = await (await bot.server.command("uptime api 90d")).response()
    assert "Uptime of the last 90 days" in said(response)
    assert {block["type"] for block in response["blocks"]} == {"section", "context"}


async def test_without_a_public_page_there_is_no_picture(server: SlackServer) -> None:
    async with slack_bot(server, "socket") as bot:
        response = await (await bot.server.command("uptime api 90d")).response()
    assert "image" not in {block["type"] for block in response["blocks"]}
