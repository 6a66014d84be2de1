"""The only place that puts things together: `build_app` makes the program, `App.run` runs it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from sqlalchemy import Row, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot.absence import Presence
from bot.alarm import EVERY, Alarm
from bot.bot_api import Platform
from bot.chat_state import ChatStateStorage
from bot.clock import Clock
from bot.courier import Courier
from bot.intake import Intake, Receiver
from bot.jobs import Workshop
from bot.leadership import Leadership
from bot.observing import Observer
from bot.scheduler import build_scheduler
from bot.sender import Sender
from bot.trace import log_fault
from bot.turn import Call, Turn, TurnSession, write_calls
from bot.turns import Turns
from bot.waiting import together
from conference.broadcasting import go_on
from conference.joining import actor_of, set_organisers
from conference.nudge_times import Round, is_quiet
from conference.nudging import (
    AT_ONCE,
    begin_rounds,
    next_members,
    plan_members,
    write_planned,
)
from conference.opening import conference_record, load_plan_into
from conference.privacy import announce_retention, sweep_unconsented
from conference.safeguarding import danger_signs
from config.plan import ConferencePlan
from config.texts import LANGUAGES, texts_for
from handlers import attach
from handlers.commands import menu
from storage.database import Database
from storage.locks import Locks
from storage.news import News
from storage.schema import ensure_schema
from storage.tables import DatabaseKind, InboxState, InboxUpdate, Job, OutboxMessage, OutboxState

log = logging.getLogger(__name__)

CHANNEL = "telegram"
KEYS_KEPT = timedelta(hours=48)
"""A platform redelivers for a day; keys are kept for two, so that nothing is handled twice."""
SET_ASIDE_KEPT = timedelta(days=14)
"""So long an operator can look at an update that could not be handled."""
JOBS_KEPT = timedelta(days=7)
_SURELY_QUEUED = timedelta(seconds=30)
_DRAIN_SECONDS = 8.0
_LEAVE_SECONDS = 1.0
_BREATH = 0.001
_LULL_AWAITED = 0.03
"""Seconds at most, or what is sent to thousands would not come to an end on a busy day."""
_PLANNERS_LULL = 0.06
"""Longer than most replies take: a round's plan comes between two of them."""
_PLANNERS_REST = 4
"""A slice's rest, in the time that the slice before took: replies then hardly notice it."""
_PLANNED_A_SECOND = 15_000
"""People, at least, on a machine that can: a slow one rests less, as the round must not wait."""


