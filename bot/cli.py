"""The command line. Each command is a few lines: what it does lives where it belongs.

Exit codes: 0 done, 1 it did not work (one sentence on standard error says why), 2 the words of
the command were wrong; `ask` has its own (see `bot.asking`).
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO

import structlog
import typer

from adapters.pages.doctor import check_page
from adapters.pages.recorded import open_recording
from adapters.pages.recorder import record_page, recording
from adapters.redis.connect import open_database
from adapters.redis.doctor import check_redis
from adapters.redis.embedded import embedded_redis
from adapters.redis.folder import running_redis
from adapters.redis.journal import RedisJournal
from adapters.terminal import render as terminal
from bot import __version__, app
from bot.asking import document, exit_code
from bot.catalog import Catalog, generic, load_catalog
from bot.checks import Finding, Health
from bot.commands.vocabulary import SEVERITIES
from bot.engine.state import State
from bot.engine.step import on_failure, step
from bot.engine.verdict import verdicts
from bot.errors import BotError, SettingsError, SourceError, StoreError
from bot.logs import set_up_logs
from bot.model import Channel, Severity, Snapshot, Subscription
from bot.replaying import Message, replayed
from bot.replaying import as_json as replay_line
from bot.settings import Settings, load_settings
from bot.wording.answer import answer_card
from bot.wording.names import find
from bot.wording.present import present

log = structlog.get_logger()

WIDTH = 100
# A stored state that is older than so many polls is not kept fresh by anybody.
_FRESH_POLLS = 3
HEALTHY_WITHIN = timedelta(minutes=2)

cli = typer.Typer(
    name="isclaudedown",
    help="Is it Claude, or is it me? Watches status pages and tells channels what changes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command; whatever goes wrong on purpose is one sentence."""
    try:
        cli()
    except BotError as error:
        _give_up(str(error))


@cli.command()
def run() -> None:
    """Watch the pages, answer commands, tell channels. Ends cleanly on SIGTERM or Ctrl-C."""
    settings = _settings()
    _run_until_signal(lambda stop: app.run(settings, stop))


