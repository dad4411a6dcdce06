"""Everything that is served beside the API: pages, what keeps them up to date, feeds, badges."""

from __future__ import annotations

from adapters.web.endpoint import Endpoint
from adapters.web.page.badge import BADGES
from adapters.web.page.calendar import CALENDAR
from adapters.web.page.card import CARDS
from adapters.web.page.feeds import FEEDS
from adapters.web.page.live import LIVE
from adapters.web.page.pages import PAGES
from adapters.web.page.reporting import REPORTING
from adapters.web.page.serving import FILES, endpoint_of

WEB_PAGES: tuple[Endpoint, ...] = (
    *(endpoint_of(page) for page in PAGES),
    LIVE,
    *FEEDS,
    *CALENDAR,
    *BADGES,
    *CARDS,
    *REPORTING,
    *FILES,
)
