"""Any text of a page becomes plain text, in a time that grows with its length alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.html import plain_text

MANY = 200_000  # what was quadratic took minutes for a tenth of it


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (
            "We are <b>looking</b> into it.<br>Thanks &amp; sorry",
            "We are looking into it.\nThanks & sorry",
        ),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ('See <a href="https://x.example/1">the page</a>.', "See the page (https://x.example/1)."),
        ('<a href="https://x.example/">https://x.example</a>', "https://x.example"),
        ("<a href='javascript:alert(1)'>here</a>", "here"),
        ("set <your-token> and 1 < 2", "set <your-token> and 1 < 2"),
        ("a<script>alert(1)</script>b<style>p{}</style>", "ab"),
        ("a<!-- not seen -->b<!DOCTYPE html>", "ab"),
        ("<![ and <![CDATA[text]]>", "<![ and text"),
        ("&lt;b&gt; stays text", "<b> stays text"),
        ("a\u202eb\x1bc\x9bd", "abcd"),
        ("&#65;&#x42;&#0000067; &#x202e;", "ABC"),
        ("a&#" + "9" * 5_000 + ";b", "a\ufffdb"),
        (f"<a href='https://x.example/&#{'9' * 5_000}'>a</a>", "a (https://x.example/\ufffd)"),
    ],
)
def test_what_a_reader_sees_is_kept(body: str, seen: str) -> None:
    assert plain_text(body) == seen


@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                "<a ",
                "</",
                "<!--",
                "-->",
                "<![",
                "]]>",
                '"',
                "'",
                "&",
                "#",
                "x",
                "p",
                " ",
                "\n",
            ]
        )
    )
)
def test_no_text_is_too_odd(parts: list[str]) -> None:
    plain_text("".join(parts))


@pytest.mark.parametrize(
    "piece", ["<a ", "<p", "<!--", "<![ ", "<", "</", '<a href="', "<!-- -->", "&", " ", "\n \n"]
)
def test_a_long_hostile_text_is_read_to_its_end(piece: str) -> None:
    assert plain_text("begin " + piece * MANY + " end").endswith("end")
