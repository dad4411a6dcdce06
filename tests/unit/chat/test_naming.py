"""An answer about a channel that was picked names it, whatever the answer is."""

from __future__ import annotations

from adapters.chat.naming import naming
from bot.commands import Answer
from bot.domain.message import Lines, Message, Note, Quote, Text, ThreadLink
from bot.domain.subscription import Channel
from bot.messages.text import notice

THERE = Channel("slack", "T1", "C2")
LINK = ThreadLink("C2")


def test_this_channel_becomes_its_name_in_every_line_and_the_rest_stays() -> None:
    about = Lines(((Text("This channel gets: "), Text("API", bold=True)),))
    problem = Note((Text("I can't write in this channel yet: ", bold=True), Text("invite me")))
    said = Quote("This channel of ours is down.")
    answer = naming(
        Answer(Message("Done", "This channel gets: API.", blocks=(about, problem, said))), THERE
    )

    assert answer.message.plain == "That channel gets: API."
    assert answer.message.blocks == (
        Lines(((LINK, Text(" gets: "), Text("API", bold=True)),)),
        Note(
            (
                Text("I can't write in ", bold=True),
                LINK,
                Text(" yet: ", bold=True),
                Text("invite me"),
            )
        ),
        said,
    )


def test_an_answer_that_speaks_of_no_channel_begins_with_its_name() -> None:
    how = (Text("Start with "), Text("subscribe this channel", code=True))
    answer = naming(Answer(notice("This channel is not subscribed", how)), THERE)

    assert answer.message.title == "That channel is not subscribed"
    assert answer.message.blocks == (Lines(((Text("In "), LINK, Text(":")),)), Lines((how,)))


def test_the_line_for_the_channel_itself_stays_as_it_is() -> None:
    line = Message("Ada subscribed this channel", "Ada subscribed this channel")

    assert naming(Answer(Message("Done", "Done"), line), THERE).public is line
