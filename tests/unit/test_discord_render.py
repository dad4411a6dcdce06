"""Cards drawn for Discord: within its limits for any input, and inert whatever the text says."""

import re
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat.text import cut, size
from adapters.discord import markup, refs, render
from adapters.discord.command_names import native
from adapters.discord.markup import escape, escape_cut, mention_parts, one_line
from bot.domain.message import (
    Button,
    Lines,
    Link,
    Message,
    Note,
    Quote,
    Row,
    Rows,
    Text,
    ThreadLink,
    Time,
)
from bot.domain.page import Severity
from tests.servers.discord import spec
from tests.servers.discord.interactions import visible_text

HOSTILE = (
    "@everyone <@1> <@&2> <#3> </cmd:4> <t:1:R> <:a:5> **b** [x](https://evil.example) ||s|| "
    "`code` ~~s~~ _i_\n# heading\n- list\n> quote\n1. one\n\u202eturned\x00"
)
NOW = datetime(2026, 11, 20, 17, 41, tzinfo=UTC)

words = st.text(max_size=200) | st.just(HOSTILE) | st.just("x" * 7000) | st.just("\\*" * 3000)
urls = st.sampled_from(
    ["https://a.example/x_(y)", "javascript:alert(1)", "https://a b", "x" * 3000]
)
times = st.integers(1_420_070_400, 3_786_912_000).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)
spans: st.SearchStrategy[Any] = st.one_of(
    st.builds(Text, words, st.booleans(), st.booleans(), st.booleans()),
    st.builds(Link, words, urls),
    st.builds(Time, times, st.sampled_from(["ago", "clock", "date", "?"])),
    st.builds(ThreadLink, words, st.sampled_from([None, "1/2", "1/2/t", "9/9", "nonsense"])),
)
line = st.lists(spans, max_size=6).map(tuple)
severities = st.sampled_from(Severity)
rows = st.builds(Row, severities, words, words, st.none() | times, words)
blocks = st.one_of(
    st.builds(Lines, st.lists(line, max_size=6).map(tuple)),
    st.builds(Quote, words, line),
    st.builds(Rows, st.lists(rows, max_size=20).map(tuple)),
    st.builds(Note, line),
)
buttons = st.builds(
    Button,
    st.sampled_from(["back", "subscribe", "details", "affected"]),
    words,
    st.text(max_size=80),
    st.booleans(),
    st.just("") | urls,
)
cards = st.builds(
    Message,
    words,
    words,
    st.none() | severities,
    st.sampled_from(["", "🔴"]),
    st.lists(blocks, max_size=8).map(tuple),
    st.lists(buttons, max_size=30).map(tuple),
    st.booleans(),
    st.booleans(),
)


def body(drawn: render.Rendered, key: str) -> dict[str, Any]:
    return render.body_of(render.marked(drawn, key))


@settings(max_examples=150, deadline=None)
@given(cards)
def test_any_card_is_a_message_that_discord_takes(card: Message) -> None:
    sent = body(render.render(card, guild=7), "k")

    assert spec.limits_broken(sent) is None
    assert sent["content"]
    assert all(size(e["description"]) <= markup.DESCRIPTION for e in sent["embeds"])
    assert spec.problem("POST", "/channels/{channel_id}/messages", sent) is None
    assert 1 <= size(render.thread_name(card)) <= 100


@settings(max_examples=200, deadline=None)
@given(words)
def test_escaped_text_holds_no_live_markup(text: str) -> None:
    shown = escape(text)
    bare = re.sub(r"\\.", "x", shown, flags=re.DOTALL)
    without_addresses = re.sub(r"https?://\S+", "", bare)

    assert not re.search(r"<[@#/t:]|\]\(|@everyone|@here", bare)
    assert not re.search(r"[*_`|~\[\]<>]", without_addresses)
    assert not re.search(r"(?m)^\s*(#|-|\+|>)", bare)


@given(words, st.integers(0, 300))
def test_a_cut_keeps_within_its_room_and_tears_no_escape(text: str, room: int) -> None:
    shown = escape_cut(text, room)
    assert size(shown) <= room
    assert size(cut(one_line(text), room)) <= room
    tail = shown.rstrip("…")
    assert (len(tail) - len(tail.rstrip("\\"))) % 2 == 0


def test_a_long_text_of_blank_lines_is_escaped_to_its_end() -> None:
    assert escape("\n\u2003" * 100_000 + "# x").endswith("\\# x")


def test_an_address_in_a_text_stays_as_it_is() -> None:
    assert escape("see https://status.claude.com/a_b_c now") == (
        "see https://status.claude.com/a_b_c now"
    )


def test_a_hidden_link_shows_its_address() -> None:
    shown = escape("[status](https://evil.example)")
    assert "](" not in shown
    assert "https://evil.example" in shown