@dataclass(slots=True)
class App:
    """The program's parts, put together."""

    database: Database
    plan: ConferencePlan
    platform: Platform
    clock: Clock
    dispatcher: Dispatcher
    bot: Bot
    intake: Receiver
    turns: Turns
    sender: Sender
    workshop: Workshop
    courier: Courier
    presence: Presence
    alarm: Alarm
    organiser_ids: frozenset[str]
    kind: DatabaseKind
    observer: Observer
    locks: Locks | None
    """Where several processes may share the work: PostgreSQL."""
    leadership: Leadership
    is_planning: bool = False
    """A round is being planned: nothing of what it plans is written or sent beside that."""
    beaten_at: float = field(default_factory=time.monotonic)
    """When a tick last came, seconds on the machine's monotonic clock."""

    @property
    def is_leader(self) -> bool:
        """Whether this process polls, ticks, does the jobs and sends what is paced."""
        return self.leadership.is_leader

    async def prepare(self) -> None:
        """Bring the database to this program and this plan, and pick up what was not said."""
        await ensure_schema(self.database)
        await self.open_conference()
        await self.presence.note()
        await self.sender.resume()

    async def take_over(self) -> None:
        """Pick up what whoever led before was cut off in."""
        await self.workshop.resume()
        await self.courier.resume()

    async def open_conference(self) -> None:
        """Load the plan, and make the organisers those whom the settings name."""
        async with self.database.transaction() as session:
            await self.database.lock(session, "conference")
            await load_plan_into(
                session,
                self.plan,
                kind=self.kind,
                now=self.clock(),
                clock_offset=self.clock.offset,
            )
            conference = await conference_record(session)
            if conference is not None:
                self.clock.offset = timedelta(seconds=conference.clock_offset_seconds)
            await set_organisers(session, CHANNEL, self.organiser_ids, now=self.clock())

    def introduce(self, me: Mapping[str, Any]) -> None:
        """Tell the conversation the bot's name, as getMe says: links need it."""
        self.dispatcher["bot_name"] = me.get("username") or ""

    async def publish_menus(self) -> None:
        """The command menus: the default one in the plan's language, and one per language.

        Raises:
            ApiError: the platform did not take one of them.
        """
        for language in (None, *LANGUAGES):
            texts = texts_for(language or self.plan.conference.language)
            commands = [
                {"command": entry.command, "description": entry.description}
                for entry in menu(texts)
            ]
            parameters: dict[str, Any] = {"commands": commands}
            if language is not None:
                parameters["language_code"] = language
            await self.platform.call("setMyCommands", parameters)

    async def run(self, *also: Coroutine[Any, Any, None]) -> None:
        """Serve until cancelled; then let what is being said be said, for a few seconds at most.

        Args:
            also: what else is to run as long as the program does.

        Raises:
            CannotPollError: polling makes no sense any more.
        """
        owed = partial(self.sender.resume, _SURELY_QUEUED)
        scheduler = build_scheduler(
            {
                "replies": (owed, 60 if self.locks is None else 2),
                "heartbeat": (self.beat, 30),
                "presence": (self.be_present, 30),
                "files": (self.workshop.sweep, 3600 if self.locks is None else 60),
            }
        )
        async with together() as speaking:
            sending = speaking.create_task(self.sender.run())
            scheduler.start()
            try:
                await self._serve(*also)
            finally:
                scheduler.shutdown(wait=False)
                await self._pick_up()
                await self.sender.finish(_DRAIN_SECONDS)
                sending.cancel()
                await self._leave()

    async def _pick_up(self) -> None:
        """What was committed while the end came is said before it, not at the next start."""
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self.sender.resume()
        except Exception as error:  # noqa: BLE001  drivers raise what they like
            log_fault(log, error, "what is still to be said waits for the next start")

    async def _leave(self) -> None:
        """Until now the bot was there; a database that is away does not hold up the end."""
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self.presence.note()
        except Exception as error:  # noqa: BLE001  drivers raise what they like
            log_fault(log, error, "the end could not be written down")

    async def _serve(self, *also: Coroutine[Any, Any, None]) -> None:
        async with together() as group:
            for one in also:
                group.create_task(one)
            group.create_task(self._converse())
            if not self.intake.is_for_one:
                group.create_task(self.intake.run())
            group.create_task(self.leadership.run(self._lead))

    async def _lead(self) -> None:
        """What one process does for all."""
        while True:
            try:
                await self.take_over()
                break
            except Exception as error:  # noqa: BLE001  drivers raise what they like
                log_fault(log, error, "what was cut off could not be picked up")
                await asyncio.sleep(1)
        scheduler = build_scheduler(
            {
                "nudges": (self.nudge, 30),
                "records": (self.sweep, 300),
                "alarm": (self.alarm.look, EVERY),
            }
        )
        async with together() as group:
            scheduler.start()
            try:
                if self.intake.is_for_one:
                    group.create_task(self.intake.run())
                group.create_task(self.workshop.run())
                group.create_task(self.courier.run())
                await asyncio.Event().wait()
            finally:
                scheduler.shutdown(wait=False)

    async def _converse(self) -> None:
        """The turns, as soon as the signs of danger are read: in a thread, so that none waits."""
        await asyncio.to_thread(danger_signs, "")
        await self.turns.run()

    async def close(self) -> None:
        """Close everything; nothing is sent any more."""
        await self.courier.close()
        await self.platform.close()
        if self.locks is not None:
            await self.locks.close()
        await self.database.close()

    async def settle(self) -> None:
        """Handle all that is stored and send all that it causes, then return (for tests)."""
        async with together() as group:
            sending = group.create_task(self.sender.run())
            while await self.turns.run_waiting() or await self.workshop.run_next():
                await self.sender.idle()
            await self.sender.idle()
            sending.cancel()

    async def beat(self) -> None:
        """Show that the ticks still come, and remove what an erasure could not at once."""
        self.beaten_at = time.monotonic()
        if self.database.owes_traces:
            await self.database.forget_traces()

    async def be_present(self) -> None:
        """Write down that the bot is there; after an absence, offer people their step again."""
        if await self.presence.note():
            self.turns.wake()

    async def nudge(self) -> None:
        """Write down the reminders that have become due; the courier sends them."""
        now = self.clock()
        async with self.database.transaction() as session:
            written, begun = await begin_rounds(session, self.plan, now=now)
        self.observer.nudges_planned(written)
        self.is_planning = True
        try:
            for one in begun:
                written += await self._plan_members(one)
        finally:
            self.is_planning = False
        if written:
            log.info("%s reminders are due", written)
            self.courier.wake()

    async def _plan_members(self, one: Round) -> int:
        """A round's members, few in a transaction, so that replies come in between."""
        planned = 0
        # PostgreSQL's server writes beside this loop: a lull here tells little of it.
        at_once, patience = (
            (AT_ONCE, _PLANNERS_LULL) if self.database.is_sqlite else (2 * AT_ONCE, _LULL_AWAITED)
        )
        took = 0.0
        while True:
            async with self.database.snapshot() as session:
                members = await next_members(session, self.plan, one, at_once=at_once)
            if members is None:
                return planned
            rest = min(_PLANNERS_REST * took, at_once / _PLANNED_A_SECOND - took)
            await self.lull(patience, at_least=max(_BREATH, rest))
            began = time.monotonic()
            async with self.database.transaction() as session:
                written = await plan_members(session, self.plan, one, members)
            self.observer.nudges_planned(written)
            planned += written
            took = time.monotonic() - began

    async def lull(self, at_most: float = _LULL_AWAITED, *, at_least: float = _BREATH) -> None:
        """Wait until nobody waits for a reply: so many seconds at most, and so many at least.

        Whatever is written to thousands waits so before each of its transactions.
        """
        until = time.monotonic() + at_most
        pause, is_busy = at_least, True
        while is_busy and time.monotonic() < until:
            await asyncio.sleep(pause)
            pause, is_busy = _BREATH, self.sender.is_busy or self.database.is_busy

    async def write_more(self) -> bool:
        """Write the next few messages of what goes to thousands; False: there is none to write.

        The courier asks when it has nothing left, so that these rows are spread over the time in
        which they are sent. Quiet hours come first: none is written to be put off.
        """
        now = self.clock()
        if self.is_planning or is_quiet(now, self.plan.quiet_hours, self.plan.zone):
            return False
        await self.lull()
        has_written = False
        # A transaction each, so that what is wrong with the one does not hold up the other.
        for write in (go_on, partial(write_planned, plan=self.plan, now=now)):
            try:
                async with self.database.transaction() as session:
                    has_written |= await write(session)
            except Exception as error:  # noqa: BLE001  drivers raise what they like
                log_fault(log, error, "what goes to thousands could not be written")
        return has_written

    async def sweep(self) -> None:
        """What is kept no longer than needed goes."""
        now = self.clock()
        async with self.database.transaction() as session:
            swept = await sweep_unconsented(session, now=now)
            await _forget_old(session, now)
            announced = await announce_retention(session, self.plan, now=now)
        if swept:
            log.info("%s chats without consent were forgotten", swept)
            await self.database.forget_traces()
        if announced:
            self.courier.wake()


