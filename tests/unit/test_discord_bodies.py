"""Bodies for Discord: drawn once for all channels, and each channel's own where it differs."""

from __future__ import annotations

from adapters.discord.bodies import Bodies
from adapters.discord.refs import mark
from bot.domain.message import Lines, Message, Text, ThreadLink
from bot.domain.subscription import Channel

HERE, THERE = Channel("discord", "11", "C1"), Channel("discord", "22", "C2")
SAID = Message("Claude is down", "Claude is down", blocks=(Lines(((Text("api"),),)),))


def test_each_channel_calls_its_own_people_and_nobody_elses() -> None:
    bodies = Bodies()
    first = bodies.of(HERE, SAID, "k/1", "<@&100007>")
    second = bodies.of(THERE, SAID, "k/2")
    third = bodies.of(THERE, SAID, "k/3", "<@&100008>")
    assert str(first["content"]).startswith("<@&100007> ")
    assert str(second["content"]) == str(first["content"]).removeprefix("<@&100007> ")
    assert str(third["content"]).startswith("<@&100008> ")
    assert first["allowed_mentions"]["roles"] == ["100007"]
    assert not second["allowed_mentions"].get("roles")
    assert third["allowed_mentions"]["roles"] == ["100008"]


def test_each_message_is_marked_with_its_own_key_and_what_is_never_looked_for_with_none() -> None:
    bodies = Bodies()
    for key in ("k/1", "k/2"):
        assert mark(key) in str(bodies.of(HERE, SAID, key))
    for key in ("say/1", "welcome/1", "test/1"):
        said = str(bodies.of(HERE, SAID, key))
        assert mark(key) not in said
        assert mark("k/1") not in said


def test_another_message_is_another_body() -> None:
    bodies = Bodies()
    other = Message("Claude is up", "Claude is up", blocks=(Lines(((Text("all"),),)),))
    first, second = bodies.of(HERE, SAID, "k/1"), bodies.of(HERE, other, "k/1")
    assert "Claude is down" in str(first)
    assert "Claude is up" in str(second)
    assert "Claude is down" not in str(second)


def test_a_link_to_a_message_leads_into_the_server_of_the_channel_that_reads_it() -> None:
    bodies = Bodies()
    link = Lines(((ThreadLink("33", "33/44"),),))
    board = Message("A board", "A board", blocks=(link,))
    here, there = bodies.of(HERE, board, "k/1"), bodies.of(THERE, board, "k/1")
    assert "/11/" in str(here)
    assert "/22/" in str(there)
    assert "/11/" not in str(there)
    terminal = Channel("discord", "@me", "C3")
    assert "/11/" not in str(bodies.of(terminal, board, "k/1"))