def test_the_headline_is_the_text_and_the_colour_the_severity() -> None:
    card = Message(
        "Claude.ai unavailable · major outage",
        "plain",
        Severity.MAJOR,
        "🔴",
        blocks=(
            Rows((Row(Severity.MAJOR, "claude.ai", "major outage", NOW, "was up"),)),
            Quote("first\nsecond", lead=(Time(NOW), Text(" identified"))),
            Note((Text("Official page"),)),
        ),
    )
    drawn = render.render(card)
    stamp = int(NOW.timestamp())
    assert drawn.content == "🔴 **Claude.ai unavailable · major outage**"
    assert drawn.embeds[0]["color"] == 0xE74C3C
    assert drawn.embeds[0]["description"] == (
        f"🔴 **claude.ai**  ·  major outage  ·  since <t:{stamp}:t> (<t:{stamp}:R>)  ·  was up\n"
        f"<t:{stamp}:t> identified\n> first\n> second\n-# Official page"
    )


def test_a_long_quote_gives_way_and_what_is_ours_stays() -> None:
    card = Message("t", "p", blocks=(Quote("word " * 3000), Note((Text("the end"),))))
    texts = [embed["description"] for embed in render.render(card).embeds]
    assert len(texts) == 2
    assert texts[-1].endswith("-# the end")
    assert "…" in texts[-1]


def test_a_mark_is_found_again_and_shows_only_where_there_is_no_embed() -> None:
    note = (Note((Text("n"),)),)
    with_button = Message("t", "p", blocks=note, buttons=(Button("back", "Back", "claude/1"),))
    without = Message("t", "p", blocks=note)
    bare = Message("t", "p")
    for card in (with_button, without, bare):
        sent = body(render.render(card), "key")
        assert refs.marks_of(sent) == {refs.mark("key")}
        assert (refs.mark("key") in visible_text(sent)) is (card is bare)
    assert "url" not in body(render.render(with_button), "key")["embeds"][0]
    line = render.line_of(without, 7, "key")
    assert refs.marks_of(line) == {refs.mark("key")}
    assert visible_text(line) == "**t**\nmore in <#7>"


def test_a_button_gives_back_action_and_value_with_or_without_its_mark() -> None:
    for own in ("icd:back:claude/1~0123456789", "icd:back:claude/1"):
        found = refs.BUTTON.fullmatch(own)
        assert found is not None
        assert (found["action"], found["value"]) == ("back", "claude/1")


def test_a_place_is_a_thread_where_one_was_made_and_a_message_where_none() -> None:
    def shown(root: str | None) -> str:
        card = Message("t", "p", blocks=(Lines(((ThreadLink("1", root),),)),))
        return str(render.render(card, guild=7).embeds[0]["description"])

    assert shown("1/2/t") == "<#2>"
    assert shown("5/5") == "<#5>"
    assert shown("1/2") == "https://discord.com/channels/7/1/2"
    assert shown(None) == "<#1>"


def test_a_threads_name_can_be_read_from_its_root() -> None:
    for title in ("Claude is down", "*b* [x](y) @everyone 1. one \\ end", "a_b_c `code` ~s~"):
        card = Message(title, "p", Severity.MAJOR, struck=True, blocks=(Quote("x"),))
        content = render.render(card).content
        assert render.name_from_root(content) == render.thread_name(card)
        assert render.name_from_root(f"<@&12345> {content}") == render.thread_name(card)
    assert render.name_from_root("") == "Incident"


def test_several_may_be_called_and_never_everybody() -> None:
    in_front, allowed = mention_parts("<@&12345> <@!67890> @everyone")
    assert in_front == "<@&12345> <@67890> "
    assert allowed == {"parse": [], "roles": ["12345"], "users": ["67890"]}
    assert mention_parts(None) == ("", {"parse": []})


def test_commands_are_shown_as_discord_calls_them() -> None:
    assert native("subscribe api code partial") == (
        "/claudewatch subscribe surfaces:api code severity:partial"
    )
    assert native("mute 2h") == "/claudewatch mute what:2h"
    assert native("uptime api 90d slo 99.9") == (
        "/claudeinfo uptime surface:api length:90d slo:99.9"
    )
    assert native("history api 7d") == "/claudeinfo history surface:api length:7d"
    assert native("report code 529 again") == "/claudeinfo report surface:code text:529 again"
    assert native("explain <pasted error>") == "/isclaudedown surface:explain <pasted error>"
    assert native("incident <id> report") == "/claudeinfo incident id:<id> report:True"
    assert native("(nothing)") == "/isclaudedown"
    assert native("subscriptions") == "/claudeinfo list"
    assert native("9l93x2ht4s5w") == "9l93x2ht4s5w"


@given(times)
def test_a_snowflake_tells_its_time(at: datetime) -> None:
    assert abs((refs.sent_at(refs.snowflake(at)) - at).total_seconds()) < 0.002


def test_references_are_read_as_they_were_written() -> None:
    for ref in (refs.Ref(1, 2), refs.Ref(1, 2, threaded=True), refs.Ref(3, 3)):
        assert refs.read_ref(str(ref)) == ref
    assert refs.read_ref("1700000000.123") is None
