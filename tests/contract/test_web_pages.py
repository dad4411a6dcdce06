"""Pages for people, over real sockets, on a real Redis."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import httpx
import pytest

from adapters.redis.client import open_database
from adapters.redis.incidents import RedisIncidentStore
from adapters.web.app import build
from adapters.web.page.site import Site
from adapters.web.server import serving
from bot.domain.incident import EventKind, Incident, IncidentEvent
from bot.domain.page import Severity
from tests.contract.web_bench import NOW, Running, incident, node, running
from tests.servers.redis import standalone

__all__ = ["node", "running"]  # fixtures

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
HOSTILE = (
    "<script>alert(1)</script> </blockquote><img src=x onerror=alert(1)> &amp; \u202egnp\u202c"
)
EVERY = ("/", "/wall", "/provider/claude", "/incident/i1", "/surface/api", "/history", "/about")
VOID = {"meta", "link", "rect", "path", "br", "img", "input"}


class Words(HTMLParser):
    """The text and the elements of a page, whose tags have to be closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def sentence(self) -> str:
        return " ".join(self.text.split())


async def opened(running: Running, path: str = "/") -> Words:
    answer = await running.get(path, **BROWSER)
    assert answer.status_code == 200, answer.text
    return Words(answer.text)


def planned() -> Incident:
    event = IncidentEvent(
        1, EventKind.SCHEDULED, "p-1", NOW, NOW, Severity.UP, "scheduled", "We will.", (), "p1"
    )
    return replace(
        incident("p1", api=Severity.UP),
        title="Database upgrade",
        maintenance=True,
        phase="scheduled",
        scheduled_for=NOW + timedelta(days=2),
        scheduled_until=NOW + timedelta(days=2, hours=1),
        events=(event,),
    )


async def test_the_first_page_is_the_whole_answer(running: Running) -> None:
    await running.page_says(incident("i1", api=Severity.MAJOR), planned(), api=Severity.MAJOR)

    said = (await opened(running)).sentence()

    assert "Is Claude down? Yes, partly. The API is down; claude.ai and Claude Code work" in said, (
        said
    )
    assert "API major outage" in said
    assert "Official page: Claude API (api.anthropic.com)" in said
    assert "seen 0 s ago" in said
    assert "What you can do:" in said
    assert "We are investigating." in said
    assert "Scheduled maintenance Database upgrade" in said
    assert "11 Apr, 12:00 UTC until 11 Apr, 13:00 UTC" in said


@pytest.mark.parametrize("path", EVERY)
async def test_texts_from_outside_stay_text_on_every_page(running: Running, path: str) -> None:
    hostile = incident("i1", api=Severity.MAJOR)
    told = replace(hostile.events[0], text=HOSTILE * 60, update_id="u1")
    hostile = replace(hostile, title=HOSTILE, url="javascript:alert(1)", events=(told,))
    await running.page_says(hostile, api=Severity.MAJOR)

    page = await opened(running, path)

    scripts = [attrs for tag, attrs in page.elements if tag == "script"]
    assert [set(attrs) for attrs in scripts] == [{"defer", "src"}]
    pictures = [str(attrs["src"]) for tag, attrs in page.elements if tag == "img"]
    assert pictures == (["../badge/api.svg"] if path == "/surface/api" else [])
    assert not any("javascript:" in str(attrs) for _, attrs in page.elements)
    assert not re.search("[\u202a-\u202e]", page.text)
    if path in {"/", "/incident/i1"}:
        assert page.text.count("alert(1)") >= 120  # word for word, not cut


@pytest.mark.parametrize("path", EVERY)
async def test_nothing_is_inline_and_nobody_else_is_asked(running: Running, path: str) -> None:
    await running.page_says(incident("i1", api=Severity.MAJOR), api=Severity.MAJOR)
    answer = await running.get(path, **BROWSER)
    page = Words(answer.text)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    for tag, attrs in page.elements:
        assert "style" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        if tag in {"script", "link", "img"}:
            address = str(attrs.get("src") or attrs.get("href"))
            assert re.match(r"\.{1,2}/", address), address


