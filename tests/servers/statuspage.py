"""A status page as a value that a test changes: what Atlassian's Statuspage answers, in its shape.

    page = Page(clock)
    outage = page.open("claude.ai is down", {CLAUDE_AI: "major_outage"})
    page.update(outage, "identified", {CLAUDE_AI: "partial_outage"})
    page.resolve(outage)
    page.summary()                        # the body of /api/v2/summary.json

Every change carries the clock's time. Ids are counted up, so two runs give the same page.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

CLAUDE_AI = "rwppv331jlwc"
CONSOLE = "0qbwn08sd68x"
API = "k8w3r06qmzrp"
CODE = "yyzkbfz2thpt"
COWORK = "bpp5gb3hpjcl"
GOVERNMENT = "0scnb50nvy53"
CLAUDE = {
    CLAUDE_AI: "claude.ai",
    CONSOLE: "Claude Console (platform.claude.com)",
    API: "Claude API (api.anthropic.com)",
    CODE: "Claude Code",
    COWORK: "Claude Cowork",
    GOVERNMENT: "Claude for Government",
}
# From good to bad, with what the page says of itself when that is its worst.
STATES = {
    "operational": ("none", "All Systems Operational"),
    "under_maintenance": ("maintenance", "Service Under Maintenance"),
    "degraded_performance": ("minor", "Partially Degraded Service"),
    "partial_outage": ("major", "Partial System Outage"),
    "major_outage": ("major", "Partial System Outage"),
}
EVERYTHING_DOWN = ("critical", "Major Service Outage")
OVER = {"resolved", "postmortem", "completed"}
LONGEST_LIST = 50


class Page:
    """One page: its components, incidents and maintenance windows."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        components: Mapping[str, str] = CLAUDE,
        page_id: str = "tymt9n04zgry",
        name: str = "Claude",
        url: str = "https://status.claude.com",
    ) -> None:
        """Begin with `components` (id → name), all operational."""
        self.clock = clock
        self.page_id = page_id
        self.name = name
        self.url = url
        self.incidents: list[Json] = []
        self.maintenances: list[Json] = []
        self.ids = 0
        self.updated_at = self._now()
        self.components: dict[str, Json] = {}
        for identity, label in components.items():
            self.add_component(identity, label)

    # -- components

    def add_component(self, identity: str, name: str) -> None:
        """Add a row at the end."""
        self.components[identity] = {
            "id": identity,
            "name": name,
            "status": "operational",
            "created_at": self._now(),
            "updated_at": self._now(),
            "position": len(self.components) + 1,
            "description": None,
            "showcase": True,
            "start_date": None,
            "group_id": None,
            "page_id": self.page_id,
            "group": False,
            "only_show_if_degraded": False,
        }
        self._touch()

    def set(self, component: str, status: str) -> None:
        """Change a component without any incident."""
        self.components[component].update(status=status, updated_at=self._now())
        self._touch()

    # -- incidents

    def open(
        self,
        name: str,
        components: Mapping[str, str] | None = None,
        *,
        status: str = "investigating",
        body: str = "We are looking into it.",
        impact: str | None = None,
    ) -> str:
        """Open an incident on `components` (id → new status). Returns its id."""
        identity = self._id("incident")
        now = self._now()
        self.incidents.insert(
            0,
            {
                "id": identity,
                "name": name,
                "status": status,
                "created_at": now,
                "updated_at": now,
                "monitoring_at": None,
                "resolved_at": None,
                "impact": impact or _worst((components or {}).values())[0],
                "shortlink": f"https://stspg.io/{identity}",
                "started_at": now,
                "page_id": self.page_id,
                "incident_updates": [],
                "components": [],
                "reminder_intervals": None,
            },
        )
        self.update(identity, status, components, body=body)
        return identity

    def update(
        self,
        incident: str,
        status: str,
        components: Mapping[str, str] | None = None,
        *,
        body: str = "There is news.",
    ) -> str:
        """Post an update; components not named keep their status. Returns the update's id.

        Without `components` the incident is unlinked from all of them, as the real page does.
        """
        found = self.incident(incident)
        identity = self._id("update")
        now = self._now()
        affected = [
            {
                "code": code,
                "name": self.components[code]["name"],
                "old_status": self.components[code]["status"],
                "new_status": after,
            }
            for code, after in (components or {}).items()
        ]
        found["incident_updates"].insert(
            0,
            {
                "id": identity,
                "status": status,
                "body": body,
                "incident_id": incident,
                "created_at": now,
                "updated_at": now,
                "display_at": now,
                "affected_components": affected or None,
                "deliver_notifications": True,
                "custom_tweet": None,
                "tweet_id": None,
            },
        )
        for code, after in (components or {}).items():
            self.set(code, after)
        found.update(status=status, updated_at=now, linked=list(components or {}))
        if status == "monitoring":
            found["monitoring_at"] = now
        if status in OVER:
            found["resolved_at"] = found["resolved_at"] or now
        self._touch()
        return identity

    def resolve(
        self, incident: str, *, body: str = "This is resolved.", unlink: bool = False
    ) -> str:
        """End an incident; its components turn green. `unlink`: the resolve names none of them."""
        green = dict.fromkeys(self.incident(incident)["linked"], "operational")
        for code in green if unlink else ():
            self.set(code, "operational")
        return self.update(incident, "resolved", None if unlink else green, body=body)

    def edit(self, incident: str, update: str, body: str) -> None:
        """Change the text of an update in place, as happens days later."""
        for one in self.incident(incident)["incident_updates"]:
            if one["id"] == update:
                one.update(body=body, updated_at=self._now())
        self.touch(incident)

    def rename(self, incident: str, name: str) -> None:
        """Change an incident's title."""
        self.incident(incident)["name"] = name
        self.touch(incident)

    def touch(self, incident: str, impact: str | None = None) -> None:
        """Move `updated_at`, and perhaps the impact, without any news."""
        found = self.incident(incident)
        found.update(updated_at=self._now(), impact=impact or found["impact"])
        self._touch()

    def delete(self, incident: str) -> None:
        """Withdraw an incident altogether."""
        self.incidents.remove(self.incident(incident))
        self._touch()

    def incident(self, identity: str) -> Json:
        """Return an incident or a maintenance window as it is kept here, to be changed at will."""
        return next(i for i in [*self.incidents, *self.maintenances] if i["id"] == identity)

    # -- maintenance

    def schedule(
        self, name: str, components: Iterable[str], starts: datetime, ends: datetime
    ) -> str:
        """Announce a maintenance window. `update` moves it on: in_progress, completed."""
        identity = self.open(name, status="scheduled", impact="maintenance")
        window = self.incidents.pop(0)
        window.update(
            scheduled_for=_iso(starts), scheduled_until=_iso(ends), linked=list(components)
        )
        self.maintenances.insert(0, window)
        return identity

    # -- what the page answers

    def summary(self) -> Json:
        """Return `/api/v2/summary.json`: components and what is not over."""
        return {
            "page": self._page(),
            "components": list(self.components.values()),
            "incidents": [self._shown(i) for i in self.incidents if i["status"] not in OVER],
            "scheduled_maintenances": [
                self._shown(i) for i in self.maintenances if i["status"] not in OVER
            ],
            "status": self._status(),
        }

    def history(self, number: int = 1) -> Json:
        """Return `/api/v2/incidents.json`: open ones, then by their end, newest first; 50."""
        newest = sorted(self.incidents, key=lambda i: i["resolved_at"] or "9", reverse=True)
        shown = newest[LONGEST_LIST * (number - 1) : LONGEST_LIST * number]
        return {"page": self._page(), "incidents": [self._shown(i) for i in shown]}

    def windows(self) -> Json:
        """Return `/api/v2/scheduled-maintenances.json`."""
        shown = [self._shown(i) for i in self.maintenances[:LONGEST_LIST]]
        return {"page": self._page(), "scheduled_maintenances": shown}

    # -- inner

    def _shown(self, incident: Json) -> Json:
        """Return an incident with its components as they are now, not as they were then."""
        shown = {key: value for key, value in incident.items() if key != "linked"}
        return {**shown, "components": [self.components[code] for code in incident["linked"]]}

    def _page(self) -> Json:
        return {
            "id": self.page_id,
            "name": self.name,
            "url": self.url,
            "time_zone": "Etc/UTC",
            "updated_at": self.updated_at,
        }

    def _status(self) -> Json:
        indicator, description = _worst(one["status"] for one in self.components.values())
        return {"indicator": indicator, "description": description}

    def _touch(self) -> None:
        self.updated_at = self._now()

    def _now(self) -> str:
        return _iso(self.clock())

    def _id(self, kind: str) -> str:
        self.ids += 1
        return f"{kind}{self.ids:04}"


def _worst(states: Iterable[str]) -> tuple[str, str]:
    found = {state for state in states if state in STATES}  # a test may have made up another
    if found == {"major_outage"}:
        return EVERYTHING_DOWN
    return STATES[max(found, key=list(STATES).index, default="operational")]


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
