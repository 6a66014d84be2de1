"""Three processes on one PostgreSQL database; the one that leads is killed while people write."""

import asyncio
import contextlib
import re
import signal
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url, select
from sqlmodel import col

from bot.clock import Clock
from bot.sandbox import chats, people
from conference.notifying import notify
from conference.roles import CONSENT_VERSION
from config.plan import move_conference
from storage.database import Database
from storage.tables import (
    AgeBand,
    InboxState,
    InboxUpdate,
    Lane,
    OutboxMessage,
    OutboxState,
    Person,
)
from tests.bot_api import BotApi, serving
from tests.chaos.lives import Life, Nursery
from tests.chat import PLAN_FILE, TOKEN
from tests.conftest import SERVER

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.xdist_group("chaos"),
    pytest.mark.skipif(sys.platform != "linux", reason="lives are forked as Linux does it"),
]
PEOPLE, MESSAGES = 12, 24
TOLD = 60
"""Paced messages that are due while people write: three seconds' worth of them."""
TAKEOVER_SECONDS = 10.0
"""On a machine that is busy with other tests; a quiet one needs about one."""
LEADS = "this process leads"


@pytest.fixture
async def address(migrated_postgresql: str) -> AsyncIterator[str]:
    """A database that has nothing yet, not even tables, where there is a server at all."""
    del migrated_postgresql
    name = f"doithoai_several_{uuid.uuid4().hex}"
    server = await asyncpg.connect(SERVER)
    try:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await server.close()


@dataclass
class Crowd:
    """People who write `/zq0`, `/zq1`, … and are told each time that there is no such command."""

    platform: BotApi
    numbers: list[int]
    written: Counter[int] = field(default_factory=Counter)

    def write(self, person: int) -> None:
        with self.platform.store.transaction():
            people.write(self.platform.store, person, {"text": f"/zq{self.written[person]}"})
        self.written[person] += 1

    async def write_on(self, person: int, messages: int) -> None:
        for _ in range(messages):
            self.write(person)
            # A pace, not a wait for anything: faster than the bot answers one person.
            await asyncio.sleep(0.15)

    def heard(self) -> dict[int, list[int]]:
        """To which of their messages each has got an answer, in the order of the answers."""
        return {
            person: [
                int(number[1])
                for message in chats.history(self.platform.store, person, 100)
                if (number := re.search(r"lệnh /zq(\d+)", message["text"]))
            ]
            for person in self.numbers
        }

    def is_answered(self) -> bool:
        heard = self.heard()
        return all(set(heard[one]) == set(range(self.written[one])) for one in self.numbers)


