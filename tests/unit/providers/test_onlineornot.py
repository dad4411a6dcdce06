"""OnlineOrNot's feed: dates without a year, incidents without a component."""

from __future__ import annotations

import pytest

from adapters.providers import onlineornot
from adapters.providers.port import Page
from bot.domain.errors import SourceError
from bot.domain.page import Severity, Snapshot
from tests.unit.providers.samples import feed
from tests.unit.providers.samples.sample import PAGE

TITLE = "Example Status - Incident History"


def item(*words: tuple[str, str], title: str = "API fails", began: str = "28 Aug 2026") -> str:
    """An item with these words and their times, newest first."""
    text = "".join(
        f"<p><small>{when}</small><br/><strong>{word}</strong> - <p>We look.</p></p>"
        for word, when in words
    )
    return (
        f"<item><title>{title}</title><link>status.example.com/incidents/n8d-Ze</link>"
        f"<description><![CDATA[{text}]]></description>"
        f"<pubDate>Fri, {began} 02:15:31 GMT</pubDate></item>"
    )


def read(*items: str, title: str = TITLE) -> Snapshot:
    page = Page("example", PAGE, {"api": ("API",), "chat": ("Chat",)})
    return onlineornot.parse(feed(title, *items).encode(), page)


def severities(snapshot: Snapshot) -> dict[str, Severity]:
    return {component.id: component.severity for component in snapshot.components}


def test_an_open_incident_makes_what_it_names_degraded_and_no_more() -> None:
    seen = read(
        item(("IDENTIFIED", "Aug 28, 2:40 AM UTC"), ("INVESTIGATING", "Aug 28, 2:15 AM UTC"))
    )
    assert severities(seen) == {"api": Severity.DEGRADED, "chat": Severity.UP}
    (incident,) = seen.incidents
    assert [(update.phase, update.text) for update in incident.updates] == [
        ("investigating", "We look."),
        ("identified", "We look."),
    ]
    assert incident.url == f"{PAGE}/incidents/n8d-Ze"


def test_one_that_names_nothing_may_mean_any_so_that_none_is_up() -> None:
    seen = read(item(("INVESTIGATING", "Aug 28, 2:15 AM UTC"), title="Elevated 429s"))
    assert set(severities(seen).values()) == {Severity.UNKNOWN}
    assert [incident.linkable for incident in seen.incidents] == [False]


def test_a_word_that_nobody_knows_is_neither_open_nor_over() -> None:
    assert severities(read(item(("PONDERING", "Aug 28, 2:15 AM UTC"))))["api"] is Severity.UNKNOWN


def test_its_end_is_history() -> None:
    seen = read(
        item(("RESOLVED", "Aug 28, 10:33 PM UTC"), ("INVESTIGATING", "Aug 28, 2:15 AM UTC"))
    )
    assert set(severities(seen).values()) == {Severity.UP}
    (over,) = seen.recent or ()
    assert over.resolved_at is not None
    assert over.resolved_at.isoformat() == "2026-08-28T22:33:00+00:00"


def test_the_year_of_a_time_is_the_one_in_which_the_incident_ran() -> None:
    words = ("RESOLVED", "Jan 1, 1:05 AM UTC"), ("INVESTIGATING", "Dec 31, 2:16 AM UTC")
    (over,) = read(item(*words, began="31 Dec 2026")).recent or ()
    assert [update.at.year for update in over.updates] == [2026, 2027]


@pytest.mark.parametrize(
    "when", ["yesterday", "Feb 30, 1:00 AM UTC", "9:99", "Aug 28, 2:15 AM XYZ"]
)
def test_a_time_that_cannot_be_read_is_that_of_the_beginning(when: str) -> None:
    (incident,) = read(item(("INVESTIGATING", when))).incidents
    assert incident.updates[0].at.isoformat() == "2026-08-28T02:15:31+00:00"


def test_the_feed_of_a_statuspage_has_the_same_title_and_is_refused() -> None:
    theirs = (
        "<item><title>API fails</title><link>https://status.example.com/incidents/abc</link>"
        "<description>&lt;p&gt;&lt;small&gt;Aug &lt;var data-var='date'&gt;28&lt;/var&gt; UTC"
        "&lt;/small&gt;&lt;br&gt;&lt;strong&gt;Resolved&lt;/strong&gt; - Over.&lt;/p&gt;"
        "</description><pubDate>Fri, 28 Aug 2026 02:15:31 GMT</pubDate></item>"
    )
    with pytest.raises(SourceError, match="changed its format"):
        read(theirs)


def test_an_empty_feed_announces_nothing() -> None:
    assert [component.status for component in read().components] == ["nothing announced"] * 2
