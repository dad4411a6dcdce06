"""The map from components and words to surfaces, and from what people type to surfaces."""

import pytest

from bot.catalog.catalog import Catalog, only
from bot.catalog.catalog_file import load_catalog
from bot.catalog.names import NameMatch, find
from bot.catalog.providers import generic
from bot.domain.errors import SettingsError

ALL = load_catalog()
CLAUDE = only(ALL, ["claude"])

MINIMAL = """
[acme]
label = "Acme"
page = "https://status.acme.test"
[[acme.surface]]
id = "web"
label = "Web"
aliases = ["site"]
components = { c1 = ["Web"] }
"""


@pytest.mark.parametrize(
    ("typed", "surface"),
    [
        ("api", "api"),
        ("API", "api"),
        ("claude code", "code"),
        ("Claude-Code", "code"),
        ("opus", "opus"),
        ("opus 4.6", "opus"),
        ("Sonnet-5", "sonnet"),
        ("ios", "mobile"),
        ("console.anthropic.com", "console"),
        ("gov", "government"),
        ("claude.ai", "claude.ai"),
        ("openai/api", "openai/api"),
        ("chatgpt", "openai/chatgpt"),
        ("github actions", "github/actions"),
    ],
)
def test_what_people_type_finds_its_surface(typed: str, surface: str) -> None:
    assert find(ALL, typed).exact == surface


def test_the_beginning_of_a_name_is_offered_back_and_never_taken() -> None:
    assert find(CLAUDE, "cons") == NameMatch(close=("console",))
    assert set(find(CLAUDE, "clau").close) == {"claude.ai", "code", "government"}


@pytest.mark.parametrize("word", ["me", "and", "work", "my", "so", "we", "co", "it", "as"])
def test_an_everyday_word_is_no_name(word: str) -> None:
    for catalog in (CLAUDE, ALL):
        found = find(catalog, word)
        assert (found.provider, found.surfaces) == (None, ())


@pytest.mark.parametrize(
    ("typed", "version"),
    [
        ("opus", ""),
        ("opus 4.6", "4.6"),
        ("opus4.6", "4.6"),
        ("claude opus v5", "5"),
        ("claude-opus-4-6-20260201", "4.6"),
    ],
)
def test_a_models_version_is_kept(typed: str, version: str) -> None:
    assert find(CLAUDE, typed) == NameMatch(surfaces=("opus",), version=version)


def test_a_typing_error_gets_the_nearest_and_nonsense_gets_nothing() -> None:
    assert find(CLAUDE, "sonet") == NameMatch(close=("sonnet",))
    assert find(CLAUDE, "xyzzy") == NameMatch()
    assert find(CLAUDE, "  ") == NameMatch()


def test_a_plain_name_means_the_default_providers_surface() -> None:
    assert find(ALL, "api").exact == "api"


def test_whole_words_in_any_case_name_a_model() -> None:
    named = ALL.provider("claude").named_in
    assert named("Elevated errors on Claude OPUS 4.6 and haiku") == ("opus", "haiku")
    assert named("Opus4.7 fails") == ()
    assert named("octopus, magnum opuscule") == ()
    assert named("Problems with the iOS app") == ("mobile",)


def test_a_sentence_about_what_is_not_affected_names_nothing() -> None:
    named = ALL.provider("claude").named_in
    assert named("Errors on Opus 5. Sonnet 5 is not affected.") == ("opus",)


def test_surfaces_with_components_are_read_from_words_only_where_none_is_named() -> None:
    provider = ALL.provider("claude")
    assert provider.named_in("Claude Code is slow") == ()
    assert provider.named_in("Claude Code is slow", components_too=True) == ("code",)


def test_components_are_known_by_id_and_by_old_names_in_recordings() -> None:
    provider = ALL.provider("github")
    assert provider.surface_of("br0l2tvcx85d") == "github/actions"
    assert provider.surface_of("name:github-actions") == "github/actions"
    assert provider.surface_of("unheard-of", "Actions") is None
    assert not provider.knows("unheard-of")


def test_a_signpost_on_the_page_is_no_component_and_no_news_for_the_operator() -> None:
    provider = ALL.provider("github")
    assert provider.surface_of("0l2p9nhqnxpd") is None
    assert provider.knows("0l2p9nhqnxpd")


def test_any_page_by_its_url_makes_its_surfaces_from_its_components() -> None:
    catalog = Catalog({"acme": generic("acme", page="https://status.acme.test")})
    seen = catalog.seen("acme", {"c1": "Web App (EU)", "c2": "API", "c3": "!!"})
    assert [surface.id for surface in seen.surfaces()] == ["acme/web-app-eu", "acme/api"]
    assert find(seen, "api").exact == "acme/api"
    assert seen.label("acme/web-app-eu") == "Web App (EU)"
    assert CLAUDE.seen("claude", {"new": "New"}) is CLAUDE


def test_surfaces_are_listed_in_the_catalogs_order_with_unknown_ones_last() -> None:
    assert CLAUDE.order(["zzz", "opus", "api", "api"]) == ["api", "opus", "zzz"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[acme", "cannot be read"),
        ("acme = 1", "table"),
        ('[acme]\npage = "https://x.test"', "label is missing"),
        (MINIMAL.replace('id = "web"', "id = 1"), "id is missing"),
        (MINIMAL.replace("[[acme.surface]]", "[acme.surface]"), "write its surfaces"),
        (MINIMAL + MINIMAL.split('test"\n', 1)[1].replace('"web"', '"other"'), "belongs to both"),
    ],
)
def test_a_faulty_catalog_names_its_fault(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load_catalog(text)


def test_a_provider_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(SettingsError, match=r"'acme'.*claude, openai, github"):
        only(ALL, ["acme"])


def test_every_surface_of_the_real_catalog_can_be_reached_by_its_id_and_label() -> None:
    for surface in ALL.surfaces():
        assert find(ALL, surface.id).exact == surface.id
        found = find(ALL, surface.label)
        assert surface.id in found.surfaces or found.provider == surface.provider
