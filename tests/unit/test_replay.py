"""What a channel with a filter would have got of recorded history."""

from dataclasses import replace

from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription
from bot.replay import ReplayedMessage, replayed
from tests.unit.engine.build import CATALOG, DEGRADED, PARTIAL, UP, Watch, minute, report, update

CHANNEL = Subscription(Channel("replay", "local", "channel"))
FIRST = update("u1", 0, api=(UP, DEGRADED))
WORSE = update("u2", 5, api=(DEGRADED, PARTIAL))
LAST = update("u3", 9, "resolved", api=(PARTIAL, UP))


def heard(subscription: Subscription) -> list[ReplayedMessage]:
    watch = Watch()
    looks = [watch.page(-10, (), ())]
    for at, severity, updates in (
        (1, DEGRADED, (FIRST,)),
        (6, PARTIAL, (FIRST, WORSE)),
        (10, UP, (FIRST, WORSE, LAST)),
    ):
        shown = report("i", *updates, components=["api"])
        watch.see(at, components={"api": severity})
        looks.append(watch.page(at, [shown], [shown]))
    times = (minute(-10), minute(1), minute(6), minute(10))
    return list(replayed(zip(times, looks, strict=True), CATALOG, subscription))


def test_a_channel_that_asked_for_worse_joins_when_it_is_worse() -> None:
    messages = heard(replace(CHANNEL, severity=PARTIAL))
    told = [(m.at, m.event.kind, m.event.revision, m.event.severity) for m in messages]
    assert told == [
        (minute(6), EventKind.OPENED, 2, PARTIAL),
        (minute(10), EventKind.RESOLVED, 3, UP),
    ]


def test_what_never_became_bad_enough_is_not_told_at_all() -> None:
    assert heard(replace(CHANNEL, severity=Severity.MAJOR)) == []
    assert heard(replace(CHANNEL, surfaces=frozenset({"code"}))) == []
