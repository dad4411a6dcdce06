"""Downdetector's Enterprise API: reports of the last 15 minutes, against the usual number.

Facts: https://downdetectorapi.com/v2/docs (paid; nobody has recorded an answer). Numbers and words
come bare (`412`) or in an object; a token is renewed once when it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from adapters.evidence.http import Refused, ask
from bot.catalog.providers import Crowd
from bot.domain.errors import SourceError
from bot.evidence.crowd import DOWNDETECTOR, FEWEST, TIMES, CrowdCount

WINDOW = timedelta(minutes=15)  # of `last_15`
# An indicator that so few of the reports name says nothing of its surface (guess).
LEAST_SHARE = 10.0


@dataclass(slots=True)
class Downdetector:
    """The counts of one company. Indicators are asked for only when there are many reports."""

    client: httpx.AsyncClient
    url: str
    login: tuple[str, str] = field(repr=False)  # client id and secret
    crowd: Crowd
    name: str = DOWNDETECTOR
    every: float = 60.0
    _token: str = field(default="", repr=False)
    _company: str = ""

    async def read(self, now: datetime) -> Sequence[CrowdCount]:
        if not self._company:
            self._company = await self._find(now)
        base = f"/companies/{self._company}"
        count = number(await self._get(f"{base}/last_15", now), "count")
        usual = number(await self._get(f"{base}/baseline/current", now), "baseline")
        shares: Mapping[str, float] = {}
        if count >= max(FEWEST[DOWNDETECTOR], usual * TIMES):
            shares = await self._shares(base, now)
        surfaces = [s for s, share in shares.items() if share >= LEAST_SHARE]
        return [
            CrowdCount(
                source=DOWNDETECTOR,
                surface=surface,
                count=round(count),
                usual=usual,
                minutes=15,
                at=now,
                share=shares.get(surface),
            )
            for surface in surfaces or [self.crowd.main]
        ]

    async def _find(self, now: datetime) -> str:
        """Return the company's id, asked for once by its slug."""
        rows = await self._get("/companies/search", now, slug=self.crowd.downdetector)
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and row.get("slug") == self.crowd.downdetector:
                return str(row.get("id", ""))
        raise SourceError(f"Downdetector knows no company {self.crowd.downdetector}")

    async def _shares(self, base: str, now: datetime) -> dict[str, float]:
        """Return the per cent of the reports that name each surface, as far as that is told."""
        window = {
            "startdate": (now - WINDOW).isoformat(timespec="seconds"),
            "enddate": now.isoformat(timespec="seconds"),
        }
        try:
            rows = await self._get(f"{base}/indicators", now, **window)
        except SourceError:
            return {}  # the count itself is known
        shares: dict[str, float] = {}
        for row in rows if isinstance(rows, list) else ():
            word = str(row.get("key") or row.get("slug") or "") if isinstance(row, dict) else ""
            surface = self.crowd.indicators.get(word.lower())
            share = row.get("percentage") if isinstance(row, dict) else None
            if surface and isinstance(share, int | float):
                shares[surface] = shares.get(surface, 0.0) + share
        return shares

    async def _get(self, path: str, now: datetime, **params: str) -> object:
        """Ask with a token, and once more with a new one where it is refused."""
        for _ in range(2):
            if not self._token:
                self._token = await self._new_token(now)
            headers = {"Authorization": f"Bearer {self._token}"}
            try:
                found = await ask(self.client, self.url + path, now, params=params, headers=headers)
            except Refused:
                self._token = ""
                continue
            if isinstance(found, dict) and found.get("error") is True:
                raise SourceError("Downdetector answered with an error of its own")
            return found
        raise SourceError("Downdetector refuses the token that it has just given")

    async def _new_token(self, now: datetime) -> str:
        try:
            answer = await ask(
                self.client,
                f"{self.url}/tokens",
                now,
                params={"grant_type": "client_credentials"},
                auth=self.login,
                method="POST",
            )
        except Refused:
            raise SourceError(
                "Downdetector does not accept DOWNDETECTOR_CLIENT_ID and _SECRET"
            ) from None
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token.isascii():
            raise SourceError("Downdetector gave no token")
        return token


def number(value: object, key: str) -> float:
    """Return a count that came bare or in an object.

    Raises:
        SourceError: it is none, so that nothing is known.
    """
    if isinstance(value, dict):
        value = value.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**9:
        raise SourceError("Downdetector sent something that is no count")
    return float(value)
