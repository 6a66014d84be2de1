"""After an absence: whose button press may be lost is offered their step again.

Telegram keeps a press for 150 seconds (`Client.cpp` of its Bot API server); messages wait for a
day and are answered anyway. The offer is an update of the bot's own, with a negative number that
no platform gives. So it is a turn like every other: in order with the chat's updates, its replies
in the same commit, and through the screens that the conversation itself shows.
"""

import hashlib
import logging
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.inbox import chat_key
from conference.nudge_times import next_allowed
from config.plan import ConferencePlan
from storage.database import Database
from storage.paced import insert_new
from storage.presence import chats_in_the_middle, note_presence
from storage.tables import InboxState, InboxUpdate

log = logging.getLogger(__name__)

PRESS_KEPT = timedelta(seconds=150)
IN_THE_MIDDLE = timedelta(minutes=30)
"""Counted back from when the bot went away: only presses of people who were there can be lost."""


class Presence:
    """Writes down that the bot is there, and notices when it was not.

    What counts is whether any process was there, by the real clock. A machine that slept was
    away too, and is noticed at the first tick after it wakes.
    """

    def __init__(
        self, database: Database, plan: ConferencePlan, clock: Clock, bot_id: str
    ) -> None:
        self._database = database
        self._plan = plan
        self._clock = clock
        self._bot_id = bot_id

    async def note(self) -> int:
        """The bot is there; returns to how many people their step is offered again."""
        now = self._clock()
        real = now - self._clock.offset
        async with self._database.transaction() as session:
            before = await note_presence(session, self._bot_id, real)
            if before is None or real - before <= PRESS_KEPT:
                return 0
            away = real - before
            chats = await self._in_the_middle(session, now, away)
            for chat_id in chats:
                await self._offer(session, chat_id, f"{before.isoformat()}:{chat_id}")
        log.warning(
            "nobody was there for %s seconds; %s people are offered their step again",
            round(away.total_seconds()),
            len(chats),
        )
        return len(chats)

    async def _in_the_middle(
        self, session: AsyncSession, now: datetime, away: timedelta
    ) -> list[str]:
        """Their chats. Nobody is woken at night for a step they left long ago."""
        is_night = next_allowed(now, self._plan.quiet_hours, self._plan.zone) > now
        if is_night and away > IN_THE_MIDDLE:
            return []
        since = now - away - IN_THE_MIDDLE
        found = await chats_in_the_middle(session, self._bot_id, since)
        return [one.chat_id for one in found if one.chat_id.isascii() and one.chat_id.isdigit()]

    async def _offer(self, session: AsyncSession, chat_id: str, key: str) -> None:
        """Store the update; the same absence gives the same number, so that it exists once."""
        digest = hashlib.sha256(key.encode()).digest()
        number = -int.from_bytes(digest[:7]) - 1
        person = {"id": int(chat_id), "is_bot": False, "first_name": ""}
        now = self._clock()
        body = {
            "update_id": number,
            "message": {
                "message_id": 0,
                "date": int(now.timestamp()),
                "chat": {"id": int(chat_id), "type": "private"},
                "from": person,
            },
        }
        await session.execute(
            insert_new(session, InboxUpdate)
            .values(
                bot_id=self._bot_id,
                update_id=number,
                chat_key=chat_key(self._bot_id, body),
                body=body,
                state=InboxState.waiting,
                received_at=now,
                attempts=0,
            )
            .on_conflict_do_nothing(index_elements=["bot_id", "update_id"])
        )
