"""The tick that looks for what needs a person, and tells the organisers in their chats.

Most is told by the paced lane. Two things cannot be: that this lane itself stands still goes out
with the replies; and a disk that is full takes no row, so it is said straight to the platform.
"""

import asyncio
import logging
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.bot_api import ApiError, Platform
from bot.clock import Clock
from bot.courier import Courier
from bot.sender import Sender
from bot.trace import log_fault
from conference.alerting import HALTED, key_of_day, tell_organisers
from conference.nudge_times import is_quiet
from config.plan import ConferencePlan
from config.texts import texts_for
from handlers.moments import moment_words
from storage.alerts import next_paced, next_unwritten, write_reply_once
from storage.database import Database
from storage.faults import Fault, fault_of
from storage.people import holders_of
from storage.tables import Role

log = logging.getLogger(__name__)

EVERY = 60
"""Seconds from one look to the next."""
LEAST_SPACE = 200
"""Megabytes: with less than that left the organisers are told, while a row can still be kept."""
HALTED_AFTER = 10
"""So many looks find the same message due: counted, so that no moved clock raises an alarm."""
_AGAIN_AFTER = timedelta(hours=1)
_MEGABYTE = 1_000_000


class Alarm:
    """Looks once a minute.

    Args:
        folders: where the database and the files lie.
        sender: takes rows of the reply lane.
        courier: is woken when something was written for the paced lane.
    """

    def __init__(
        self,
        database: Database,
        plan: ConferencePlan,
        platform: Platform,
        clock: Clock,
        bot_id: str,
        *,
        folders: Sequence[Path],
        sender: Sender,
        courier: Courier,
    ) -> None:
        self._database = database
        self._plan = plan
        self._platform = platform
        self._clock = clock
        self._bot_id = bot_id
        self._folders = folders
        self._sender = sender
        self._courier = courier
        self._organisers: list[tuple[str, str]] = []
        """(chat, language), remembered for when the database is of no help."""
        self._due: object = None
        """What was to go out next, or to be written next, at the last look."""
        self._looks = 0
        self._said_full_at: datetime | None = None

    async def look(self) -> None:
        """Tell of what is new. What cannot be told now is found again at the next look."""
        free = await asyncio.to_thread(self._free_megabytes)
        is_low = free is not None and free < LEAST_SPACE
        if is_low:
            log.error("the disk is nearly full: %s MB are left", free)
        try:
            async with self._database.snapshot() as session:
                self._organisers = [
                    (one.external_id, one.language)
                    for one in await holders_of(session, Role.organiser)
                    if one.unreachable_at is None
                ]
            async with self._database.transaction() as session:
                is_told = await tell_organisers(
                    session,
                    self._plan,
                    free_megabytes=free if is_low else None,
                    now=self._clock(),
                )
                rows = await self._tell_of_halt(session)
        except Exception as error:
            if fault_of(error) is not Fault.disk_full:
                raise
            log_fault(log, error, "the organisers are told straight away")
            await self._cry_out()
            return
        self._sender.queue(rows)
        if is_told:
            self._courier.wake()
        if self._database.was_full:
            self._database.was_full = False
            await self._cry_out()

    def _free_megabytes(self) -> int | None:
        there = [folder for folder in self._folders if folder.is_dir()]
        return min((shutil.disk_usage(folder).free // _MEGABYTE for folder in there), default=None)

    async def _tell_of_halt(self, session: AsyncSession) -> list[dict[str, Any]]:
        """Rows for the reply lane, once the same paced message has been due for ten minutes.

        Or once nothing has been written for so long of what goes to thousands.
        """
        now = self._clock()
        due: object = await next_paced(session, now)
        if due is None and not is_quiet(now, self._plan.quiet_hours, self._plan.zone):
            due = await next_unwritten(session)
        self._looks = self._looks + 1 if due is not None and due == self._due else 0
        self._due = due
        if self._looks < HALTED_AFTER:
            return []
        if self._looks == HALTED_AFTER:
            log.error("the courier is halted: paced message %s has waited 10 minutes", due)
        rows = []
        for organiser in await holders_of(session, Role.organiser):
            if organiser.unreachable_at is not None:
                continue
            texts = texts_for(organiser.language)
            text = texts("alert-halted", moment=moment_words(texts, self._plan, now))
            row = await write_reply_once(
                session,
                organiser,
                key=key_of_day(HALTED, self._plan, now),
                bot_id=self._bot_id,
                method="sendMessage",
                parameters={"chat_id": organiser.external_id, "text": text, "parse_mode": "HTML"},
                now=now,
            )
            if row is not None:
                rows.append(row.model_dump())
        return rows

    async def _cry_out(self) -> None:
        """Say that the disk is full straight to the platform, at most once an hour."""
        now = self._clock()
        if self._said_full_at is not None and abs(now - self._said_full_at) < _AGAIN_AFTER:
            return
        self._said_full_at = now
        for chat_id, language in self._organisers:
            text = texts_for(language)("alert-disk-full")
            try:
                await self._platform.call(
                    "sendMessage", {"chat_id": chat_id, "text": text, "parse_mode": "HTML"}
                )
            except ApiError as error:
                log.warning("an organiser could not be told of the full disk: %s", error)
