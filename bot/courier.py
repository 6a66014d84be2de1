"""The paced lane: messages the conference starts, at a set rate and at most once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Row, Table, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot.clock import Clock
from bot.observing import Observer
from bot.trace import log_fault
from bot.waiting import Sleep, let_finish, wait_for_news
from config.plan import ConferencePlan
from handlers.conversation import Screen
from handlers.notices import Postponed, render_notice
from storage.database import Database
from storage.tables import Lane, OutboxMessage, OutboxState, Person
from storage.tables.outbox import OPEN, PACED_OPEN

if TYPE_CHECKING:
    from bot.delivery import Delivery, Outcome

log = logging.getLogger(__name__)

RATE = 20
"""Messages a second, where the settings say nothing else: room is left for the replies."""
_URGENT = "held-question"
"""Somebody may be in danger: it does not wait behind an announcement to thousands."""
_LAST_SECONDS = 3.0
"""So long a message that is being sent when the courier is stopped may take to arrive."""


_OUTBOX: Table = OutboxMessage.__table__  # type: ignore[attr-defined]
_DUE = (
    select(
        *(
            _OUTBOX.c[name]
            for name in (
                "id",
                "kind",
                "content",
                "recipient_id",
                "chat_id",
                "attempts",
                "not_after",
            )
        )
    )
    .where(
        _OUTBOX.c.state == OutboxState.due,
        or_(
            _OUTBOX.c.next_try_at.is_(None),
            _OUTBOX.c.next_try_at <= bindparam("now", type_=_OUTBOX.c.next_try_at.type),
        ),
    )
    .limit(1)
)
# Each as an index says and orders it, or SQLite reads all rows.
_URGENT_DUE = _DUE.where(PACED_OPEN, _OUTBOX.c.kind == _URGENT).order_by(
    _OUTBOX.c.recipient_id, _OUTBOX.c.id
)
_NEXT_DUE = _DUE.where(OPEN, _OUTBOX.c.lane == Lane.paced).order_by(_OUTBOX.c.id)
_TO_TAKE = [due.with_for_update(skip_locked=True) for due in (_URGENT_DUE, _NEXT_DUE)]
_IS_ROW = _OUTBOX.c.id == bindparam("row")
_TAKE = (
    update(_OUTBOX)
    .where(_IS_ROW)
    .values(state=OutboxState.sending, attempts=_OUTBOX.c.attempts + 1)
)
_LEAVE = (
    update(_OUTBOX)
    .where(_IS_ROW)
    .values({name: bindparam(name) for name in ("state", "error", "next_try_at")})
)
# Nobody else has closed the row meanwhile, and perhaps had it sent once more.
_STILL_OURS = update(_OUTBOX).where(
    _IS_ROW,
    _OUTBOX.c.state.in_([OutboxState.sending, OutboxState.uncertain]),
    _OUTBOX.c.attempts == bindparam("taken_as"),
)
_CLOSE = _STILL_OURS.values(
    {name: bindparam(name) for name in ("state", "message_id", "error", "sent_at")}
)
_GIVE_BACK = _STILL_OURS.values(state=OutboxState.due, attempts=_OUTBOX.c.attempts - 1, error=None)


def build_sender(
    token: str, base: str, proxy: str | None, *, rate: int = RATE, patience: float = 25
) -> Callable[[], "Delivery"]:
    """What makes the sending side: so many messages a second, so many seconds for an answer.

    Its library takes a second to import; nobody needs it before there is something to send.
    """

    def build() -> "Delivery":
        from bot.delivery import Delivery  # noqa: PLC0415  as said above

        return Delivery(token, base, proxy, rate=rate, patience=patience)

    return build


class _NotNow(NamedTuple):
    """What becomes of a row that is not sent now."""

    state: OutboxState
    error: str | None = None
    next_try_at: datetime | None = None


_TOO_LATE = _NotNow(OutboxState.cancelled, "too late")


class _Taken(NamedTuple):
    """A row, and what it says in its recipient's words, or why it is not sent now."""

    row: Row[Any]
    said: Screen | _NotNow

    @property
    def attempts(self) -> int:
        """How often it has been sent, with this time."""
        return int(self.row.attempts) + 1


async def _nothing_more() -> bool:
    return False


