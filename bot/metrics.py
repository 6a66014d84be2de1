"""Figures for Prometheus: what has happened in this process, and what stands in the database.

No label holds a name, a word, a chat or a question; every label's values are few.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot.clock import Clock
from bot.observing import Observer
from bot.turn import Outcome, Turn
from conference.outbox_desk import count_to_be_written
from storage.tables import InboxUpdate, Job, JobState, Lane, OutboxMessage, OutboxState
from storage.tables.inbox import WAITING
from storage.tables.outbox import IN_TROUBLE, OPEN

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_OPEN = "open"
"""Of an outbox row: due or being sent. Which of both is not in the index and not worth a look."""
_PLANNED = "planned"
"""Of a message that is no row yet: it becomes one as it is sent."""
_TROUBLES = (OutboxState.failed, OutboxState.uncertain)
_ENDS = (OutboxState.sent, *_TROUBLES, OutboxState.cancelled)

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics(Observer):
    """Counts, besides writing the log line of each turn."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self._updates = Counter(
            "doithoai_updates", "Updates stored, repeated ones among them", registry=registry
        )
        turns = Histogram(
            "doithoai_turn_seconds",
            "From taking an update up to the commit of its turn",
            ["outcome"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._turns = {outcome: turns.labels(outcome.value) for outcome in Outcome}
        replies = Counter(
            "doithoai_replies", "Replies that need no more sending", ["state"], registry=registry
        )
        self._replies = {state: replies.labels(state.value) for state in _ENDS}
        self._planned = Counter(
            "doithoai_nudges_planned", "Reminders written down to be sent", registry=registry
        )
        self._paced = Counter(
            "doithoai_paced_messages",
            "Messages of the bot's own accord that need no more sending",
            ["kind", "state"],
            registry=registry,
        )
        self._errors = Counter(
            "doithoai_errors",
            "Faults that were logged, by their class",
            ["kind"],
            registry=registry,
        )
        self._leader = Gauge("doithoai_is_leader", "Whether this process leads", registry=registry)
        self._receiving = Gauge(
            "doithoai_is_receiving", "Whether updates reach this process", registry=registry
        )
        self._database = Gauge(
            "doithoai_database_up", "Whether the database has answered", registry=registry
        )
        self._inbox = Gauge("doithoai_inbox_waiting", "Updates not handled yet", registry=registry)
        self._inbox_age = Gauge(
            "doithoai_inbox_oldest_seconds", "Age of the oldest of them", registry=registry
        )
        self._outbox = Gauge(
            "doithoai_outbox_messages",
            "Messages to be sent (open), to be written as they are sent (planned), and those that"
            " could not be sent or may not have been",
            ["lane", "state"],
            registry=registry,
        )
        self._jobs = Gauge("doithoai_jobs", "Jobs of the last days", ["state"], registry=registry)

    def updates_stored(self, count: int) -> None:
        """So many updates are in the inbox."""
        self._updates.inc(count)

    def turn_done(self, turn: Turn, replies: int) -> float:
        """A turn is committed; returns its seconds."""
        seconds = super().turn_done(turn, replies)
        self._turns[turn.outcome].observe(seconds)
        return seconds

    def reply_closed(self, state: OutboxState) -> None:
        """A reply is out, or given up."""
        self._replies[state].inc()

    def nudges_planned(self, count: int) -> None:
        """So many reminders are to be sent."""
        self._planned.inc(count)

    def paced_closed(self, kind: str, state: OutboxState) -> None:
        """A paced message is out, or given up."""
        self._paced.labels(kind, state.value).inc()

    @contextlib.contextmanager
    def counting_errors(self) -> Iterator[None]:
        """Count the faults that are logged as long as the block lasts."""
        handler = _Errors(lambda kind: self._errors.labels(kind).inc())
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)

    async def read(self, session: AsyncSession, clock: Clock) -> None:
        """Look into the database; only through indexes that hold no more than is counted."""
        waiting, oldest = (
            await session.execute(
                select(func.count(), func.min(col(InboxUpdate.received_at))).where(WAITING)
            )
        ).one()
        outbox: dict[tuple[Lane, str], int] = {
            (lane, state): 0 for lane in Lane for state in (_OPEN, *_TROUBLES)
        }
        for lane, count in await session.execute(
            select(col(OutboxMessage.lane), func.count())
            .where(OPEN)
            .group_by(col(OutboxMessage.lane))
        ):
            outbox[lane, _OPEN] = count
        outbox[Lane.paced, _PLANNED] = await count_to_be_written(session)
        for lane, trouble, count in await session.execute(
            select(col(OutboxMessage.lane), col(OutboxMessage.state), func.count())
            .where(IN_TROUBLE)
            .group_by(col(OutboxMessage.lane), col(OutboxMessage.state))
        ):
            outbox[lane, trouble] = count
        jobs = dict.fromkeys(JobState, 0)
        for job_state, count in await session.execute(
            select(col(Job.state), func.count()).group_by(col(Job.state))
        ):
            jobs[job_state] = count
        self._inbox.set(waiting)
        self._inbox_age.set((clock() - oldest) / timedelta(seconds=1) if oldest else 0)
        for (lane, state), count in outbox.items():
            self._outbox.labels(lane.value, state).set(count)
        for job_state, count in jobs.items():
            self._jobs.labels(job_state.value).set(count)

    def shown(self, *, is_leader: bool, is_receiving: bool, is_database_up: bool) -> bytes:
        """All figures in Prometheus' text format; those of a database that is away are old."""
        self._leader.set(is_leader)
        self._receiving.set(is_receiving)
        self._database.set(is_database_up)
        return generate_latest(self._registry)


class _Errors(logging.Handler):
    """Tells the kind of every fault that is logged: what `log_fault` and a platform's no carry."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        kind = getattr(record, "error", None)
        if isinstance(kind, str):
            self._tell(kind)
