"""Planning the reminders of 100,000 people: how long it takes, and what replies suffer by it.

    python benchmarks/planning.py --database sqlite

The hour of the members' last reminder has just come, and the bot's own tick plans them. The rows
are then taken away, and after a while in which there is nothing to plan or to send, which is idle,
a later tick plans them again. Newcomers ask at a fixed pace all the while.
"""

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import delete, func, select
from sqlmodel import col

from benchmarks import bots
from benchmarks.commands import command
from benchmarks.databases import kind, new_database
from benchmarks.nudge_run import last_reminder_of_members
from benchmarks.phones import local_api, steady_load
from benchmarks.seeding import chats, seed
from benchmarks.sizes import Size
from benchmarks.table import Row, at_most, percentile
from bot.clock import Clock
from conference.nudging import NUDGE
from config.plan import load_plan
from storage.database import Database
from storage.tables import NudgeRound, OutboxMessage, PlannedNudge

_BREATH = 5.0
_LAST_REPLY = 2.0
_LONGEST = 180.0
_SLICE = 5000
_Planning = tuple[float, float]
"""When it began and when all of it was there, in monotonic seconds."""


async def rows(where: str, size: Size) -> list[Row]:
    """The seconds of planning, and the replies beside it."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doithoai-plan-")))
        plan_file = bots.plan_for_today(folder)
        plan = load_plan(plan_file)
        address = await stack.enter_async_context(new_database(where, folder))
        clock = Clock(last_reminder_of_members(plan))
        await seed(address, plan, people=size.nudged, questions=0, clock=clock)
        database = Database(address)
        stack.push_async_callback(database.close)
        api = await stack.enter_async_context(local_api())
        # The courier sends meanwhile: whoever has not opened the chat would be out of reach.
        api.welcome(chats(size.nudged))
        settings = bots.our_settings(api.base, address, plan_file)
        await stack.enter_async_context(bots.running("ours", api, folder, settings))
        replies = await stack.enter_async_context(steady_load(api, size.per_second))
        found, beside, idle = [], [], []
        for _ in range(1 + size.windows):
            planning = await _planned(database, clock, size.nudged)
            found.append(planning)
            # Those asked just before the end are answered a little later.
            await asyncio.sleep(_LAST_REPLY)
            beside += replies.between(*planning)
            await _take_away_messages(database)
            await asyncio.sleep(_BREATH)
            began = time.monotonic()
            await asyncio.sleep(size.window)
            ended = time.monotonic()
            await asyncio.sleep(_LAST_REPLY)
            idle += replies.between(began, ended)
            async with database.transaction() as session:
                await session.execute(delete(NudgeRound))
    p95, idle_p95 = percentile(beside, 0.95), percentile(idle, 0.95)
    return [
        Row(
            f"planning the reminders of {size.nudged:,} people",
            at_most(10, "s"),
            at_most(3, "s"),
            statistics.median(ended - began for began, ended in found),
            f"median of {len(found)}",
            kind(where),
        ),
        Row(
            "p95 of the replies meanwhile, of idle",
            at_most(1.5),
            None,
            p95 / idle_p95,
            f"{p95 * 1000:.0f} ms of {idle_p95 * 1000:.0f} ms, "
            f"{len(beside)} and {len(idle)} replies",
            kind(where),
        ),
    ]


async def _planned(database: Database, clock: Clock, people: int) -> _Planning:
    """Wait until the bot's own tick has written so many reminders."""
    # The rounds tell: counting the rows themselves would hold up this process, and the platform
    # that it plays, for as long as a reply takes.
    so_far = select(func.sum(col(NudgeRound.people)), func.min(col(NudgeRound.planned_at)))
    async with asyncio.timeout(_LONGEST):
        while True:
            async with database.snapshot() as session:
                written, began = (await session.execute(so_far)).one()
            if began is not None and written >= people:
                now = time.monotonic()
                return now - (clock() - began).total_seconds(), now
            await asyncio.sleep(0.2)


async def _take_away_messages(database: Database) -> None:
    """In slices, as the bot answers meanwhile; first what the courier might still ask for."""
    async with database.transaction() as session:
        await session.execute(delete(PlannedNudge))
    some = select(col(OutboxMessage.id)).where(col(OutboxMessage.kind) == NUDGE).limit(_SLICE)
    is_left = True
    while is_left:
        async with database.transaction() as session:
            await session.execute(delete(OutboxMessage).where(col(OutboxMessage.id).in_(some)))
            is_left = await session.scalar(some.limit(1)) is not None
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    command(rows, __doc__)