class Courier:
    """Takes due rows one after another: marks, commits, sends, marks again.

    What was being sent when the process died becomes `uncertain`: it is shown, never repeated.
    A sent row is marked in the transaction that takes the next one.
    Only the process that leads runs one (`bot.leadership`).

    Args:
        build: makes the sending side when there is something to send.
        sleep: how to wait out a trouble; no news cuts that short.
    """

    def __init__(
        self,
        database: Database,
        plan: ConferencePlan,
        build: Callable[[], "Delivery"],
        clock: Clock,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._database = database
        self._plan = plan
        self._build = build
        self._delivery: Delivery | None = None
        self._clock = clock
        self.sleep = sleep
        self._news = asyncio.Event()
        self.observer = Observer()
        self.lull: Callable[[], Awaitable[None]] = partial(asyncio.sleep, 0)
        """Waits a little while somebody waits for a reply."""
        self.write_more: Callable[[], Awaitable[bool]] = _nothing_more
        """Writes the next few rows of what goes to thousands; False: there are none."""
        self._taken: _Taken | None = None
        """Taken and not yet sent."""

    def wake(self) -> None:
        """There may be something due."""
        self._news.set()

    async def resume(self) -> None:
        """Before `run`: the fate of what somebody before was sending is unknown."""
        async with self._database.transaction() as session:
            found = await session.execute(
                update(OutboxMessage)
                .where(
                    col(OutboxMessage.lane) == Lane.paced,
                    col(OutboxMessage.state) == OutboxState.sending,
                )
                .values(
                    state=OutboxState.uncertain,
                    error="the process ended while sending",
                    sent_at=self._clock(),
                )
                .returning(col(OutboxMessage.id), col(OutboxMessage.kind))
            )
            for row_id, kind in found:
                log.warning("paced message %s is uncertain: it is not sent again", row_id)
                self.observer.paced_closed(kind, OutboxState.uncertain)

    async def close(self) -> None:
        """Close the connections."""
        if self._delivery is not None:
            await self._delivery.close()

    async def run(self) -> None:
        """Send for ever."""
        try:
            while True:
                self._news.clear()
                try:
                    pause = await self.send_next(and_take_another=True)
                except Exception as error:  # noqa: BLE001  drivers raise what they like
                    log_fault(log, error, "a paced message could not be taken or closed")
                    pause = 5.0
                if pause is None:
                    await wait_for_news(self._news, 5 if self._database.is_sqlite else 1)
                elif pause:
                    await self.sleep(pause)
        finally:
            await self._give_back()

    async def send_next(self, *, and_take_another: bool = False) -> float | None:
        """Send the next due message; and take the one after it, for the next call to send.

        Returns:
            Seconds in which nothing may be sent, or None when nothing is due.
        """
        if self._delivery is None and not await self._is_any_due() and not await self.write_more():
            return None
        delivery = await self._opened()
        while self._taken is None:
            async with self._database.transaction() as session:
                taken = await self._take(session)
            self._taken = taken
            if taken is None and not await self.write_more():
                return None
        if isinstance(self._taken.said, Screen):
            await delivery.wait_for_turn()
        taken, self._taken = self._taken, None
        if isinstance(taken.said, _NotNow):
            said = taken.said.error or "not yet"
            log.info("paced message %s is not sent: %s", taken.row.id, said)
            self._tell(taken.row.kind, taken.said.state)
            return 0.0
        return await let_finish(
            self._send(delivery, taken, taken.said, and_take_another=and_take_another),
            _LAST_SECONDS,
        )

    async def _send(
        self, delivery: "Delivery", taken: _Taken, screen: Screen, *, and_take_another: bool
    ) -> float:
        """Send it and write down what became of it."""
        row = taken.row
        try:
            outcome = await delivery.send(row.chat_id, screen, taken.attempts)
        except Exception as error:  # noqa: BLE001  an answer that the library cannot read
            from bot.delivery import Outcome  # noqa: PLC0415  as said above

            log_fault(log, error, f"paced message {row.id}: nobody knows whether it arrived")
            outcome = Outcome(OutboxState.uncertain, error=type(error).__name__)
        if outcome.state is not OutboxState.sent:
            log.warning("paced message %s: %s", row.id, outcome.error)
        await self._close_row(
            taken, outcome, and_take_another=and_take_another and not outcome.pause
        )
        return outcome.pause

    async def _opened(self) -> "Delivery":
        """The sending side; made in a thread, so that the replies go on meanwhile."""
        if self._delivery is None:
            self._delivery = await asyncio.to_thread(self._build)
        return self._delivery

    async def _is_any_due(self) -> bool:
        async with self._database.snapshot() as session:
            found = await session.execute(_NEXT_DUE, {"now": self._clock()})
            return found.first() is not None

    async def _take(self, session: AsyncSession) -> _Taken | None:
        """The next due row: marked as being sent, or as why it is not. None: nothing is due."""
        row: Row[Any] | None = None
        now = self._clock()
        for due in _TO_TAKE:
            row = row or (await session.execute(due, {"now": now})).first()
        if row is None:
            return None
        said = await self._worded(session, row, now)
        if isinstance(said, Screen):
            await session.execute(_TAKE, {"row": row.id})
        else:
            await session.execute(_LEAVE, {"row": row.id, **said._asdict()})
        return _Taken(row, said)

    async def _worded(
        self, session: AsyncSession, row: Row[Any], now: datetime
    ) -> Screen | _NotNow:
        """The message in its recipient's words, or why it is not sent now."""
        person = await session.get(Person, row.recipient_id) if row.recipient_id else None
        if person is None or person.unreachable_at is not None:
            return _NotNow(OutboxState.cancelled, "the person cannot be reached")
        if row.not_after is not None and now >= row.not_after:
            return _TOO_LATE
        try:
            async with session.begin_nested():
                rendered = await render_notice(
                    session, row.kind, row.content, person=person, plan=self._plan, now=now
                )
        except Exception as error:  # noqa: BLE001  our fault, but this message's alone
            log_fault(log, error, f"paced message {row.id} cannot be worded")
            return _NotNow(OutboxState.failed, type(error).__name__)
        if isinstance(rendered, Postponed):
            is_too_late = row.not_after is not None and rendered.until >= row.not_after
            return _TOO_LATE if is_too_late else _NotNow(OutboxState.due, None, rendered.until)
        return rendered or _NotNow(OutboxState.cancelled, "no longer true")

    async def _give_back(self) -> None:
        """What was taken and not sent at all is due again: the courier ends in order."""
        taken, self._taken = self._taken, None
        if taken is None or isinstance(taken.said, _NotNow):
            return
        try:
            async with self._database.transaction() as session:
                await session.execute(
                    _GIVE_BACK, {"row": taken.row.id, "taken_as": taken.attempts}
                )
        except Exception as error:  # noqa: BLE001  it stays as `sending`, and becomes uncertain
            log_fault(log, error, f"paced message {taken.row.id} could not be given back")

    async def _close_row(
        self, sent: _Taken, outcome: "Outcome", *, and_take_another: bool
    ) -> None:
        """Write down what became of the message; a database that is away is waited for."""
        await self.lull()
        while True:
            try:
                async with self._database.transaction() as session:
                    await self._mark(session, sent, outcome)
                    taken = await self._take(session) if and_take_another else None
            except Exception as fault:  # noqa: BLE001  drivers raise what they like
                log_fault(log, fault, f"paced message {sent.row.id} could not be marked")
                and_take_another = False  # it may be that which fails
                await self.sleep(1)
            else:
                self._taken = taken
                self._tell(sent.row.kind, outcome.state)
                return

    def _tell(self, kind: str, state: OutboxState) -> None:
        if state is not OutboxState.due:
            self.observer.paced_closed(kind, state)

    async def _mark(self, session: AsyncSession, sent: _Taken, outcome: "Outcome") -> None:
        now = self._clock()
        await session.execute(
            _CLOSE,
            {
                "row": sent.row.id,
                "taken_as": sent.attempts,
                "state": outcome.state,
                "message_id": outcome.message_id,
                "error": outcome.error,
                "sent_at": None if outcome.state is OutboxState.due else now,
            },
        )
        if outcome.unreachable:
            await session.execute(
                update(Person)
                .where(col(Person.id) == sent.row.recipient_id)
                .values(unreachable_at=now)
            )
