"""What a board shows: the present, in words that do not grow old while it stands."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.board import PIN, Board
from bot.domain.message import Rows, ThreadLink
from bot.domain.subscription import Channel, Subscription, ThreadRecord
from bot.messages.board import BoardContent, board_content, board_line
from bot.status.view import ProviderStatus
from tests.unit.messages.examples import (
    DOWN,
    MAJOR,
    NOW,
    OUTAGE,
    QUIET,
    ago,
    claude,
    line_words,
    seen,
    spoken,
    verdict,
)

OPS = Channel("slack", "T1", "ops")


def content(present: ProviderStatus, *surfaces: str, root: str = "") -> BoardContent:
    asked = Subscription(OPS, surfaces=frozenset(surfaces))
    threads = {OUTAGE.key: ThreadLink("ops", root)} if root else {}
    return board_content(seen(present), asked, threads)


def test_the_verdict_each_surface_and_the_incidents_with_their_threads() -> None:
    said = spoken(content(claude(*DOWN, incidents=(OUTAGE,)), root="1.2").message)
    assert said.splitlines() == [
        "🔴 claude.ai is down; Claude Code is partly down; the API and the Console work",
        "major_outage: claude.ai major outage since 17:41",
        "partial_outage: Claude Code partial outage since 17:41",
        "up: API up",
        "up: Console up",
        (
            "Incident: Claude.ai unavailable (identified, 2 updates) · "
            "[open it](https://stspg.io/9l93x2ht4s5w) · thread in #ops/1.2"
        ),
        (
            "As of 0 s ago; renewed with every change, and every hour · "
            "[status.claude.com](https://status.claude.com)"
        ),
    ]


def test_only_what_the_channel_asks_for() -> None:
    said = spoken(content(claude(*DOWN, incidents=(OUTAGE,)), "api").message)
    assert said.splitlines()[0] == "🟢 The API is up"
    assert "claude.ai" not in said.partition("As of")[0]
    assert "Incident" not in said


def test_what_cannot_be_seen_is_said_and_nothing_is_green() -> None:
    lost = claude(*DOWN, observed_at=ago(90), failing_since=ago(85), failure="timeout")
    message = content(lost).message
    said = spoken(message)
    assert said.startswith("⚪ I can't see the status page")
    assert "I can't see Claude's page since 16:26; what is shown of it is from 90 min ago." in said
    assert "was major outage" in said
    assert "🟢" not in said


def test_nothing_in_it_is_a_length_of_time_that_passes() -> None:
    """A board of ten minutes later differs in its times alone, which platforms let pass."""
    for present in (
        claude(*DOWN, incidents=(OUTAGE,)),
        claude(*QUIET),
        claude(*DOWN, observed_at=ago(90), failing_since=ago(85)),
    ):
        view = seen(present)
        later = replace(view, at=NOW.replace(minute=59))
        asked = Subscription(OPS)
        assert board_content(view, asked, {}).shown == board_content(later, asked, {}).shown


def test_an_incident_of_another_workspace_alone_is_not_on_it() -> None:
    theirs = replace(OUTAGE, visibility=("slack/T2",))
    ours = replace(OUTAGE, visibility=("slack/T2", "slack/T1"))
    for known, is_on_it in ((theirs, False), (ours, True)):
        said = spoken(content(claude(*DOWN, incidents=(known,))).message)
        assert ("Claude.ai unavailable" in said) is is_on_it


def test_of_many_rows_those_that_are_up_share_one() -> None:
    many = ("claude.ai", "api", "code", "cowork", "console", "government", "mobile", "opus")
    more = (*many, "sonnet", "haiku", "fable")
    verdicts = [verdict(surface) for surface in more]
    verdicts[1] = verdict("api", MAJOR, minutes=10)
    (rows,) = [b for b in content(claude(*verdicts), *more).message.blocks if isinstance(b, Rows)]
    assert [row.words for row in rows.rows] == ["major outage", "up"]
    assert "claude.ai, Claude Code" in rows.rows[1].name


def test_a_channel_is_told_where_its_board_is_and_what_it_lacks() -> None:
    board = Board(NOW)
    asked = Subscription(OPS, board=board)
    stands = ThreadRecord(root="1.2", joined=board.number)
    assert board_line(Subscription(OPS), None) == ()
    assert board_line(Subscription(OPS, board=Board(NOW, kept=False)), stands) == ()
    assert "on its way" in line_words(board_line(asked, None))
    assert "on its way" in line_words(board_line(asked, replace(stands, joined=1)))
    assert line_words(board_line(asked, stands)) == "The board is kept: #ops/1.2"
    unpinned = replace(stands, replies={PIN: "no permission"})
    assert "(not pinned: no permission)" in line_words(board_line(asked, unpinned))
    assert "was deleted, so it is off" in line_words(board_line(asked, replace(stands, root="")))
