"""Parts of a settings form: what can be chosen or typed, what holds now, what was asked for. Pure.

A platform provides the labels of severities in its own words, and the widgets (menus, boxes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.catalog.catalog import Catalog
from bot.catalog.times import DIGEST_EXAMPLE, EXAMPLE, TimesError, read_digest, read_quiet
from bot.commands import SubscriptionChange
from bot.commands.parser import tokenise
from bot.domain.page import Severity
from bot.domain.subscription import Subscription

TYPED_LENGTH: Final = 150  # a guess: the longest example, three times


@dataclass(frozen=True, slots=True)
class FormOption:
    """One thing to choose: `value` comes back, `label` is shown, `chosen` holds now."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class TypedField:
    """A setting that is typed as behind the command of the same name. Empty: there is none."""

    name: str
    label: str
    example: str

    @property
    def hint(self) -> str:
        return f"As in {self.example.removeprefix(f'{self.name} ')}. Empty: none."


class FormError(Exception):
    """A fault in the field of that name, said in a sentence."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field
        self.says = says


QUIET = TypedField("quiet", "Quiet hours", EXAMPLE)
DIGEST = TypedField("digest", "Digest", DIGEST_EXAMPLE)
TYPED_FIELDS = (QUIET, DIGEST)


def typed_now(now: Subscription | None) -> dict[str, str]:
    """Return by field what is set, in the words that set it."""
    quiet = now.quiet.words if now and now.quiet else ""
    digest = now.digest.words if now and now.digest else ""
    return {QUIET.name: quiet, DIGEST.name: digest}


def read_typed(typed: Mapping[str, str]) -> SubscriptionChange:
    """Return the change that the typed fields ask for; a digest may use the zone of quiet hours.

    Raises:
        FormError: a word has no meaning there, or something is missing.
    """
    field = QUIET
    try:
        words = tokenise(typed.get(QUIET.name, ""))
        quiet = read_quiet(words) if words else None
        field = DIGEST
        words = tokenise(typed.get(DIGEST.name, ""))
        digest = read_digest(words, quiet.zone if quiet else "") if words else None
    except TimesError as error:
        raise FormError(field.name, f"{field.label}: {error}.") from error
    return SubscriptionChange(quiet=quiet, digest=digest)


def surface_options(catalog: Catalog, now: Subscription | None, most: int) -> list[FormOption]:
    """Return at most `most` surfaces, those of the subscription chosen."""
    watched = now.surfaces if now else frozenset()
    return [FormOption(s.id, s.label, s.id in watched) for s in catalog.surfaces()[:most]]


def severity_options(labels: Mapping[Severity, str], now: Subscription | None) -> list[FormOption]:
    """Return a platform's severities in its order, that of the subscription chosen."""
    present = now.severity if now else None
    return [FormOption(s.value, label, s is present) for s, label in labels.items()]
