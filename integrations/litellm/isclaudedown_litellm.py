"""LiteLLM callback that leaves out deployments whose provider is down, and reports what it meets.

A background task asks isclaudedown for its verdicts every two seconds; the hook itself only reads
the last answer, so it adds no I/O to a request. What it promises:

- It never empties a list: where every deployment is affected, all of them are offered.
- It fails open: without an answer for ten seconds, the list stays as LiteLLM made it.
- Of what is left, deployments that isclaudedown has just seen to work come before those that it
  knows nothing of, where it says what to use instead.
- One request of 200 still goes to a deployment that is left out (a retry never does). Five such
  requests answered in a row bring the deployment back before the verdict changes.
- No error of its own reaches a request, and what it does is said in the log.

Only outcome and model of a request are reported, and only if ISCLAUDEDOWN_HTTP_TOKEN is set.
Set-up: README.md beside this file.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import httpx
from litellm import get_llm_provider
from litellm.integrations.custom_logger import CustomLogger

log = logging.getLogger("isclaudedown")

ASK_EVERY = 2.0  # seconds; isclaudedown allows each client ten reads a second
STALE_AFTER = 10.0  # seconds without an answer until the list stays as it is
PATIENCE = 5.0  # seconds for one request of ours, and for its whole answer
MOST_BYTES = 2_000_000  # of an answer; 20 providers give some 100 KB
SEND_EVERY = 5.0  # seconds between two batches of counts
MOST_ENTRIES = 100  # in one batch, as POST /v1/signals takes them
KEEP_UNSENT = 60.0  # seconds: isclaudedown dates counts by their arrival, so old ones would mislead
CANARY_EVERY = 200  # half a per cent of the requests; a guess
CANARIES_TO_RETURN = 5  # in a row; a guess
SAY_AGAIN = 60.0  # seconds between two log lines that say the same

# LiteLLM's name of a provider → isclaudedown's surface of its API.
SURFACES = {
    "anthropic": "api",
    "azure": "azure-openai/service",
    "deepseek": "deepseek/api",
    "gemini": "gemini/api",
    "github_copilot": "github/copilot",
    "mistral": "mistral/api",
    "openai": "openai/api",
    "openrouter": "openrouter/chat",
    "xai": "xai/api",
}
# The same for providers that are watched by region, named by the deployment.
REGIONS = {"bedrock": "bedrock", "vertex_ai": "gemini"}
BAD = ("partial_outage", "major_outage")
# A surface, as it may stand in a log: an answer of somebody else's must write no line of its own.
NAME = re.compile(r"[\w./ -]{1,120}")
OUTCOMES = {"429": "429", "529": "529", "408": "timeout", "504": "timeout"}


# No dataclass: LiteLLM loads this file in a way in which they cannot be made.
class Snapshot(NamedTuple):
    """What isclaudedown last answered."""

    taken: float  # monotonic seconds, when it was asked
    known: frozenset[str]  # surfaces that it speaks of
    bad: Mapping[str, str]  # surface → what is wrong with it
    use: frozenset[str] = frozenset()  # what to use in place of the bad ones: seen to work


def read_verdicts(body: Mapping[str, Any], taken: float) -> Snapshot:
    """Return what a `GET /v1/verdict` says. Unknown is not bad, and keys not needed are ignored."""
    bad = {}
    verdicts = [verdict for verdict in body["verdicts"] if NAME.fullmatch(verdict["surface"])]
    for verdict in verdicts:
        if verdict["severity"] in BAD:
            bad[verdict["surface"]] = verdict["severity"]
        elif verdict.get("suspected"):
            bad[verdict["surface"]] = "suspected to be down"
    known = frozenset(v["surface"] for v in verdicts)
    retries = (v.get("retry") or {} for v in verdicts if v["surface"] in bad)
    return Snapshot(taken, known, bad, frozenset(u for one in retries for u in one.get("use", ())))


@lru_cache(maxsize=1024)
def surfaces_of(model: str, provider: str | None, region: str | None) -> tuple[str, ...]:
    """Return surfaces that may stand for a deployment: its provider's API, and words of its model.

    Empty for a provider that isclaudedown does not know.
    """
    try:
        provider = provider or get_llm_provider(model)[1]
    except Exception:  # LiteLLM does not know it either; it has an error of its own for that
        return ()
    if provider in REGIONS:
        return (f"{REGIONS[provider]}/{region}",) if region else ()
    if provider not in SURFACES:
        return ()
    api = SURFACES[provider]
    # "claude-opus-4-6" is opus too; models of others are no surfaces.
    words = model.lower().replace("/", "-").replace(".", "-").split("-") if api == "api" else ()
    return (api, *words)


def outcome_of(payload: Mapping[str, Any]) -> str | None:
    """Return how a request ended; None if it says nothing of the provider (other 4xx, a cache)."""
    if payload.get("cache_hit"):
        return None
    if payload.get("status") == "success":
        return "2xx"
    error = payload.get("error_information") or {}
    if "Timeout" in str(error.get("error_class")):
        return "timeout"
    code = str(error.get("error_code"))
    return OUTCOMES.get(code) or ("5xx" if len(code) == 3 and code.startswith("5") else None)


class IsClaudeDown(CustomLogger):  # type: ignore[misc]
    """The callback; LiteLLM takes the instance `handler` at the end of this file."""

    def __init__(self, url: str, token: str | None) -> None:
        super().__init__()
        self.url = url.rstrip("/")
        self.token = token
        self.snapshot: Snapshot | None = None
        self.bad_since: dict[str, float] = {}  # surface → epoch seconds
        self.surfaces: dict[str, tuple[str, ...]] = {}  # deployment id → as `surfaces_of` has them
        self.seen: Counter[str] = Counter()  # model group → requests while something was left out
        self.answered: Counter[str] = Counter()  # deployment id → requests answered in a row
        self.counts: Counter[tuple[str, str, str]] = Counter()  # surface, model, outcome
        self.unsent: dict[str, Any] | None = None  # a batch; its id makes it count only once
        self._made_at = 0.0
        self._etag = ""
        self._said: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    # --- choosing ----------------------------------------------------------------------------

    async def async_filter_deployments(
        self,
        model: str,
        healthy_deployments: list[Any],
        messages: object,  # noqa: ARG002 - LiteLLM passes all five by name
        request_kwargs: dict[str, Any] | None = None,
        parent_otel_span: object = None,  # noqa: ARG002
    ) -> list[Any]:
        """Return the deployments to choose from; never fewer than one, never an exception."""
        try:
            self._keep_asking()
            return self._offered(model, healthy_deployments, request_kwargs or {})
        except Exception as error:  # it would fail the request
            self._say("filter", f"could not choose ({type(error).__name__}): list unchanged")
            return healthy_deployments

    def _offered(self, group: str, deployments: list[Any], request: Mapping[str, Any]) -> list[Any]:
        snapshot = self.snapshot
        if snapshot is None or time.monotonic() - snapshot.taken > STALE_AFTER:
            return deployments
        wrong = {id(d): why for d in deployments if (why := self._wrong_with(d, snapshot))}
        good = [d for d in deployments if id(d) not in wrong]
        if not wrong or not good:
            return deployments
        if not _is_retry(request):
            self.seen[group] += 1
            turn, rest = divmod(self.seen[group], CANARY_EVERY)
            if rest == 0:
                left_out = [d for d in deployments if id(d) in wrong]
                return [left_out[turn % len(left_out)]]
        reasons = ", ".join(sorted(set(wrong.values())))
        self._say(
            f"left out {group} {reasons}",
            f"{len(wrong)} of {len(deployments)} deployments of {group} left out: {reasons}"
            f" ({self.seen[group]} requests so far)",
        )
        works = [d for d in good if snapshot.use & set(self.surfaces[d["model_info"]["id"]])]
        return works or good

    def _wrong_with(self, deployment: Mapping[str, Any], snapshot: Snapshot) -> str:
        id_, params = deployment["model_info"]["id"], deployment["litellm_params"]
        region = params.get("aws_region_name") or params.get("vertex_location")
        self.surfaces[id_] = surfaces_of(params["model"], params.get("custom_llm_provider"), region)
        if self.answered[id_] >= CANARIES_TO_RETURN:
            return ""
        for surface in self.surfaces[id_]:
            if surface in snapshot.bad:
                return f"{surface} is {snapshot.bad[surface]}"
        return ""

    # --- learning ----------------------------------------------------------------------------

    async def async_log_success_event(
        self, kwargs: Mapping[str, Any], *_: object, **__: object
    ) -> None:
        """Count a request by how it ended; each attempt is one."""
        try:
            payload = kwargs["standard_logging_object"]
            outcome, model = outcome_of(payload), str(payload["model"])
            surfaces = self.surfaces.get(payload["model_id"])
            if outcome is None or not surfaces:
                return
            bad_since = [self.bad_since[s] for s in surfaces if s in self.bad_since]
            if outcome != "2xx":
                self.answered[payload["model_id"]] = 0
            # What began before the outage and ends in it proves nothing.
            elif bad_since and payload["startTime"] > max(bad_since):
                self.answered[payload["model_id"]] += 1
            if self.token and self.snapshot and surfaces[0] in self.snapshot.known:
                self.counts[surfaces[0], model[-120:], outcome] += 1
        except Exception as error:  # what cannot be read is not counted
            self._say("count", f"could not read an outcome ({type(error).__name__})")

    async_log_failure_event = async_log_success_event

    # --- asking and reporting, beside the requests ---------------------------------------------

    def _keep_asking(self) -> None:
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self._ask_for_ever())

    async def _ask_for_ever(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=PATIENCE) as http:
            while True:
                for step in (self._ask, self._report):
                    try:
                        # As a whole: an answer may drip for ever.
                        await asyncio.wait_for(step(http), PATIENCE)
                    except Exception as error:  # the next round tries again
                        self._say("silent", f"no answer ({type(error).__name__})")
                if self.snapshot and time.monotonic() - self.snapshot.taken > STALE_AFTER:
                    self._say("stale", f"no answer for {STALE_AFTER:.0f} s: lists stay unchanged")
                await asyncio.sleep(ASK_EVERY)

    async def _ask(self, http: httpx.AsyncClient) -> None:
        began = time.monotonic()
        # As it comes: httpx would unpack a small answer to gigabytes before it can be measured.
        headers = {"If-None-Match": self._etag, "Accept-Encoding": "identity"}
        body = bytearray()
        async with http.stream("GET", "/v1/verdict", headers=headers) as answer:
            if answer.status_code == httpx.codes.NOT_MODIFIED and self.snapshot is not None:
                self.snapshot = self.snapshot._replace(taken=began)
                return
            answer.raise_for_status()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise ValueError("too large")
        before = self.snapshot.bad if self.snapshot else {}
        self.snapshot = read_verdicts(json.loads(body), began)
        etag = answer.headers.get("etag", "")
        # Another one could not be sent back: each later request would fail.
        self._etag = etag if etag.isascii() and etag.isprintable() else ""
        bad = self.snapshot.bad
        self.bad_since = {surface: self.bad_since.get(surface, time.time()) for surface in bad}
        if bad.keys() - before.keys():
            self.answered.clear()  # of an earlier outage
        for surface in bad.keys() - before.keys():
            log.warning("isclaudedown: %s is %s", surface, bad[surface])
        for surface in before.keys() - bad.keys():
            log.warning("isclaudedown: %s is no longer %s", surface, before[surface])

    async def _report(self, http: httpx.AsyncClient) -> None:
        now = time.monotonic()
        if self.unsent is None:
            if not self.counts or now - self._made_at < SEND_EVERY:
                return
            counts = [
                {"surface": surface, "model": model, "outcomes": {outcome: number}}
                for (surface, model, outcome), number in self.counts.most_common(MOST_ENTRIES)
            ]
            self.counts.clear()
            self.unsent, self._made_at = {"id": uuid.uuid4().hex, "counts": counts}, now
        if now - self._made_at > KEEP_UNSENT:
            self.unsent = None
            return
        token = {"Authorization": f"Bearer {self.token}"}
        async with http.stream("POST", "/v1/signals", json=self.unsent, headers=token) as answer:
            pass  # its status is all that is read
        later = answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error
        if not later:
            self.unsent = None
        if answer.is_error:
            self._say("refused", f"counts were not taken: {answer.status_code}")

    def _say(self, what: str, sentence: str) -> None:
        """Log it, but the same thing only once a minute."""
        now = time.monotonic()
        if now - self._said.get(what, float("-inf")) >= SAY_AGAIN:
            self._said[what] = now
            log.warning("isclaudedown: %s", sentence)


def _is_retry(request: Mapping[str, Any]) -> bool:
    metadata = request.get("litellm_metadata", request.get("metadata")) or {}
    return bool(metadata.get("attempted_retries"))


handler = IsClaudeDown(
    os.environ.get("ISCLAUDEDOWN_URL", "http://127.0.0.1:8080"),
    os.environ.get("ISCLAUDEDOWN_HTTP_TOKEN"),
)