async def until(condition: Callable[[], object], seconds: float) -> float:
    """Wait for it; returns the seconds that it took."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  what is waited for happens in other processes
            await asyncio.sleep(0.05)
    return loop.time() - begun


def leaders(lives: Sequence[Life]) -> list[Life]:
    return [life for life in lives if LEADS in life.log.read_text()]


@contextlib.asynccontextmanager
async def three(
    nursery: Nursery, platform: BotApi, address: str, folder: Path
) -> AsyncIterator[list[Life]]:
    plan = folder / "plan.toml"
    move_conference(PLAN_FILE, plan, (Clock()() + timedelta(days=15)).date())
    settings = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_BASE": platform.base,
        "DATABASE_URL": address,
        "PLAN_FILE": str(plan),
    }
    async with nursery.at_work():
        noon = Clock()().replace(hour=5, minute=0)
        at_noon = (noon - Clock()()).total_seconds()  # in Việt Nam: nothing waits for morning
        lives = []
        for name in ("one", "two", "three"):
            (folder / name).mkdir()
            lives.append(nursery.bear("bot", folder / name, settings=settings, clock=at_noon))
        for life in lives:
            assert await life.until(60, served=True), life.log.read_text()
            assert not life.is_over, life.log.read_text()
        yield lives


async def test_one_of_three_is_killed_and_nothing_is_lost_and_nothing_out_of_order(
    nursery: Nursery, address: str, tmp_path: Path
) -> None:
    async with (
        serving(tmp_path) as platform,
        three(nursery, platform, address, tmp_path) as lives,
    ):
        database = Database(address)
        crowd = Crowd(platform, [platform.newcomer() for _ in range(PEOPLE)])
        told = [platform.newcomer() for _ in range(TOLD)]
        await until(lambda: leaders(lives), 20)
        [first] = leaders(lives)
        await tell(database, told)
        # Every answer is on its way for a while, so that the kill finds some there.
        platform.will(method="sendMessage", delay_ms=40, times=100_000)

        async with asyncio.TaskGroup() as writing:
            for person in crowd.numbers:
                writing.create_task(crowd.write_on(person, MESSAGES))
            await until(lambda: sum(map(len, crowd.heard().values())) > PEOPLE * MESSAGES / 3, 60)
            first.send(signal.SIGKILL)
            unfinished = await waiting(database)
            rest = [life for life in lives if life is not first]
            takeover = await until(lambda: leaders(rest), TAKEOVER_SECONDS)
        caught_up = await until(crowd.is_answered, 60)
        assert unfinished > 0
        assert all(life.code is None for life in rest)
        repeated = {
            chat: sum((Counter(heard) - Counter(set(heard))).values())
            for chat, heard in crowd.heard().items()
        }
        assert max(repeated.values()) <= 1
        assert {chat: once(heard) for chat, heard in crowd.heard().items()} == {
            chat: list(range(MESSAGES)) for chat in crowd.numbers
        }
        await until_closed(database)
        states = await paced_states(database)
        assert set(states) <= {OutboxState.sent, OutboxState.uncertain}
        assert states[OutboxState.uncertain] <= 2
        arrived = notices(platform, told)
        assert set(arrived) <= {0, 1}
        assert TOLD - states[OutboxState.uncertain] <= sum(arrived)

        turns = [life.log.read_text().count("turn update=") for life in lives]
        assert sum(count > 0 for count in turns) >= 2
        [second] = leaders(rest)
        [third] = [life for life in rest if life is not second]
        ended = asyncio.ensure_future(second.finish(20))
        handover = await until(lambda: leaders([third]), TAKEOVER_SECONDS)
        assert (await ended)[0] == 0
        for person in crowd.numbers:
            crowd.write(person)
        await until(crowd.is_answered, 30)
        assert (await third.finish(20))[0] == 0
        await database.close()
        print(  # noqa: T201  figures for whoever looks
            f"\nunfinished at the kill {unfinished}, answers repeated {sum(repeated.values())}, "
            f"taken over after {takeover:.2f} s, at SIGTERM {handover:.2f} s, "
            f"turns by process {turns}, caught up {caught_up:.2f} s after the last message, "
            f"paced {dict(states)}"
        )


def once(heard: Sequence[int]) -> list[int]:
    """The answers without those that were sent once more after a kill."""
    return list(dict.fromkeys(heard))


def notices(platform: BotApi, told: Sequence[int]) -> list[int]:
    """How often each of them has got the paced message."""
    return [len(chats.history(platform.store, person, 100)) for person in told]


async def tell(database: Database, numbers: Sequence[int]) -> None:
    now = Clock()()
    async with database.transaction() as session:
        for number in numbers:
            person = Person(
                channel="telegram",
                external_id=str(number),
                age_band=AgeBand.from_18_to_30,
                consent_version=CONSENT_VERSION,
                consented_at=now,
                created_at=now,
            )
            session.add(person)
            await session.flush()
            await notify(session, person, "retention-over", key="retention-over", now=now)


async def waiting(database: Database) -> int:
    """Updates not yet answered, and answers not yet sent."""
    async with database.snapshot() as session:
        updates = await session.scalars(
            select(col(InboxUpdate.update_id)).where(col(InboxUpdate.state) == InboxState.waiting)
        )
        replies = await session.scalars(
            select(col(OutboxMessage.id)).where(
                col(OutboxMessage.lane) == Lane.reply, col(OutboxMessage.state) == OutboxState.due
            )
        )
        return len(updates.all()) + len(replies.all())


async def until_closed(database: Database) -> None:
    """Wait until every answer is marked and nothing paced is due or on its way."""
    async with asyncio.timeout(60):
        while await waiting(database) or (  # noqa: ASYNC110  other processes do it
            {OutboxState.due, OutboxState.sending} & set(await paced_states(database))
        ):
            await asyncio.sleep(0.05)


async def paced_states(database: Database) -> Counter[OutboxState]:
    async with database.snapshot() as session:
        return Counter(
            await session.scalars(
                select(col(OutboxMessage.state)).where(col(OutboxMessage.lane) == Lane.paced)
            )
        )
