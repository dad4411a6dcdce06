"""A channel's board, kept up to date, and the loop that makes channels stale when it changes.

A board is one message: sent once, pinned where the platform lets us, and changed whenever what
it shows has changed, and once an hour. Its record has the number of the board that stands there:
a board that is put up anew is another message, and the last change of the old one says so.
Somebody who deletes the message ends the board.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from bot.delivery.announcement import Announcement, DueStep
from bot.delivery.cache import TimedCache
from bot.delivery.plan import plan
from bot.delivery.queue import Claim, PendingThread, Queue
from bot.delivery.steps import DELETED, FIRST, Act, Plan, Step, apply
from bot.delivery.stores import EventStream
from bot.domain.board import BOARD, PIN, BoardState
from bot.domain.message import Message, ThreadLink
from bot.domain.subscription import Channel, Reason, Subscription, ThreadRecord
from bot.loops.periodic import StoreLoop
from bot.messages.board import BoardContent, board_content, board_over_message
from bot.status.view import StatusView

# Seconds: what changes within them is one change of a board (guess).
LOOK_EVERY = 5.0
# Seconds: who reads a board that is older than that knows that we do not run (guess).
RENEW_EVERY = 3600
FORMER = "former"  # the part that is the message of the board before


def state_of(view: StatusView) -> BoardState:
    """Return what any board may show of a view; its version says nothing of passing seconds."""
    seen = [
        (
            one.provider,
            one.is_fresh,
            None if one.is_fresh else (one.checked_at, one.failing_since),
            [(v.surface, v.last_known, v.since, v.suspected) for v in one.verdicts],
            [(i.key, i.revision, i.severity, i.phase) for i in one.incidents],
        )
        for one in view.providers
    ]
    return BoardState(f"1:{_hash(seen, view.at)}")


def _hash(shown: object, at: datetime) -> str:
    """Return a short hash of what is shown; another one every hour."""
    hour = int(at.timestamp()) // RENEW_EVERY
    return sha256(f"{hour} {shown!r}".encode()).hexdigest()[:16]


class BoardNews(Announcement):
    """A channel's board with what it should show."""

    subject: BoardState

    def __init__(
        self,
        state: BoardState,
        number: int,
        content: BoardContent | None,
        *,
        pins: bool,
        waits: bool = False,
        former: int | None = None,
    ) -> None:
        """`content` None: the board is to end. `pins`: the platform pins messages.

        `waits`: an incident on it has no thread yet to link to, and gets one soon. `former`: the
        number of the board that was asked for before, if that may have been sent.
        """
        self.subject = state
        self.revision = number
        self._former = number if former is None else former
        # Its number is the second at which a board was asked for.
        self.begun_at = self.known_at = datetime.fromtimestamp(self._former, UTC)
        self._content = content
        self._hash = _hash(content.shown, content.at) if content else ""
        self._pins = pins
        self._waits = waits

    def plan(self, thread: ThreadRecord, subscription: Subscription | None, now: datetime) -> Plan:
        """Return what is missing: first the end of what is not asked for any more."""
        del subscription, now
        asked, stands = self._content is not None, thread.root is not None
        if stands and not thread.closed and not (asked and thread.joined == self.revision):
            if thread.root == DELETED and not asked:
                return Plan((), Reason.ROOT_DELETED)
            if thread.root != DELETED:
                unpin = (Step(Act.UNPIN, self.revision),) if PIN in thread.replies else ()
                return Plan((*unpin, Step(Act.CLOSE, self.revision)), Reason.DUE)
        if not asked:
            return Plan((), Reason.NOT_SUBSCRIBED)
        if not stands or thread.joined != self.revision:
            return Plan((Step(Act.SAY, self.revision, content=self._hash),), Reason.DUE)
        if thread.root == DELETED:
            return Plan((), Reason.ROOT_DELETED)
        steps = []
        changed = thread.content != self._hash
        if changed:
            steps.append(Step(Act.EDIT, self.revision, content=self._hash))
        # Where it could not be pinned, it is tried with every change: somebody may allow it.
        if self._pins and (PIN not in thread.replies or (changed and thread.replies[PIN])):
            steps.append(Step(Act.PIN, self.revision))
        return Plan(tuple(steps), Reason.DUE if steps else Reason.TOLD)

    def message(self, due: DueStep) -> Message:
        if due.step.act is Act.CLOSE or self._content is None:
            return board_over_message(due.now)
        return self._content.message

    def is_final(self, reason: Reason) -> bool:
        del reason
        return not self._waits

    def keys(self, channel: Channel) -> Mapping[str, str]:
        key = f"{channel}/{BOARD}"
        former = {FORMER: f"{key}{self._former}"} if self._former != self.revision else {}
        return {FIRST: f"{key}{self.revision}", **former}

    def found(self, thread: ThreadRecord, part: str, message: str) -> ThreadRecord:
        if part == FIRST:
            return super().found(thread, part, message)
        return thread if thread.root else apply(thread, Step(Act.SAY, self._former), message)


async def board_news(
    claim: Claim,
    pending: PendingThread,
    views: TimedCache[StatusView],
    queue: Queue,
    *,
    pins: bool,
) -> BoardNews:
    """Gather what a channel's board should show.

    Raises:
        StoreError: the store did not answer.
    """
    subscription, view = claim.subscription, await views.get()
    state, board = state_of(view), subscription.board if subscription else None
    # Of a channel without a subscription the queue knows which one is to end.
    number = board.number if board else pending.revision
    # What was asked for first may have been sent; of what boards show the number is always 1.
    former = pending.first if pending.first > 1 else number
    if subscription is None or board is None or not board.kept:
        return BoardNews(state, number, None, pins=pins, former=former)
    threads, waits = {}, False
    for incident in view.incidents:
        if not subscription.matches(incident):
            continue
        thread = await queue.thread(claim.channel, incident.key) or ThreadRecord()
        if thread.root:
            threads[incident.key] = ThreadLink(claim.channel.id, thread.goes_on_in)
        elif plan(incident, thread, subscription, view.at).sends:
            waits = True
    content = board_content(view, subscription, threads)
    return BoardNews(state, number, content, pins=pins, waits=waits, former=former)


class BoardFanOut(StoreLoop):
    """The loop that queues the channels whose board may show something else by now."""

    def __init__(
        self, views: TimedCache[StatusView], stream: EventStream, *, interval: float = LOOK_EVERY
    ) -> None:
        super().__init__("boards", interval)
        self._views = views
        self._stream = stream

    def wake(self) -> None:
        """Nothing: what was committed is seen at the next look, so that changes come together."""

    async def queue_due(self) -> bool:
        """Queue every channel with a board that was brought up to date with another state.

        Raises:
            StoreError: the store did not answer; the rest is found at the next look.
        """
        if await self._stream.has_boards():
            await self._stream.enqueue_boards(state_of(await self._views.renew()))
        return False