async def _forget_old(session: AsyncSession, now: datetime) -> None:
    await session.execute(
        delete(InboxUpdate).where(
            col(InboxUpdate.received_at) < now - KEYS_KEPT,
            col(InboxUpdate.state) == InboxState.done,
        )
    )
    await session.execute(
        delete(InboxUpdate).where(
            col(InboxUpdate.received_at) < now - SET_ASIDE_KEPT,
            col(InboxUpdate.state) == InboxState.set_aside,
        )
    )
    await session.execute(
        delete(OutboxMessage).where(
            col(OutboxMessage.sent_at) < now - KEYS_KEPT,
            col(OutboxMessage.key).is_(None),
            col(OutboxMessage.state) != OutboxState.due,
        )
    )
    await session.execute(delete(Job).where(col(Job.finished_at) < now - JOBS_KEPT))


def build_app(
    *,
    database: Database,
    database_address: str,
    plan: ConferencePlan,
    plan_file: Path,
    platform: Platform,
    courier: Courier,
    token: str,
    clock: Clock,
    organiser_ids: frozenset[str] = frozenset(),
    kind: DatabaseKind = DatabaseKind.live,
    files: Path,
    observer: Observer | None = None,
) -> App:
    """Put the program together; nothing is opened or asked yet."""
    bot = Bot(
        token,
        session=TurnSession(),
        default=DefaultBotProperties(parse_mode="HTML", link_preview_is_disabled=True),
    )
    dispatcher = Dispatcher(storage=ChatStateStorage(), plan=plan, channel=CHANNEL, bot_name="")
    attach(dispatcher)
    locks = None if database.is_sqlite else Locks(database.url)
    leadership = Leadership(locks)
    sender = Sender(database, platform, clock, str(bot.id), locks=locks)
    workshop = Workshop(database, plan, plan_file, database_address, sender, clock, files)

    observer = observer or Observer()
    sender.observer = courier.observer = observer

    def said(turn: Turn, rows: list[dict[str, Any]]) -> None:
        observer.turn_done(turn, len(rows))
        sender.answer(turn.answers)
        sender.queue(rows)
        if turn.forgotten:
            workshop.is_to_sweep = True
            workshop.wake()

    wakers = {
        News.job: workshop.wake,
        News.paced: courier.wake,
        News.erased: database.owe_traces,
    }

    def woken(news: Collection[News]) -> None:
        for one in news:
            wakers[one]()

    async def file_gone(row: dict[str, Any]) -> bool | None:
        # Whoever leads has made it, or makes it again; others leave it to that one.
        if not leadership.is_leader:
            return None
        return await workshop.make_again(Path(row["content"]["file_path"]), row["chat_id"])

    sender.file_gone = file_gone

    async def apologise(session: AsyncSession, row: Row[Any]) -> list[dict[str, Any]]:
        chat_id = row.chat_key.rpartition(":")[2]
        if not chat_id.isascii() or not chat_id.isdigit():
            return []  # a group, or an update of nobody
        actor = await actor_of(session, CHANNEL, chat_id)
        language = actor.person.language if actor.person else plan.conference.language
        call = Call(
            "sendMessage",
            {"chat_id": chat_id, "text": texts_for(language).plain("fault-ours")},
            chat_id,
        )
        return await write_calls(session, str(bot.id), [call], clock())

    turns = Turns(
        database,
        dispatcher,
        bot,
        clock,
        channel=CHANNEL,
        said=said,
        woken=woken,
        apologise=apologise,
    )
    intake = Intake(platform, clock, str(bot.id), take=turns.take, observer=observer)
    app = App(
        database=database,
        plan=plan,
        platform=platform,
        clock=clock,
        dispatcher=dispatcher,
        bot=bot,
        intake=intake,
        turns=turns,
        sender=sender,
        workshop=workshop,
        courier=courier,
        presence=Presence(database, plan, clock, str(bot.id)),
        alarm=Alarm(
            database,
            plan,
            platform,
            clock,
            str(bot.id),
            folders=_folders(database, files),
            sender=sender,
            courier=courier,
        ),
        organiser_ids=organiser_ids,
        kind=kind,
        observer=observer,
        locks=locks,
        leadership=leadership,
    )
    courier.lull, courier.write_more = app.lull, app.write_more
    return app


def _folders(database: Database, files: Path) -> list[Path]:
    """Where what is kept lies on this machine; a PostgreSQL server's disk is elsewhere."""
    folders = [files.parent]
    if database.is_sqlite and database.url.database:
        folders.append(Path(database.url.database).parent)
    return folders


@contextlib.asynccontextmanager
async def opened(app: App) -> AsyncIterator[App]:
    """The app prepared, leading if nobody else does, and closed at the end (for tests)."""
    try:
        await app.prepare()
        if await app.leadership.stand():
            await app.take_over()
        yield app
    finally:
        await app.close()