@cli.command()
def ask(
    surfaces: Annotated[list[str] | None, typer.Argument(help="Only these surfaces.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Answer once. Exit code: 0 up, 10 degraded, 20 down, 30 unknown."""
    settings = _settings(quiet=True)
    raise typer.Exit(asyncio.run(_ask(settings, surfaces or [], as_json=as_json, out=sys.stdout)))


@cli.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="Recorded polls or an incidents.json.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    surfaces: Annotated[str, typer.Option(help="Only these, separated by commas.")] = "",
    severity: Annotated[str, typer.Option(help="From this severity up.")] = "up",
) -> None:
    """Show what one channel would have got from recorded history: no network, no Redis."""
    for file in files:
        _replay(file, surfaces, severity, as_json=as_json, out=sys.stdout)


@cli.command()
def record(
    out: Annotated[Path, typer.Option(help="The file to add to (.jsonl or .jsonl.gz).")],
    for_: Annotated[str, typer.Option("--for", help="How long, as in 30m, 2h, 7d.")] = "",
) -> None:
    """Write down what the page answers, for `replay`."""
    settings = _settings()
    length = _duration(for_) if for_ else None
    _run_until_signal(lambda stop: _record(settings, out, length, stop))


@cli.command()
def doctor() -> None:
    """Check settings, page, Redis, tokens and clock, and say what to do about each."""
    settings = _settings(quiet=True)
    raise typer.Exit(0 if asyncio.run(_doctor(settings, sys.stdout)) else 1)


@cli.command()
def health() -> None:
    """Exit 0 if a running instance looked at its pages within the last two minutes."""
    settings = _settings(quiet=True)
    raise typer.Exit(0 if asyncio.run(_health(settings, sys.stdout)) else 1)


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _settings(*, quiet: bool = False) -> Settings:
    settings = load_settings()
    set_up_logs("error" if quiet else settings.log_level, settings.log_format)
    return settings


def _run_until_signal(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(_until_signal(work))


async def _until_signal(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await work(stop)


def _duration(text: str) -> timedelta:
    """30s, 30m, 2h, 7d."""
    found = re.fullmatch(r"(\d+)\s*([smhd])", text.strip().lower())
    if not found:
        raise typer.BadParameter(f"{text!r} is not a length of time; write 30m, 2h or 7d")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def _give_up(sentence: str) -> NoReturn:
    sys.stderr.write(f"isclaudedown: {sentence}\n")
    sys.exit(1)


# --- what the commands do --------------------------------------------------------------------


async def _ask(settings: Settings, words: Sequence[str], *, as_json: bool, out: TextIO) -> int:
    """Answer once, from a running instance's store if that is fresh, else by one look.

    Raises:
        SettingsError: a word is no surface.
    """
    catalog = app.watched(settings)
    now = app.utc_now()
    states = await _known_states(settings, catalog, now)
    for state in states.values():
        names = {id_: component.name for id_, component in state.components.items()}
        catalog = catalog.seen(state.provider, names)
    asked = _surfaces_named(words, catalog)
    presents = [
        present(name, state, tuple(verdicts(state, catalog, now)) if state else ())
        for name in catalog.providers
        for state in [states.get(name)]
    ]
    judged = [v for one in presents for v in one.verdicts if not asked or v.surface in asked]
    if as_json:
        incidents = [i for one in presents for i in one.incidents]
        out.write(json.dumps(document(judged, incidents, now), ensure_ascii=False) + "\n")
    else:
        card = answer_card(presents, now, catalog, asked=asked)
        width = shutil.get_terminal_size((100, 24)).columns
        out.write(terminal.root(card, terminal.Look(width, out.isatty(), now.astimezone())))
    return exit_code(judged)


async def _known_states(settings: Settings, catalog: Catalog, now: datetime) -> dict[str, State]:
    """What is known of each provider, looking ourselves where nobody keeps it fresh."""
    states = await _stored_states(settings, catalog)
    async with app.page_sources(catalog) as pages:
        for name, page in pages.items():
            stored = states.get(name)
            if stored and now - stored.observed_at < _FRESH_POLLS * _interval(settings):
                continue
            try:
                snapshot = await page.observe(None)
            except SourceError as error:
                log.warning("page.failed", provider=name, reason=str(error))
                if stored:
                    states[name] = on_failure(stored, str(error), now)
            else:
                states[name], _ = step(None, snapshot, app.utc_now(), catalog)
    return states


async def _stored_states(settings: Settings, catalog: Catalog) -> dict[str, State]:
    """States in the store of a running instance; none if there is no such store."""
    if settings.redis_url is not None:
        url: str | None = settings.redis_url.get_secret_value()
    else:
        url = running_redis(settings.data_dir)
    if url is None:
        return {}
    try:
        database = await open_database(url)
    except StoreError as error:
        log.warning("store.failed", reason=str(error))
        return {}
    try:
        journal = RedisJournal(database)
        stored = {name: (await journal.load(name)).state for name in catalog.providers}
    finally:
        await database.close()
    return {name: state for name, state in stored.items() if state}


def _interval(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.poll_seconds)


def _surfaces_named(words: Iterable[str], catalog: Catalog) -> list[str]:
    """Surface ids for what was typed; a provider's name means all of its surfaces.

    Raises:
        SettingsError: a word is not known, or may mean several.
    """
    named: list[str] = []
    for word in words:
        found = find(catalog, word)
        if found.provider:
            named += [s.id for s in catalog.surfaces() if s.provider == found.provider]
        elif len(found.surfaces) == 1:
            named += found.surfaces
        elif found.surfaces:
            raise SettingsError(f"{word!r} may mean {', '.join(found.surfaces)}: say which")
        else:
            known = ", ".join(surface.id for surface in catalog.surfaces())
            hint = f"did you mean {found.close}?" if found.close else f"there are {known}"
            raise SettingsError(f"{word!r} is no surface; {hint}")
    return named


def _replay(path: Path, surfaces: str, severity: str, *, as_json: bool, out: TextIO) -> None:
    catalog = load_catalog()
    recording = open_recording(path, catalog)
    looks = list(recording.observations)
    names = {
        c.id: c.name for _, seen in looks if isinstance(seen, Snapshot) for c in seen.components
    }
    catalog = _with_provider(catalog, recording.provider).seen(recording.provider, names)
    wanted = [word for word in surfaces.split(",") if word.strip()]
    everything = Subscription(
        Channel("replay", "local", "channel"),
        severity=_severity(severity),
        surfaces=frozenset(_surfaces_named(wanted, catalog)),
    )
    for message in replayed(looks, catalog, everything):
        if as_json:
            out.write(json.dumps(replay_line(message, catalog), ensure_ascii=False) + "\n")
        else:
            out.write(_drawn(message, terminal.Look(WIDTH, out.isatty(), message.at)))


def _drawn(message: Message, look: terminal.Look) -> str:
    """As the terminal channel shows it, with the day before each."""
    if message.root:
        text = (terminal.revised if message.place == "edit" else terminal.root)(message.card, look)
    else:
        in_channel = message.place == "channel"
        text = terminal.reply(message.card, look, of=message.incident.title, in_channel=in_channel)
    return f"{message.at:%Y-%m-%d} {text}"


def _with_provider(catalog: Catalog, provider: str) -> Catalog:
    """The catalog, with a page of its own for a provider that it does not know."""
    if provider in catalog.providers:
        return catalog
    return Catalog({**catalog.providers, provider: generic(provider)})


def _severity(word: str) -> Severity:
    if word.lower() in SEVERITIES:
        return SEVERITIES[word.lower()]
    try:
        return Severity(word.lower())
    except ValueError:
        known = ", ".join([*SEVERITIES, "up"])
        raise SettingsError(f"--severity {word!r} is unknown; there are {known}") from None


# --- record, doctor, health ------------------------------------------------------------------


async def _record(
    settings: Settings, out: Path, length: timedelta | None, stop: asyncio.Event
) -> None:
    """Record the first page of the settings until `length` is over or `stop` is set."""
    catalog = app.watched(settings)
    try:
        opened = recording(out, app.utc_now)
        with opened as recorder:
            async with app.page_sources(catalog) as pages:
                page = next(iter(pages.values()))
                work = record_page(page, catalog, recorder, settings.poll_seconds)
                task = asyncio.create_task(work)
                log.info("record.started", page=page.base_url, file=str(out))
                with suppress(TimeoutError):
                    async with asyncio.timeout(length.total_seconds() if length else None):
                        await stop.wait()
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}") from None
    log.info("record.done", lines=recorder.lines, file=str(out))


async def _doctor(settings: Settings, out: TextIO) -> bool:
    """Look at everything, one line each. Returns whether nothing is broken."""
    healthy = True
    async for finding in _findings(settings):
        mark = {Health.GOOD: "✓", Health.WARNING: "!", Health.BROKEN: "✗"}[finding.health]
        out.write(f"{mark} {finding.what}: {finding.says}\n")
        if finding.advice:
            out.write(f"    → {finding.advice}\n")
        out.flush()
        healthy = healthy and finding.health is not Health.BROKEN
    return healthy


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    catalog = app.watched(settings)
    yield Finding(
        "settings", f"{len(catalog.providers)} page(s) to watch: {', '.join(catalog.providers)}"
    )
    async with app.page_sources(catalog) as pages:
        for page in pages.values():
            async for finding in check_page(page):
                yield finding
    async for finding in _check_store(settings):
        yield finding


async def _check_store(settings: Settings) -> AsyncIterator[Finding]:
    """The given Redis; the embedded one of a running instance; or one started to look at."""
    async with AsyncExitStack() as stack:
        kind = "given" if settings.redis_url else "embedded"
        try:
            if settings.redis_url:
                url = settings.redis_url.get_secret_value()
            elif running := running_redis(settings.data_dir):
                url, kind = running, "embedded, in use by a running instance"
            else:
                url = await stack.enter_async_context(embedded_redis(settings.data_dir))
            database = await open_database(url)
        except BotError as error:
            advice = "Start it, or check REDIS_URL; without REDIS_URL an embedded one is used."
            yield Finding("redis", str(error), Health.BROKEN, advice)
            return
        stack.push_async_callback(database.close)
        async for finding in check_redis(database, kind):
            yield finding


async def _health(settings: Settings, out: TextIO) -> bool:
    """Has every page been looked at lately? A page that fails is looked at all the same."""
    catalog = app.watched(settings)
    states = await _stored_states(settings, catalog)
    limit = max(HEALTHY_WITHIN, _FRESH_POLLS * _interval(settings))
    healthy = bool(catalog.providers)
    for name in catalog.providers:
        state = states.get(name)
        age = app.utc_now() - state.observed_at if state else None
        healthy = healthy and age is not None and age < limit
        seen = f"looked at {age.total_seconds():.0f} s ago" if age else "never looked at"
        out.write(f"{name}: {seen}\n")
    return healthy
