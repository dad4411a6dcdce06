"""How bad an incident of the provider's is, in all and for each surface, and for whom."""

from dataclasses import replace

from bot.delivery.plan import plan
from bot.domain.incident import EventKind, Impact, SurfaceChange
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription, ThreadRecord
from bot.engine.impact import carried

from .build import CATALOG, DEGRADED, IDS, MAJOR, PARTIAL, UP, minute, quiet_watch, report, update

OPENED, UPDATE, WORSE, BETTER = (
    EventKind.OPENED,
    EventKind.UPDATE,
    EventKind.WORSE,
    EventKind.BETTER,
)

MODELS = ("opus", "sonnet", "haiku", "mythos", "fable")
FIRST = update("u1", 0, api=(UP, PARTIAL))


def test_a_component_named_as_operational_beside_others_that_are_down_is_not_touched() -> None:
    watch = quiet_watch()
    first = update("u1", 0, claude_ai=(UP, MAJOR), government=(UP, UP))
    watch.see(1, report("i", first), components={"claude.ai": MAJOR})
    assert set(watch.now("i").surfaces) == {"claude.ai"}


def test_impact_counts_only_where_no_component_was_ever_down() -> None:
    watch = quiet_watch()
    notice = update("u1", 0, api=(UP, UP))
    watch.see(1, report("i", notice, impact=PARTIAL))
    assert watch.now("i").severity is PARTIAL
    # Its row decides what the API suffers now; that it was named counts for who is told.
    assert watch.now("i").surfaces["api"] == Impact(UP, PARTIAL)
    down = update("u2", 5, api=(UP, DEGRADED))
    watch.see(6, report("i", notice, down, impact=MAJOR), components={"api": DEGRADED})
    assert watch.now("i").severity is DEGRADED


def test_an_impact_that_moves_without_a_word_was_moved_by_another_incident() -> None:
    watch = quiet_watch()
    page = report("i", update("u1", 0), impact=PARTIAL)
    watch.see(1, page)
    assert watch.see(5, replace(page, impact=MAJOR)) == []
    assert watch.now("i").severity is PARTIAL


def test_an_impact_that_had_moved_before_the_incident_spoke_is_not_its_own() -> None:
    # Claude, 23 June 2026: a notice spoke while another incident's "critical" stood on it.
    watch = quiet_watch()
    page = report("i", update("u1", 0), impact=PARTIAL)
    watch.see(1, page)
    watch.see(5, replace(page, impact=MAJOR))
    later = report("i", update("u1", 0), update("u2", 6), impact=MAJOR)
    assert watch.see(7, later) == [("i", UPDATE)]
    assert watch.now("i").severity is PARTIAL


def test_an_impact_that_moves_with_a_word_counts() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", update("u1", 0), impact=PARTIAL))
    later = report("i", update("u1", 0), update("u2", 6), impact=MAJOR)
    assert watch.see(7, later) == [("i", WORSE)]


def test_every_surface_ever_touched_is_remembered_when_the_page_unlinks_them() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST, components=["api"]), components={"api": PARTIAL})
    code = update("u2", 5, api=(PARTIAL, UP), code=(UP, DEGRADED))
    watch.see(6, report("i", FIRST, code), components={"api": UP, "code": DEGRADED})
    end = update("u3", 30, "resolved")  # affected_components: null
    watch.see(31, report("i", FIRST, code, end), components={"code": UP})
    surfaces = watch.now("i").surfaces
    assert {name: impact.worst for name, impact in surfaces.items()} == {
        "api": PARTIAL,
        "code": DEGRADED,
    }
    assert watch.last("i").changes == (SurfaceChange("code", DEGRADED, UP),)


def test_a_component_the_catalog_does_not_know_counts_for_severity_and_names_no_surface() -> None:
    watch = quiet_watch()
    watch.see(1, components={"newcomer": UP})
    page = report("i", update("u1", 5), components=["newcomer"])
    watch.see(6, page, components={"newcomer": MAJOR})
    assert watch.now("i").severity is MAJOR
    assert watch.now("i").surfaces == {}


def test_models_follow_the_words_and_the_severity_of_the_whole() -> None:
    watch = quiet_watch()
    first = update("u1", 0, text="Errors on Opus 4.6. Haiku is not affected.", api=(UP, PARTIAL))
    watch.see(1, report("i", first), components={"api": PARTIAL})
    opus = watch.now("i").surfaces["opus"]
    assert (opus.now, opus.from_text) == (PARTIAL, True)
    assert "haiku" not in watch.now("i").surfaces
    assert not watch.now("i").surfaces["api"].from_text


def test_a_model_named_later_is_no_worsening_for_everybody() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    named = update("u2", 5, text="It is Sonnet 5.")
    assert watch.see(6, report("i", FIRST, named)) == [("i", UPDATE)]
    assert watch.last("i").changes == (SurfaceChange("sonnet", UP, PARTIAL),)


def test_many_models_are_each_of_them() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", update("a", 0), title="Elevated errors on many models", impact=MAJOR))
    assert watch.now("i").surfaces == dict.fromkeys(MODELS, Impact(MAJOR, MAJOR, from_text=True))


def test_all_models_but_one_that_recovered_are_up_again_while_the_incident_runs() -> None:
    watch = quiet_watch()
    first = update("a", 0)
    title = "Elevated errors on many models"
    watch.see(1, report("i", first, title=title, impact=MAJOR))
    recovered = update("b", 9, text="All models except Opus 5 have recovered.")
    watch.see(10, report("i", first, recovered, title=title, impact=MAJOR))
    event = watch.now("i").events[-1]
    assert {c.surface for c in event.changes if c.after is UP} == {*MODELS} - {"opus"}
    assert watch.now("i").surfaces["opus"].now is MAJOR


