"""Messages as values, the same for every platform; adapters only draw them.

A card is made of spans of text that adapters escape without exception: nothing in a card is
markup. Times stay times, so that each reader sees them in their own zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.chart import Chart
from bot.domain.page import Severity


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    bold: bool = False
    code: bool = False
    struck: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str  # http(s) only; adapters drop anything else and show the text


@dataclass(frozen=True, slots=True)
class Time:
    """A moment: `ago` is relative ("10 min ago"), `clock` the time of day, `date` day and time."""

    at: datetime
    style: str = "clock"


@dataclass(frozen=True, slots=True)
class ThreadLink:
    """A place on this platform: a channel, and in it a thread if `root` is given."""

    channel: str  # the platform's channel id
    root: str | None = None


Span = Text | Link | Time | ThreadLink
Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Ordinary text, one or more lines."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody else's words, word for word. Cut by the adapter, at its end, if they must be."""

    text: str
    lead: Line = ()  # who and when: "14:19 investigating"


@dataclass(frozen=True, slots=True)
class Row:
    """One surface in a table. A word stands beside every colour (colour-blind readers)."""

    severity: Severity
    name: str
    words: str
    since: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Small print."""

    line: Line


Block = Lines | Quote | Rows | Note


@dataclass(frozen=True, slots=True)
class Button:
    """`action` and `value` come back when pressed (value at most 80 characters)."""

    action: str
    label: str
    value: str = ""
    primary: bool = False
    url: str = ""  # a link button: nothing comes back


@dataclass(frozen=True, eq=False)
class Message:
    """One message. Compared by identity: adapters cache what they drew for a card that goes to
    thousands of channels.

    `plain` is the whole message in a line or two, for notifications and screen readers, and
    what is sent once when a platform refuses the drawn form.
    """

    title: str
    plain: str
    severity: Severity | None = None
    emoji: str = ""
    blocks: tuple[Block, ...] = ()
    buttons: tuple[Button, ...] = ()
    struck: bool = False  # withdrawn: the title is struck through
    ended: bool = False  # nothing more is expected
    # Of an answer, where a picture says it better; everything in it is told in the text too.
    chart: Chart | None = None


# A shape beside the colour too: these differ for readers who see no red and green.
EMOJI = {
    Severity.UP: "🟢",
    Severity.MAINTENANCE: "🔧",
    Severity.DEGRADED: "🟡",
    Severity.PARTIAL: "🟠",
    Severity.MAJOR: "🔴",
    Severity.UNKNOWN: "⚪",
}
