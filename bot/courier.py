"""The paced lane: messages the conference starts, at a set rate and at most once."""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import ColumnElement, Select, or_, select, update
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


class _Taken(NamedTuple):
    """A row, and what it says in its recipient's words. None: it is not sent now, as it says."""

    row: OutboxMessage
    screen: Screen | None


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
        if self._delivery is None and not await self._is_any_due():
            return None
        delivery = await self._opened()
        if self._taken is None:
            async with self._database.transaction() as session:
                taken = await self._take(session)
            self._taken = taken
        if self._taken is None:
            return None
        if self._taken.screen is not None:
            await delivery.wait_for_turn()
        (row, screen), self._taken = self._taken, None
        if screen is None:
            self._tell(row.kind, row.state)
            return 0.0
        return await let_finish(
            self._send(delivery, row, screen, and_take_another=and_take_another), _LAST_SECONDS
        )

    async def _send(
        self,
        delivery: "Delivery",
        row: OutboxMessage,
        screen: Screen,
        *,
        and_take_another: bool,
    ) -> float:
        """Send it and write down what became of it."""
        try:
            outcome = await delivery.send(row.chat_id, screen, row.attempts)
        except Exception as error:  # noqa: BLE001  an answer that the library cannot read
            from bot.delivery import Outcome  # noqa: PLC0415  as said above

            log_fault(log, error, f"paced message {row.id}: nobody knows whether it arrived")
            outcome = Outcome(OutboxState.uncertain, error=type(error).__name__)
        if outcome.state is not OutboxState.sent:
            log.warning("paced message %s: %s", row.id, outcome.error)
        await self._close_row(
            row, outcome, and_take_another=and_take_another and not outcome.pause
        )
        return outcome.pause

    async def _opened(self) -> "Delivery":
        """The sending side; made in a thread, so that the replies go on meanwhile."""
        if self._delivery is None:
            self._delivery = await asyncio.to_thread(self._build)
        return self._delivery

    async def _is_any_due(self) -> bool:
        async with self._database.snapshot() as session:
            return await session.scalar(self._due()) is not None

    async def _take(self, session: AsyncSession) -> _Taken | None:
        """The next due row: marked as being sent, or as why it is not. None: nothing is due."""
        row: OutboxMessage | None = None
        for is_urgent in (True, False):
            due = self._due(is_urgent=is_urgent).with_for_update(skip_locked=True)
            row = row or await session.scalar(due)
        if row is None:
            return None
        screen = await self._worded(session, row)
        if screen is not None:
            row.state = OutboxState.sending
            row.attempts += 1
        await session.flush()
        return _Taken(row, screen)

    def _due(self, *, is_urgent: bool = False) -> Select[OutboxMessage]:
        """The next due row. Each form as an index says and orders it, or SQLite reads all rows."""
        due = (
            select(OutboxMessage)
            .where(
                col(OutboxMessage.state) == OutboxState.due,
                or_(
                    col(OutboxMessage.next_try_at).is_(None),
                    col(OutboxMessage.next_try_at) <= self._clock(),
                ),
            )
            .limit(1)
        )
        if is_urgent:
            return due.where(PACED_OPEN, col(OutboxMessage.kind) == _URGENT).order_by(
                col(OutboxMessage.recipient_id), col(OutboxMessage.id)
            )
        return due.where(OPEN, col(OutboxMessage.lane) == Lane.paced).order_by(
            col(OutboxMessage.id)
        )

    async def _worded(self, session: AsyncSession, row: OutboxMessage) -> Screen | None:
        """The message in its recipient's words. None: not to be sent now, as the row then says."""
        person = await session.get(Person, row.recipient_id) if row.recipient_id else None
        if person is None or person.unreachable_at is not None:
            row.state, row.error = OutboxState.cancelled, "the person cannot be reached"
            return None
        now = self._clock()
        if row.not_after is not None and now >= row.not_after:
            row.state, row.error = OutboxState.cancelled, "too late"
            return None
        try:
            async with session.begin_nested():
                rendered = await render_notice(
                    session, row.kind, row.content, person=person, plan=self._plan, now=now
                )
        except Exception as error:  # noqa: BLE001  our fault, but this message's alone
            log_fault(log, error, f"paced message {row.id} cannot be worded")
            row.state, row.error = OutboxState.failed, type(error).__name__
            return None
        if rendered is None:
            row.state, row.error = OutboxState.cancelled, "no longer true"
        elif isinstance(rendered, Postponed):
            if row.not_after is not None and rendered.until >= row.not_after:
                row.state, row.error = OutboxState.cancelled, "too late"
            row.next_try_at = rendered.until
            return None
        return rendered

    async def _give_back(self) -> None:
        """What was taken and not sent at all is due again: the courier ends in order."""
        taken, self._taken = self._taken, None
        if taken is None or taken.screen is None:
            return
        try:
            async with self._database.transaction() as session:
                await session.execute(
                    update(OutboxMessage)
                    .where(*_still_ours(taken.row))
                    .values(state=OutboxState.due, attempts=taken.row.attempts - 1, error=None)
                )
        except Exception as error:  # noqa: BLE001  it stays as `sending`, and becomes uncertain
            log_fault(log, error, f"paced message {taken.row.id} could not be given back")

    async def _close_row(
        self, row: OutboxMessage, outcome: "Outcome", *, and_take_another: bool
    ) -> None:
        """Write down what became of the message; a database that is away is waited for."""
        while True:
            try:
                async with self._database.transaction() as session:
                    await self._mark(session, row, outcome)
                    taken = await self._take(session) if and_take_another else None
            except Exception as fault:  # noqa: BLE001  drivers raise what they like
                log_fault(log, fault, f"paced message {row.id} could not be marked")
                and_take_another = False  # it may be that which fails
                await self.sleep(1)
            else:
                self._taken = taken
                self._tell(row.kind, outcome.state)
                return

    def _tell(self, kind: str, state: OutboxState) -> None:
        if state is not OutboxState.due:
            self.observer.paced_closed(kind, state)

    async def _mark(self, session: AsyncSession, row: OutboxMessage, outcome: "Outcome") -> None:
        await session.execute(
            update(OutboxMessage)
            .where(*_still_ours(row))
            .values(
                state=outcome.state,
                message_id=outcome.message_id,
                error=outcome.error,
                sent_at=None if outcome.state is OutboxState.due else self._clock(),
            )
        )
        if outcome.unreachable:
            await session.execute(
                update(Person)
                .where(col(Person.id) == row.recipient_id)
                .values(unreachable_at=self._clock())
            )


def _still_ours(row: OutboxMessage) -> tuple[ColumnElement[bool], ...]:
    """That nobody else has closed the row meanwhile, and perhaps had it sent once more."""
    return (
        col(OutboxMessage.id) == row.id,
        col(OutboxMessage.state).in_([OutboxState.sending, OutboxState.uncertain]),
        col(OutboxMessage.attempts) == row.attempts,
    )
