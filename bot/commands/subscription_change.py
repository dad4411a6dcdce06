"""Changes of a subscription as values: what words or a form ask for, and what comes of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.catalog.catalog import Catalog
from bot.catalog.names import of_provider
from bot.commands.types import KEEP, Keep, ParsedCommand
from bot.domain.digest import DigestTime
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.quiet import QuietHours
from bot.domain.subscription import Subscription


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """A change of a subscription, asked for in words or by a form.

    None (surfaces, severity) and KEEP leave a setting as it is.
    """

    surfaces: frozenset[str] | None = None  # replaces; empty: everything
    plus: frozenset[str] = frozenset()
    minus: frozenset[str] = frozenset()
    severity: Severity | None = None
    mention: str | Keep | None = KEEP  # None: nobody
    mention_from: Severity | Keep = KEEP
    thread_only: frozenset[EventKind] | Keep = KEEP
    quiet: QuietHours | Keep | None = KEEP  # None: no quiet hours
    digest: DigestTime | Keep | None = KEEP  # None: no digest
    everybody: bool = False  # asked to call the whole channel, which we never do

    def apply(
        self, before: Subscription, catalog: Catalog, now: datetime, *, is_new: bool = False
    ) -> Subscription | None:
        """Return the subscription after the change; None if no surface would be left of it.

        `is_new`: there was none, and `before` holds only what one begins with.
        """
        base = before.surfaces if self.surfaces is None else self.surfaces
        if is_new and self.surfaces is None and self.plus and not self.minus:
            # Nothing yet: "+opus" alone means only opus, "-mobile" alone everything but mobile.
            surfaces = self.plus
        elif not base and not self.minus:
            surfaces = base  # empty: everything
        else:
            whole = (s for one in catalog.by_default for s in of_provider(catalog, one))
            surfaces = ((base or frozenset(whole)) | self.plus) - self.minus
            if not surfaces:
                return None
        kept, digest = before.thread_only, before.digest
        if not isinstance(self.digest, Keep) and self.digest != digest:
            digest = replace(self.digest, since=now) if self.digest else None
        return replace(
            before,
            surfaces=surfaces,
            severity=self.severity or before.severity,
            mention=before.mention if isinstance(self.mention, Keep) else self.mention,
            mention_from=(
                before.mention_from if isinstance(self.mention_from, Keep) else self.mention_from
            ),
            thread_only=kept if isinstance(self.thread_only, Keep) else self.thread_only,
            quiet=before.quiet if isinstance(self.quiet, Keep) else self.quiet,
            digest=digest,
        )


def change_of(words: ParsedCommand, catalog: Catalog) -> SubscriptionChange:
    """Return what typed words ask for.

    "The same again replaces": what is not named becomes the default. Where only options are named
    ("subscribe @oncall"), or surfaces to add or to take away, all the rest is kept.
    """
    named = [*words.surfaces]
    for provider in words.providers:
        named += of_provider(catalog, provider)
    only_options = (
        words.mention or words.mention_from or words.no_mention or words.thread_only is not None
    )
    surfaces: frozenset[str] | None = None
    # One provider's name where there is only one means everything of it, unknown parts included.
    if words.everything or (words.providers and len(catalog.providers) == 1):
        surfaces = frozenset()
    elif named or not (words.plus or words.minus or only_options):
        surfaces = frozenset(named)
    return SubscriptionChange(
        surfaces=surfaces,
        plus=frozenset(words.plus),
        minus=frozenset(words.minus),
        severity=words.severity or (None if surfaces is None else Severity.DEGRADED),
        mention=None if words.no_mention else words.mention or KEEP,
        mention_from=words.mention_from or (Severity.UP if words.mention else KEEP),
        thread_only=KEEP if words.thread_only is None else words.thread_only,
        everybody=words.everybody,
    )