def test_a_model_that_is_only_said_to_work_is_not_touched() -> None:
    watch = quiet_watch()
    said = update("a", 0, text="Errors on Opus 5. Sonnet 5 has recovered.")
    watch.see(1, report("i", said, impact=MAJOR))
    assert [*watch.now("i").surfaces] == ["opus"]


def test_an_unknown_impact_is_an_incident_all_the_same() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", update("u1", 0), impact=Severity.UNKNOWN))
    assert watch.now("i").severity is DEGRADED


def test_a_component_id_that_only_an_update_names_is_still_a_surface() -> None:
    watch = quiet_watch()
    del watch.states[IDS["code"]]
    watch.see(1, report("i", update("u1", 0, code=(UP, PARTIAL))))
    assert watch.now("i").surfaces["code"].now is PARTIAL


WORDS = "Claude Code and the Console are slow."


def test_a_surface_named_in_words_is_as_its_row_shows_it() -> None:
    watch = quiet_watch()
    first = update("u1", 0, text=WORDS)
    watch.see(1, report("i", first))
    assert watch.last("i").changes == ()
    assert watch.now("i").surfaces["code"] == Impact(UP, DEGRADED, from_text=True)

    worse = report("i", first, update("u2", 5), impact=MAJOR)
    assert watch.see(6, worse) == [("i", WORSE)]
    assert watch.last("i").changes == ()
    watch.see(7, worse, components={"console": PARTIAL})
    watch.see(8, worse)
    assert watch.last("i").changes == (SurfaceChange("console", UP, PARTIAL),)


def test_a_row_that_shows_what_the_words_had_said_calls_nobody_again() -> None:
    watch = quiet_watch()
    page = report("i", update("u1", 0, text=WORDS), impact=PARTIAL)
    watch.see(1, page)
    watch.see(2, page, components={"code": PARTIAL})
    assert watch.see(3, page) == [("i", UPDATE)]
    assert watch.last("i").changes == (SurfaceChange("code", UP, PARTIAL),)


def test_an_end_calls_nothing_up_again_that_the_page_shows_down() -> None:
    watch = quiet_watch()
    named = report("i", update("u1", 0, text="Opus fails."), components=["api"], impact=PARTIAL)
    other = report("j", update("v1", 5, api=(UP, MAJOR)), components=["api"])
    watch.see(1, named)
    watch.see(6, named, other, components={"api": MAJOR})
    end = report("i", *named.updates, update("u2", 9, "resolved"))
    watch.see(10, other, end, recent=[other, end])
    assert [c for c in watch.last("i").changes if c.surface == "api" and not c.released] == []


def test_a_notice_that_speaks_of_trouble_is_told_quietly_to_those_who_asked_for_degraded() -> None:
    watch = quiet_watch()
    said = update("u1", 0, text="Logging in to claude.ai from iOS is unavailable.")
    watch.see(1, report("i", said, title="iOS logins", impact=UP))
    notice = watch.now("i")
    assert (notice.notice, notice.worst) == (True, UP)
    channel = Channel("slack", "T1", "C1")
    asked_at = minute(-60)
    default = Subscription(channel, created_at=asked_at)
    assert default.matches(notice)
    assert Subscription(channel, surfaces=frozenset({"claude.ai"})).matches(notice)
    assert not Subscription(channel, surfaces=frozenset({"code"})).matches(notice)
    assert not Subscription(channel, Severity.PARTIAL).matches(notice)
    (root,) = plan(notice, ThreadRecord(), default, minute(1)).steps
    assert not root.mention

    end = report("i", said, update("u2", 9, "resolved"), title="iOS logins", impact=UP)
    watch.see(10, end)
    thread = ThreadRecord(root="r", joined=1, shown=1)
    reply = plan(watch.now("i"), thread, default, minute(10)).steps[0]
    assert not reply.in_channel
    assert not reply.mention


def test_a_notice_that_turns_bad_is_an_incident_like_any_other() -> None:
    watch = quiet_watch()
    said = update("u1", 0, text="Some requests fail.")
    watch.see(1, report("i", said, impact=UP))
    worse = report("i", said, update("u2", 5, api=(UP, PARTIAL)), impact=UP)
    assert watch.see(6, worse, components={"api": PARTIAL}) == [("i", WORSE)]
    assert not watch.now("i").notice


def test_a_notice_of_something_else_is_none_that_speaks_of_trouble() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", update("u1", 0, text="New terms."), title="Terms", impact=UP))
    assert not watch.now("i").notice
    over = report("j", update("v1", 5, "resolved", text="Some requests failed."), impact=UP)
    watch.see(6, over)
    assert not watch.now("j").notice


def test_what_follows_from_what_it_rests_on_is_marked_as_no_row_of_the_page() -> None:
    found = carried(CATALOG.provider("claude"), {"api": Impact(PARTIAL, MAJOR)})
    assert set(found) >= set(MODELS)
    assert set(found.values()) == {Impact(PARTIAL, MAJOR, from_text=True)}


def test_words_name_no_surface_beside_components_that_the_page_names() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", update("u1", 0, text="claude.ai and the API"), components=["api"]))
    assert set(watch.now("i").surfaces) == {"api"}
