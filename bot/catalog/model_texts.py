"""Statements of incident texts about models: which ones, in which versions, in trouble or not.

Sentences are read by fixed words, clause by clause. What is not understood says nothing. "Opus 5"
says nothing of Opus 4.8; "all models" says something of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.catalog.providers import Provider, Surface

# Blanks are looked at from the first of them alone, and none is given back: whoever writes on the
# page may put thousands of them in a row.
_CLAUSE = re.compile(
    r"(?<=[.!?])\s++|\n++|;|(?<!\s),?\s++(?:while|whereas|however|although|but)\s++", re.I
)
_ALL_BUT = re.compile(r"\b(all(?: \w+){0,2}) but\b", re.I)
_EXCEPT = re.compile(
    r"\b(?:except(?: for)?|excluding|apart from|other than|besides|with the exception of)\b", re.I
)
_ONLY = re.compile(r"\bonly\b.{0,40}\baffected\b|\bonly affects?\b|\blimited to\b", re.I)
_MODELS = re.compile(r"\bmodels\b", re.I)
_NOT_YET = re.compile(r"\b(?:not|never|n't|n’t|yet to|unless|until|once|when|if)\b", re.I)
_RECOVERING = re.compile(r"\brecover(?:y|ing)?\b", re.I)
_NUMBER = r"v?\d{1,2}(?:\.\d{1,2})?(?![\d:%])"


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said of one model. `versions` empty: of all of them."""

    surface: str
    versions: frozenset[str]
    in_trouble: bool


@dataclass(frozen=True, slots=True)
class ModelState:
    """The state of one model by the texts. `versions` empty: all that are not in `works_again`."""

    in_trouble: bool = False
    versions: frozenset[str] = frozenset()
    works_again: frozenset[str] = frozenset()

    def accuses(self, version: str) -> bool:
        """Is this version (empty: any) in trouble?"""
        if not self.in_trouble or version in self.works_again:
            return False
        return not version or not self.versions or version in self.versions


def state_of(provider: Provider, surface: str, texts: Iterable[str]) -> ModelState:
    """Return the state of a model after these texts, oldest first."""
    state = ModelState()
    for said in (one for text in texts for one in statements(provider, text)):
        if said.surface != surface:
            continue
        if said.in_trouble and not said.versions:
            state = ModelState(in_trouble=True)
        elif said.in_trouble:
            named = state.versions if state.in_trouble else frozenset[str]()
            everything = state.in_trouble and not state.versions
            state = ModelState(
                in_trouble=True,
                versions=frozenset() if everything else named | said.versions,
                works_again=state.works_again - said.versions,
            )
        elif not said.versions:
            state = ModelState()
        else:
            left = state.versions - said.versions
            still = state.in_trouble and (bool(left) or not state.versions)
            state = ModelState(still, left, state.works_again | said.versions)
    return state


@lru_cache(maxsize=4096)  # the texts of open incidents are read for every answer
def statements(provider: Provider, text: str) -> tuple[Statement, ...]:
    """Return the statements of a text about the provider's models, in its order."""
    said: list[Statement] = []
    models = [surface for surface in provider.surfaces if surface.model]
    for clause in _CLAUSE.split(_ALL_BUT.sub(r"\1 except", text)):
        negated = bool(_NOT_YET.search(clause))
        works = provider.is_unaffected(clause) or (provider.has_recovered(clause) and not negated)
        if not works and _RECOVERING.search(clause) and not negated:
            continue  # getting better: neither in trouble anew nor well again
        plain, _, after = clause, "", ""
        if exception := _EXCEPT.search(clause):
            plain, after = clause[: exception.start()], clause[exception.end() :]
        named = dict(_named(models, plain))
        if _ONLY.search(clause) and named:
            said += [Statement(model.id, frozenset(), in_trouble=False) for model in models]
        elif _MODELS.search(plain):
            named = {model.id: frozenset() for model in models} | (named if works else {})
        said += [Statement(s, versions, in_trouble=not works) for s, versions in named.items()]
        excepted = _named(models, after)
        said += [Statement(s, versions, in_trouble=works) for s, versions in excepted]
    return tuple(said)


def _named(models: Iterable[Surface], text: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Models that are named, each with the versions behind its name ("Opus 4.6 and 4.8")."""
    for model in models:
        names = "|".join({re.escape(word.removesuffix(" *")) for word in model.words})
        pattern = rf"(?<![\w.])(?:{names})(?!\w)((?:(?:[\s,/&]|and|or)*+{_NUMBER})*)"
        found = re.findall(pattern, text, re.I)
        if found:
            versions = [re.findall(r"\d+(?:\.\d+)?", behind) for behind in found]
            every = any(not several for several in versions)
            yield model.id, frozenset() if every else frozenset(v for s in versions for v in s)
