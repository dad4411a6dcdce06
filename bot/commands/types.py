"""Requests of platforms, answers to them, and what a command is."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Protocol

from bot.catalog.catalog import Catalog
from bot.catalog.names import Ambiguous
from bot.delivery.stores import ReminderStore
from bot.domain.incident import EventKind, Incident
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.subscription import Channel, ThreadRecord
from bot.evidence.stores import ReportStore
from bot.messages.headline import Question
from bot.messages.subscription import Explain
from bot.messenger import Messenger
from bot.ports import Subscriptions, Takers
from bot.status.service import StatusService


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody typed, chose or pressed something in a channel."""

    channel: Channel
    # The platform's own id of the person, opaque to us.
    user: str
    # How they are shown: outside text.
    user_name: str
    # What follows the command's name, as it was typed.
    text: str = ""
    # Whether the platform lets this person change what the channel gets.
    may_manage: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The message to the one who asked (to the whole channel when `shared`), and one in public.

    `public` is one short line for the channel after a change (who, what); None where nothing
    changed. It is posted as an ordinary message, best effort.
    """

    message: Message
    public: Message | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to pick while typing: `value` comes back, `label` is shown."""

    value: str
    label: str


class Keep(Enum):
    """For structured changes: leave this setting as it is (None would clear it)."""

    KEEP = "keep"


KEEP = Keep.KEEP


class Takes(StrEnum):
    """Kinds of words that may follow a verb."""

    SURFACE = "surface"
    SURFACES = "surfaces"  # several
    SIGNED = "signed"  # as +opus -mobile: only where there is something to adjust
    SEVERITY = "severity"
    LENGTH = "length"
    TARGET = "target"  # as slo 99.9
    MENTION = "mention"
    MENTION_FROM = "mention_from"
    THREAD_ONLY = "thread_only"
    SHARE = "share"
    INCIDENT = "incident"
    REPORT = "report"  # after an incident's id
    MUTE = "mute"  # a length, a time, a surface, an incident: read by the command itself
    TEXT = "text"  # outside text to the end of the line: no grammar in it


@dataclass(slots=True)
class ParsedCommand:
    """A line as it was understood. `plus` and `minus` adjust what there is."""

    verb: str = "ask"
    # Named alone: in their place.
    surfaces: list[str] = field(default_factory=list)
    plus: list[str] = field(default_factory=list)
    minus: list[str] = field(default_factory=list)
    # Named as a whole, and not only in front of one of their surfaces.
    providers: list[str] = field(default_factory=list)
    everything: bool = False
    severity: Severity | None = None
    length: timedelta | None = None
    # A share of the time that should be up, from 0 to 1.
    target: float | None = None
    share: bool = False
    # The platform's own address of whom to call.
    mention: str | None = None
    # Only for what is at least so severe.
    mention_from: Severity | None = None
    no_mention: bool = False
    # Somebody wants @channel, which we never do.
    everybody: bool = False
    thread_only: frozenset[EventKind] | None = None
    # Versions of the models among them, by surface: "opus" → "4.6".
    versions: dict[str, str] = field(default_factory=dict)
    # Everything after the verb, as it was typed.
    rest: str = ""
    # The same in words.
    arguments: list[str] = field(default_factory=list)
    # What was understood, as what, in the words that were typed.
    given: list[tuple[Takes, str]] = field(default_factory=list)
    doubts: list[Ambiguous] = field(default_factory=list)
    # It reads like a sentence: some words only hold it together.
    is_sentence: bool = False
    # What it asks, if it asks.
    question: Question = Question.DOWN

    @property
    def asked(self) -> list[str]:
        """The surfaces that a question is about; none: all."""
        return list(dict.fromkeys([*self.surfaces, *self.plus]))

    @property
    def unsettled(self) -> list[Ambiguous]:
        """Doubts that must be settled first. A question may hold words that we need not know."""
        if self.verb == "ask" and (self.asked or self.providers or self.is_sentence):
            return [
                doubt for doubt in self.doubts if doubt.meanings or doubt.close or doubt.unwatched
            ]
        return self.doubts


class Threads(Protocol):
    """The records of all threads, read only."""

    async def thread(self, channel: Channel, incident: str) -> ThreadRecord | None:
        """The record of this incident (its key) in that channel; None: nothing was sent.

        Raises:
            StoreError: Redis did not answer.
        """
        ...


@dataclass(slots=True)
class Services:
    """The parts that commands work with. `messengers` may be filled after this was made."""

    status: StatusService
    subscriptions: Subscriptions
    threads: Threads
    messengers: Mapping[str, Messenger]
    reports: ReportStore
    reminders: ReminderStore
    rng: random.Random
    takers: Takers | None = None  # None: nobody can take an incident
    # Called when the reports of a channel changed, with the incidents that they are about.
    reported: Callable[[Channel, Sequence[Incident]], Awaitable[None]] | None = None
    # Says which platforms, besides the one named, take no messages at the moment.
    out_of_reach: Callable[[str], Sequence[str]] = lambda _: ()
    # By platform: its reasons for refusing messages, in words for people. As they came, if absent.
    explanations: Mapping[str, Explain] = field(default_factory=dict)
    # Where the answer stands as a page; empty: nowhere that others can open.
    page_url: str = ""
    # Makes the next poll of this provider's page come at once.
    poll_soon: Callable[[str], None] = lambda _: None
    # For so many seconds a command waits for the first poll of a page that it names.
    first_poll_within: float = 0.0

    @property
    def catalog(self) -> Catalog:
        return self.status.catalog

    def explain(self, channel: Channel) -> Explain:
        return self.explanations.get(channel.platform, str)


Handler = Callable[[Services, Request, ParsedCommand], Awaitable[Answer]]
# A button was pressed: the value that it carries comes last.
ButtonHandler = Callable[[Services, Request, str], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may follow a verb. `name` is what platforms with named options call it."""

    name: str
    takes: Takes
    help: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A row of `COMMANDS`."""

    verb: str
    # How it is typed, with what usually follows it, in the help.
    example: str
    help: str
    handler: Handler
    aliases: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    # Changes what a channel gets: only for those who may manage it.
    changes: bool = False
    # Words of it that mean it wherever they stand; the others only in front, since they are also
    # words of ordinary questions (back, stop, test …).
    anywhere: tuple[str, ...] = ()
    # Of everybody's, not only of those who manage a server (some platforms keep the two apart).
    personal: bool = False
    # It may be about another channel, where a platform lets one be picked.
    elsewhere: bool = False
    # A second way to use it, worth a line of the help.
    also: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return (self.verb, *self.aliases)

    def takes(self, *kinds: Takes) -> bool:
        return any(option.takes in kinds for option in self.options)

    @property
    def takes_surfaces(self) -> bool:
        return self.takes(Takes.SURFACE, Takes.SURFACES, Takes.SIGNED)

    def unexpected(self, words: ParsedCommand) -> list[str]:
        """Return the words that were understood, and mean nothing to this command."""
        accepted = {option.takes for option in self.options}
        if Takes.SIGNED in accepted or Takes.SURFACE in accepted:
            accepted.add(Takes.SURFACES)
        return [typed for takes, typed in words.given if takes not in accepted]
