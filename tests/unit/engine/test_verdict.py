"""What is said about a surface now, and what it rests on."""

from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.page import Severity
from bot.status.view import status_view

from .build import (
    CATALOG,
    DEGRADED,
    IDS,
    MAJOR,
    PARTIAL,
    UP,
    Watch,
    minute,
    quiet_watch,
    report,
    update,
)


def judged(watch: Watch, at: float, *others: Evidence) -> dict[str, Verdict]:
    assert watch.state is not None
    view = status_view(CATALOG, {watch.state.provider: watch.state}, minute(at), others)
    return {v.surface: v for v in view.verdicts if v.checked_at}


SAID = [update("u1", 0, text="Opus 5 is failing.", api=(UP, PARTIAL), code=(UP, MAJOR))]


def down() -> Watch:
    watch = quiet_watch()
    watch.see(1, report("i", *SAID), components={"api": PARTIAL, "code": MAJOR}, since=0)
    return watch


def test_a_verdict_says_severity_since_when_and_on_which_incident_it_rests() -> None:
    code = judged(down(), 2)["code"]
    assert (code.severity, code.since) == (MAJOR, minute(0))
    assert code.checked_at == minute(1)
    assert code.incidents == ("claude/i",)
    assert [e.source for e in code.evidence] == [Source.PAGE]


def test_surfaces_come_in_the_catalogs_order_and_all_of_them() -> None:
    assert list(judged(down(), 2)) == [s.id for s in CATALOG.provider("claude").surfaces]


def test_a_model_is_judged_by_the_incidents_words_and_marked_so() -> None:
    watch = down()
    opus = judged(watch, 2)["opus"]
    assert (opus.severity, opus.evidence[0].from_text) == (MAJOR, True)
    assert judged(watch, 2)["haiku"].carried_by == "api"


def test_components_outrank_words() -> None:
    watch = quiet_watch()
    said = update("u1", 0, text="The API has errors.")
    watch.see(1, report("i", said, impact=MAJOR))
    assert watch.now("i").surfaces["api"].from_text
    assert judged(watch, 2)["api"].severity is UP


def test_where_no_incident_can_name_a_component_its_words_count() -> None:
    watch = Watch("openai")
    watch.states = {"01JVCV8YSWZFRSM1G5CVP253SK": (UP, minute(-9))}
    watch.see(-10, recent=())
    watch.see(1, report("i", update("u1", 0), title="Codex fails", impact=PARTIAL, linkable=False))
    assert judged(watch, 2)["openai/codex"].severity is PARTIAL


def test_a_page_not_seen_for_too_long_is_unknown_with_its_age_and_what_was_last_known() -> None:
    watch = down()
    assert judged(watch, 10)["code"].severity is MAJOR
    late = judged(watch, 12)["code"]
    assert late.severity is Severity.UNKNOWN
    assert late.checked_at == minute(1)
    assert late.evidence[0].severity is MAJOR


def test_a_page_that_fails_is_unknown_sooner_but_not_at_the_first_failure() -> None:
    watch = down()
    watch.fail(1.5)
    assert judged(watch, 2)["code"].severity is MAJOR
    assert judged(watch, 4)["code"].severity is Severity.UNKNOWN


def test_a_change_held_back_from_the_news_is_not_held_back_from_who_asks() -> None:
    watch = quiet_watch()
    assert watch.see(1, components={"api": DEGRADED}) == []
    assert judged(watch, 2)["api"].severity is DEGRADED


def test_an_unknown_word_of_the_page_is_unknown_and_quoted() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": Severity.UNKNOWN})
    api = judged(watch, 2)["api"]
    assert api.severity is Severity.UNKNOWN
    assert "on fire" in api.evidence[0].says


def test_a_row_that_left_the_page_is_unknown_whatever_it_was() -> None:
    watch = down()
    for name in ("code", "console"):
        del watch.states[IDS[name]]
    watch.see(3, report("i", *SAID), recent=[report("i", *SAID)])
    assert judged(watch, 4)["code"].severity is Severity.UNKNOWN
    assert judged(watch, 4)["console"].severity is Severity.UNKNOWN


def test_a_planned_maintenance_says_nothing_until_it_begins() -> None:
    watch = quiet_watch()
    plan = report("m", update("w", 0, "scheduled"), components=["api"], maintenance=True, impact=UP)
    watch.see(1, plan)
    assert judged(watch, 2)["api"].severity is UP
    running = report(
        "m",
        update("w", 0, "scheduled"),
        update("x", 5, "in_progress"),
        components=["api"],
        maintenance=True,
        impact=UP,
    )
    watch.see(6, running)
    assert judged(watch, 7)["api"].severity is Severity.MAINTENANCE


def test_what_others_see_can_raise_to_suspected_only() -> None:
    probe = Evidence(Source.PROBE, "api", MAJOR, minute(-9), weight=1.0)
    suspected = judged(quiet_watch(), -9, probe)["api"]
    assert (suspected.severity, suspected.suspected) == (DEGRADED, True)
    watch = down()
    fine = Evidence(Source.PROBE, "code", UP, minute(2), weight=1.0)
    assert judged(watch, 2, fine)["code"].severity is MAJOR
