"""Visitors of a public page say that they are affected, over real sockets, on a real Redis."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from starlette.requests import Request

from adapters.redis.evidence import RedisReports
from adapters.web.app import REPORT_BURST
from adapters.web.page.reporting import HERE, person_of
from bot.domain.page import Severity
from bot.evidence.stores import UserReport
from tests.contract.test_web_pages import BROWSER, Words, opened
from tests.contract.web_bench import NOW, Running, node, running

__all__ = ["node", "running"]  # fixtures


@pytest.fixture
def public(running: Running) -> Running:
    """The page as it is with reports of visitors switched on."""
    running.web.reports = RedisReports(running.database, b"s")
    return running


async def press(running: Running, body: str, **headers: str) -> httpx.Response:
    sent = {"Content-Type": "application/x-www-form-urlencoded", **BROWSER, **headers}
    return await running.http.post("/report", content=body, headers=sent)


async def people(running: Running, surface: str = "api") -> int:
    assert running.web.reports is not None
    counts = await running.web.reports.of_channel(HERE, NOW)
    return sum(count.people for count in counts if count.surface == surface)


async def test_it_is_off_unless_switched_on(running: Running) -> None:
    for answer in (
        await running.get("/report", **BROWSER),
        await running.get("/justme?surface=api", **BROWSER),
        await press(running, "surface=api"),
    ):
        assert answer.status_code == 404
    assert "just me?" not in (await opened(running)).text


async def test_one_address_is_one_voice_and_can_take_it_back(public: Running) -> None:
    assert "just me?" in (await opened(public)).text
    first = await press(public, "surface=api")
    again = await press(public, "surface=api")
    assert await people(public) == 1
    over = await press(public, "surface=api&works=1")

    assert "Counted: trouble with API" in Words(first.text).text
    assert "Nobody else here" in Words(first.text).text
    assert "You are counted already" in Words(again.text).text
    assert "Good: API works for you again" in Words(over.text).text
    assert await people(public) == 0
    assert "set-cookie" not in first.headers


async def test_just_me_compares_with_everything_that_is_known(public: Running) -> None:
    alone = Words((await public.get("/justme?surface=api", **BROWSER)).text).sentence()
    await public.page_says(api=Severity.MAJOR)
    common = Words((await public.get("/justme?surface=api", **BROWSER)).text).sentence()

    assert "It looks like it is just you" in alone
    assert "It is not just you" in common


async def test_another_site_cannot_make_its_visitors_report(public: Running) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
    ):
        assert (await press(public, "surface=api", **headers)).status_code == 403
    assert (await press(public, "surface=api", **{"Sec-Fetch-Site": "same-origin"})).is_success


async def test_nobody_reports_without_end(public: Running) -> None:
    answers = [await press(public, "surface=api") for _ in range(REPORT_BURST + 1)]

    assert [one.status_code for one in answers] == [200] * REPORT_BURST + [429]
    assert int(answers[-1].headers["retry-after"]) <= 21


@pytest.mark.parametrize(
    "body", ["", "surface=opsu", "surface=", "%ff=%ff", "surface=" + "a" * 600]
)
async def test_what_names_no_surface_is_refused(public: Running, body: str) -> None:
    assert (await press(public, body)).status_code in {404, 413}


async def test_visitors_alone_alarm_no_workspace(public: Running) -> None:
    assert public.web.reports is not None
    for number in range(200):
        await public.web.reports.add(UserReport(HERE, f"192.0.2.{number}", "api"), NOW)
    public.at(NOW + timedelta(seconds=1))

    answer = (await public.get("/v1/verdict/api")).json()
    assert answer["verdicts"][0]["suspected"] is False
    assert "200 people report trouble" in (await opened(public, "/surface/api")).text


@pytest.mark.parametrize(
    ("host", "person"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::9", "2001:0db8:0001:0002"),
        ("testclient", "testclient"),
    ],
)
def test_a_person_is_an_address_and_of_ipv6_a_network(host: str, person: str) -> None:
    assert person_of(Request({"type": "http", "client": (host, 1), "headers": []})) == person
