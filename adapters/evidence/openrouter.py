"""OpenRouter's figures: per cent of the requests to a model that went well, by provider.

Facts: https://openrouter.ai/docs/api (the endpoints of a model). `null` means that there was no
traffic: unknown. Requests that were refused for their rate are not counted. One model is asked at
a time, so that the host gets no two requests within half a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from adapters.evidence.http import NotThere, Refused, ask
from bot.domain.errors import SourceError
from bot.evidence.routes import OPENROUTER, ModelUptime

MAKER = "Anthropic"  # as `provider_name` has it
MOST_ELSEWHERE, LONGEST_NAME = 4, 40  # of one answer, so that a sentence stays one


@dataclass(slots=True)
class OpenRouter:
    """The models in `models` (surface → "author/slug"), in turn; each keeps its own time."""

    client: httpx.AsyncClient
    url: str
    key: str = field(repr=False)
    models: Mapping[str, str]
    name: str = OPENROUTER
    every: float = 35.0  # with the loop's jitter never under 30
    # Those that OpenRouter does not have: of them nothing is known, however they fare.
    missing: set[str] = field(default_factory=set)
    _turn: int = 0
    _latest: dict[str, ModelUptime] = field(default_factory=dict)

    async def read(self, now: datetime) -> Sequence[ModelUptime]:
        surface, slug = list(self.models.items())[self._turn % len(self.models)]
        self._turn += 1
        headers = {"Authorization": f"Bearer {self.key}"}
        try:
            answer = await ask(
                self.client, f"{self.url}/models/{slug}/endpoints", now, headers=headers
            )
        except Refused:
            raise SourceError("OpenRouter does not accept OPENROUTER_API_KEY") from None
        except NotThere:
            # No failure of the place: the others are asked as before.
            self.missing.add(slug)
            answer = {"data": {"endpoints": []}}
        else:
            self.missing.discard(slug)
        self._latest.pop(surface, None)
        if found := uptime(answer, surface, now):
            self._latest[surface] = found
        return list(self._latest.values())


def uptime(answer: object, surface: str, now: datetime) -> ModelUptime | None:
    """Return what an answer says of a model; None: it had no traffic at its maker.

    Raises:
        SourceError: the answer is none of this kind.
    """
    data = answer.get("data") if isinstance(answer, dict) else None
    rows = data.get("endpoints") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise SourceError("OpenRouter sent no list of endpoints")
    now_by, usual_by = (dict(figures(rows, key)) for key in ("uptime_last_5m", "uptime_last_1d"))
    if (percent := now_by.pop(MAKER, None)) is None:
        return None
    elsewhere = dict(list(now_by.items())[:MOST_ELSEWHERE])
    return ModelUptime(OPENROUTER, surface, MAKER, percent, usual_by.get(MAKER), now, elsewhere)


def figures(rows: Sequence[object], key: str) -> Iterator[tuple[str, float]]:
    """Return each provider's figure. Of several endpoints (by region, say) the best one's: while
    one of them works, the provider does.
    """
    best: dict[str, float] = {}
    for row in rows:
        provider = row.get("provider_name") if isinstance(row, dict) else None
        value = row.get(key) if isinstance(row, dict) else None
        if not isinstance(provider, str) or not 0 < len(provider) <= LONGEST_NAME:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
            continue
        best[provider] = max(value, best.get(provider, 0.0))
    yield from best.items()
