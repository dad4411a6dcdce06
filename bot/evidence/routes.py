"""Evidence from requests that others send to a model by several providers: how many per cent of
them went well, at its maker and elsewhere.

OpenRouter publishes it. What fails at the maker speaks against the model there; the same model's
figure elsewhere stands beside it, since it says whether another way works. Where the maker is
well nothing is said: others' requests prove nothing for ours. A thread needs evidence of another
kind as well (`EvidenceSource.opens`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

OPENROUTER = "openrouter"
WINDOW = timedelta(minutes=5)
# Trouble: fewer than so many per cent, and so many points less than on a usual day (guesses).
TROUBLE, POINTS = 90.0, 5.0
# Fewer than so many, where nearly all go well on a usual day, are hard to doubt (guesses).
MOST_FAIL, USUALLY_WELL = 50.0, 95.0
ONE_VOICE, HARD_TO_DOUBT = 0.45, 0.95


@dataclass(frozen=True, slots=True)
class ModelUptime:
    """Per cent of the requests to one model that went well: at its maker now and in a day, and
    elsewhere now, by the name of the provider.
    """

    source: str
    surface: str
    maker: str
    percent: float
    usual: float | None  # of the last day; None: not known
    at: datetime
    elsewhere: Mapping[str, float] = field(default_factory=dict)

    @property
    def window(self) -> timedelta:
        return WINDOW

    @property
    def weight(self) -> float:
        """What it weighs as evidence, from 0: as usual. Without a usual value it is none."""
        usual, percent = self.usual, self.percent
        if usual is None or percent >= TROUBLE or usual - percent < POINTS:
            return 0.0
        return HARD_TO_DOUBT if percent < MOST_FAIL and usual >= USUALLY_WELL else ONE_VOICE

    @property
    def words(self) -> str:
        """The figures: "Anthropic 41 % of requests well in 5 min, usual 99 %; Google 100 %"."""
        said = f"{self.maker} {self.percent:.0f} % of requests well in 5 min"
        said += "" if self.usual is None else f", usual {self.usual:.0f} %"
        others = ", ".join(f"{name} {percent:.0f} %" for name, percent in self.elsewhere.items())
        return f"{said}; {others}" if others else said