@pytest.mark.parametrize("path", EVERY)
async def test_every_link_of_every_page_leads_somewhere(running: Running, path: str) -> None:
    await running.page_says(incident("i1", api=Severity.MAJOR), planned(), api=Severity.MAJOR)
    page = await opened(running, path)
    here = httpx.URL(running.http.base_url).join(path)

    for tag, attrs in page.elements:
        address = attrs.get("href") or attrs.get("src") or ""
        if tag in {"a", "link", "script"} and not address.startswith(("http", "#")):
            assert (await running.http.get(here.join(address))).status_code == 200, address


async def test_ids_are_given_once(running: Running) -> None:
    await running.page_says(incident("i1", api=Severity.MAJOR), api=Severity.MAJOR)
    for path in EVERY:
        ids = [attrs["id"] for _, attrs in (await opened(running, path)).elements if "id" in attrs]
        assert len(ids) == len(set(ids)), path


async def test_the_page_stays_while_our_store_is_away_and_says_how_old_it_is(
    running: Running,
) -> None:
    await running.page_says(incident("i1", api=Severity.MAJOR), api=Severity.MAJOR)
    await opened(running)
    with standalone() as gone:
        away = await open_database(gone.url)
    store = RedisIncidentStore(away)
    running.web.status.incident_store = running.web.status.snapshot.incident_store = store
    running.at(NOW + timedelta(seconds=50))

    soon = (await opened(running)).sentence()
    running.at(NOW + timedelta(minutes=5))
    later = (await opened(running)).sentence()
    one = (await opened(running, "/incident/i1")).sentence()
    await away.close()

    assert "what I knew 50 s ago" in soon
    assert "The API is down" in soon
    assert "what I knew 5 min ago" in later
    assert "I can't see the status page" in later
    assert "was major outage" in later
    assert "We are investigating." in one


async def test_without_anything_known_the_page_says_so_instead_of_nothing(
    running: Running,
) -> None:
    with standalone() as gone:
        away = await open_database(gone.url)
    running.web.status.snapshot.incident_store = RedisIncidentStore(away)
    answer = await running.get("/", **BROWSER)
    await away.close()

    assert answer.status_code == 503
    assert "I can't reach my own store" in Words(answer.text).text


async def test_a_page_that_cannot_be_seen_is_unknown_not_down(running: Running) -> None:
    await running.page_says()
    running.at(NOW + timedelta(hours=1))

    said = (await opened(running)).sentence()

    assert "I can't see the status page." in said
    assert "API was up" in said


async def test_a_person_gets_errors_as_a_page_and_a_program_as_json(running: Running) -> None:
    person = await running.get("/nowhere", **BROWSER)
    program = await running.get("/nowhere")
    api = await running.get("/v1/verdict/nowhere", **BROWSER)

    assert (person.status_code, program.status_code, api.status_code) == (404, 404, 404)
    assert person.headers["content-type"].startswith("text/html")
    assert set(program.json()) == set(api.json()) == {"error"}


async def test_an_unchanged_page_is_304_and_a_packed_one_is_smaller(running: Running) -> None:
    first = await running.get("/about", **BROWSER)
    again = await running.get("/about", **{"If-None-Match": first.headers["etag"]})
    plain = await running.get("/about", **{"Accept-Encoding": "identity"})

    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.text == first.text


@pytest.mark.parametrize("passed_on", [True, False])
async def test_a_proxy_may_put_it_under_a_path(running: Running, *, passed_on: bool) -> None:
    running.web.site = Site("https://example.com/claude")
    running.web.public_url = "https://example.com/claude"
    top = "/claude" if passed_on else ""
    async with (
        serving(build(running.web), "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        deep = await http.get(f"{top}/surface/api", headers=BROWSER)
        bare = await http.get("/claude", headers=BROWSER)

    links = [str(attrs.get("href")) for tag, attrs in Words(deep.text).elements if tag == "link"]
    assert deep.status_code == 200
    assert all(link.startswith("../") and not link.startswith("../../") for link in links)
    assert deep.headers["strict-transport-security"]
    assert (bare.status_code, bare.headers["location"]) == (308, "/claude/")


async def test_a_month_that_is_none_is_refused_with_an_example(running: Running) -> None:
    for month in ("2026-13", "april", "1999-01", "2031-01"):
        answer = await running.get(f"/history?month={month}", **BROWSER)
        assert answer.status_code == 404
        assert "2026-04" in answer.text
