"""Judgements of probes: what one look means, and what several in a row are worth.

How fast an answer comes means nothing here: a fast 500 is a failure, a slow 401 is not.
A 401 or 403 in the API's own shape proves that the edge and the API behind it answer. A bot
challenge or a plain 403 comes from a front door that does not like us: inconclusive. A 429 is
ours: we asked too often. If our own network fails, nothing is known of anybody else's; nor is it
of a target that never once answered from here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.catalog.targets import Target, TargetKind
from bot.domain.evidence import Evidence, Source
from bot.domain.page import Severity


class ProbeOutcome(StrEnum):
    GOOD = "good"
    BAD = "bad"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """An HTTP answer, or a `failure` (one of timeout, dns, tls, connect, cut).

    `body` is the beginning of the answer, as far as it was read.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One look, judged. `ours`: the trouble is on our side (a 429, a refused key)."""

    outcome: ProbeOutcome
    says: str
    ours: bool = False


FAILURES = {
    "timeout": "gives no answer in time",
    "dns": "has no address (DNS)",
    "tls": "fails in TLS",
    "connect": "takes no connection",
    "cut": "cuts the connection",
}

# https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/
_CHALLENGE_HEADER = "cf-mitigated"
_CHALLENGE_TITLE = re.compile(r"<title>\s*just a moment", re.IGNORECASE)
_CHALLENGE_WORDS = re.compile(r"just a moment|challenge-platform|cf-chl|captcha", re.IGNORECASE)


def judge(target: Target, seen: ProbeResponse) -> ProbeResult:
    """Judge one look. Total: any status and any body has a judgement."""
    status = seen.status or 0
    if seen.failure or (status >= 500 and not is_challenge(seen)):
        answer = f"answers {status} {error_type(seen.body) or ''}".rstrip()
        failed = FAILURES.get(seen.failure, "cannot be reached") if seen.failure else answer
        return ProbeResult(ProbeOutcome.BAD, failed)
    if is_challenge(seen):
        return ProbeResult(ProbeOutcome.INCONCLUSIVE, "a bot check stands before it")
    if status == 429:
        return ProbeResult(ProbeOutcome.INCONCLUSIVE, "we asked too often (429)", ours=True)
    match target.kind:
        case TargetKind.FRONT | TargetKind.CONTROL:
            good, says = 200 <= status < 400, f"answers {status}"
        case TargetKind.DOOR:
            # The edge and the sign-in behind it answer: who shows no key is refused, or let in.
            good = status in {200, 401, 403} and _is_json_object(seen.body)
            says = f"answers {status} as it should"
        case _:
            return _judge_api(target, status, seen)
    if not good:
        return ProbeResult(ProbeOutcome.INCONCLUSIVE, f"answers {status}, which proves nothing")
    return ProbeResult(ProbeOutcome.GOOD, says)


def _judge_api(target: Target, status: int, seen: ProbeResponse) -> ProbeResult:
    error = error_type(seen.body)
    keyed = target.kind in {TargetKind.MODELS, TargetKind.GENERATION}
    if 200 <= status < 300 and keyed:
        if _is_json_object(seen.body):
            return ProbeResult(ProbeOutcome.GOOD, f"answers {status}")
        return ProbeResult(ProbeOutcome.INCONCLUSIVE, f"answers {status} in an unknown shape")
    if error is None:
        return ProbeResult(
            ProbeOutcome.INCONCLUSIVE, f"answers {status}, not in the API's own shape"
        )
    if keyed:
        # The API answered, so it is there; but our key or our request is what it refuses.
        return ProbeResult(
            ProbeOutcome.INCONCLUSIVE, f"refuses our request ({status} {error})", ours=True
        )
    return ProbeResult(ProbeOutcome.GOOD, f"answers {status} as it should")


def is_challenge(seen: ProbeResponse) -> bool:
    """A front door that wants to see a browser: nothing is learnt about what lies behind."""
    headers = {name.lower(): value.lower() for name, value in seen.headers.items()}
    if headers.get(_CHALLENGE_HEADER) == "challenge":
        return True
    html = "html" in headers.get("content-type", "")
    if seen.status == 503:  # an outage's page may hold a stray script of the bot check
        return html and bool(_CHALLENGE_TITLE.search(seen.body))
    return html and seen.status in {403, 429} and bool(_CHALLENGE_WORDS.search(seen.body))


def error_type(body: str) -> str | None:
    """The error's type if the body has the API's own shape.

    `{"type": "error", "error": {"type": "authentication_error", ...}}`, as
    https://platform.claude.com/docs/en/api/errors describes it. The type is cut to a plain word.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.get("type") != "error":
        return None
    error = value.get("error")
    kind = error.get("type") if isinstance(error, dict) else None
    return re.sub(r"[^a-z_]", "", kind)[:40] if isinstance(kind, str) else None


