"""The installation of the app in a workspace, as a browser goes through it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import aiohttp

from tests.contract.slack_bot import SlackBot

SECRET = "correct horse battery staple"


async def begin(bot: SlackBot, session: aiohttp.ClientSession) -> tuple[str, str]:
    """Open the install page: the address it leads to, and the state."""
    async with session.get(bot.http + "/slack/install") as page:
        assert page.status == 200
        found = re.search(r'href="([^"]*authorize[^"]*)"', await page.text())
    assert found is not None
    address = unescape(found[1])
    return address, parse_qs(urlsplit(address).query)["state"][0]


async def finish(
    bot: SlackBot, session: aiohttp.ClientSession, code: str, state: str, cookie: str | None = None
) -> int:
    query = {"code": code, "state": state}
    # The cookie is Secure, which a plain http client would not send back.
    headers = {"Cookie": f"slack-app-oauth-state={state if cookie is None else cookie}"}
    address = bot.http + "/slack/oauth_redirect"
    async with session.get(address, params=query, headers=headers) as answer:
        return answer.status


async def answer_of(bot: SlackBot, session: aiohttp.ClientSession, code: str, state: str) -> str:
    """The page that is shown to who has just installed the app."""
    headers = {"Cookie": f"slack-app-oauth-state={state}"}
    address = bot.http + "/slack/oauth_redirect"
    query = {"code": code, "state": state}
    async with session.get(address, params=query, headers=headers) as answer:
        return await answer.text()


async def install(bot: SlackBot, team: str, **what: object) -> None:
    async with aiohttp.ClientSession() as session:
        _, state = await begin(bot, session)
        assert await finish(bot, session, bot.server.agree(team, **what), state) == 200
