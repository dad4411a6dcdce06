"""The callback for LiteLLM, loaded by LiteLLM's own proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integrations.litellm_proxy import gateway
from tests.integrations.other_sides import LITELLM, installed
from tests.servers.statuspage import API

pytestmark = pytest.mark.timeout(400)  # seconds; the proxy alone needs a while to start


async def test_a_dead_provider_is_left_out_while_we_say_so_and_no_longer(tmp_path: Path) -> None:
    installed(LITELLM)
    async with gateway(tmp_path) as running:
        assert set(await running.ask(20)) == {200}
        assert running.claude.requests, "both are used while all is well"

        running.claude.dead = True
        incident = running.page.page.open("Errors", {API: "major_outage"})
        await running.logs("1 of 2 deployments of smart left out: api is major_outage")
        running.forget()
        assert set(await running.ask(400)) == {200}
        assert 1 <= running.claude.requests <= 4, "a canary, and at most one per cent"

        # Where nothing else is there, it is tried as without us.
        running.forget()
        await running.ask(1, "only-claude")
        assert running.claude.requests

        running.claude.dead = False
        running.page.page.resolve(incident)
        # Of an outage; or of a suspicion, where many requests failed before the page was read.
        await running.logs("api is no longer ")
        await running.uses_claude(least=10, most=60)

        running.page.page.open("Errors again", {API: "major_outage"})
        await running.logs("isclaudedown: api is major_outage")
        await running.bot.kill()
        await running.logs("no answer for 10 s: lists stay unchanged")
        await running.uses_claude(least=10, most=60)


async def test_what_it_meets_becomes_evidence_and_canaries_bring_the_provider_back(
    tmp_path: Path,
) -> None:
    installed(LITELLM)
    async with gateway(tmp_path, canary_every=20) as running:
        running.claude.dead = True
        await running.suspects("api")
        await running.logs("left out: api is suspected to be down")
        model = (await running.verdicts.get("/v1/verdict/opus")).json()["verdicts"][0]
        assert "traffic" in {piece["source"] for piece in model["evidence"]}
        assert "Is it you?" not in running.bot.err + running.bot.out

        # Nothing has changed its verdict, but five canaries in a row are answered.
        running.claude.dead = False
        await running.uses_claude(least=10, most=60)
        # One failure, and it is left out again but for canaries.
        running.claude.dead = True
        await running.uses_claude(least=0, most=6)