_MODEL_ID = re.compile(r'"id"\s*:\s*"([a-z0-9][a-z0-9.-]{2,60})"')


def model_ids(body: str) -> tuple[str, ...]:
    """The ids in a list of models, newest first as the API lists them; the list may be cut."""
    return tuple(dict.fromkeys(_MODEL_ID.findall(body)))


def newest(family: str, ids: Iterable[str]) -> str:
    """The first id of that family ("opus" in claude-opus-…); empty if there is none."""
    return next((id_ for id_ in ids if family in id_.split("-")), "")


def _is_json_object(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        # Cut at our own limit: a long list of models is an answer all the same.
        return body.lstrip().startswith('{"')


# --- several looks in a row ------------------------------------------------------------------

REMEMBERED = 6  # looks
# What so many bad looks among the last six are worth: one is a hiccup, two are one voice of the
# two that are needed, five (some five minutes) stand alone.
WORTH = (0.0, 0.2, 0.45, 0.6, 0.75, 0.95, 0.95)


@dataclass(frozen=True, slots=True)
class ProbeHistory:
    """The last conclusive looks at one target: `looks` is a string of g and b, oldest first."""

    target: str
    surfaces: tuple[str, ...]
    at: datetime
    since: datetime  # since when the latest outcome holds
    looks: str
    says: str
    # It gave a good answer at least once. What never did may be out of reach from here alone (a
    # network that lets out only what is on a list): that proves nothing about the other side.
    answered: bool = True

    @property
    def bad(self) -> int:
        return self.looks.count("b")

    @property
    def severity(self) -> Severity:
        if not self.bad:
            return Severity.UP
        return Severity.PARTIAL if self.bad >= REMEMBERED - 1 else Severity.DEGRADED

    @property
    def account(self) -> str:
        """Its words in an answer: the last look, and how many of the last ones failed."""
        probe, total = f"our probe of {self.target}", len(self.looks)
        if not self.bad:
            return f"{probe} {self.says}"
        if self.looks.endswith("g"):
            return f"{probe} failed {self.bad} of the last {total} times"
        if self.bad == total == 1:
            return f"{probe} {self.says}"
        return f"{probe} {self.says} ({self.bad} of the last {total} looks failed)"


def remember(
    before: ProbeHistory | None, target: Target, look: ProbeResult, now: datetime
) -> ProbeHistory | None:
    """Add a look. An inconclusive one changes nothing, so that what was known fades by age."""
    if look.outcome is ProbeOutcome.INCONCLUSIVE:
        return before
    letter = look.outcome.value[0]
    if before is None:
        good = look.outcome is ProbeOutcome.GOOD
        return ProbeHistory(target.name, target.surfaces, now, now, letter, look.says, good)
    same = before.looks[-1:] == letter
    return replace(
        before,
        surfaces=target.surfaces,
        at=now,
        since=before.since if same else now,
        looks=(before.looks + letter)[-REMEMBERED:],
        says=look.says,
        answered=before.answered or look.outcome is ProbeOutcome.GOOD,
    )


def evidence(records: Iterable[ProbeHistory]) -> list[Evidence]:
    """Return the evidence of probes on each surface."""
    return [
        Evidence(
            source=Source.PROBE,
            surface=surface,
            severity=record.severity,
            at=record.at,
            since=record.since,
            says=record.account,
            weight=WORTH[record.bad] if record.bad else 1.0,
        )
        for record in records
        if record.answered
        for surface in record.surfaces
    ]


def network_is_ours(controls: Sequence[ProbeResult]) -> bool:
    """Is it our own network that fails? Yes, if there are controls and none of them answers.

    Any HTTP answer of a control counts, whatever its status: a connection was made.
    """
    return bool(controls) and all(look.outcome is ProbeOutcome.BAD for look in controls)
