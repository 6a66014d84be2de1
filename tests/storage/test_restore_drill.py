"""The restore drill: a backup made while people write, restored, checked, and talked to."""

import asyncio
import itertools
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url, select, text

from bot.app import App, opened
from bot.inbox import store_updates
from storage.backup import BackupReport, backup, restore
from storage.database import Database
from storage.tables import InboxState, InboxUpdate, OutboxMessage, OutboxState, Question
from tests.cast import changed_plan
from tests.chat import Chat, FrozenClock, RecordingPlatform, chat_with, make_app, stored
from tests.storage.test_backup import contents

WRITERS = 6
WORDS = "Khi nào cầu vượt ở ngã tư trước cổng trường được sửa ạ? Câu số "


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def beside(request: pytest.FixtureRequest) -> str | None:
    """A PostgreSQL database whose server can hold another; None: it is to be an SQLite file."""
    if request.param == "sqlite":
        return None
    address: str = request.getfixturevalue("migrated_postgresql")
    return address


@pytest.fixture
async def elsewhere(beside: str | None, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a new database with nothing in it."""
    if beside is None:
        yield f"sqlite:///{tmp_path / 'restored.db'}"
        return
    name = f"doithoai_test_{uuid.uuid4().hex}"
    server = await asyncpg.connect(beside)
    try:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield make_url(beside).set(database=name).render_as_string(hide_password=False)
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await server.close()


class BusyPhone(Chat):
    """A phone among others: the program runs by itself, and only this chat's answer is awaited."""

    async def deliver(self, *updates: dict[str, Any]) -> list[dict[str, Any]]:
        numbered = [
            {"update_id": next(self._update_ids), **one} if "update_id" not in one else one
            for one in updates
        ]
        async with self.app.database.transaction() as session:
            await store_updates(session, str(self.app.bot.id), numbered, self.app.clock())
        self.app.turns.wake()
        while not await self._is_answered():  # noqa: ASYNC110  the program's own doing
            await asyncio.sleep(0.002)
        return numbered

    async def _is_answered(self) -> bool:
        chat = str(self.user_id)
        async with self.app.database.snapshot() as session:
            waiting = await session.scalar(
                select(InboxUpdate.update_id).where(
                    InboxUpdate.state == InboxState.waiting,
                    InboxUpdate.chat_key == f"{self.app.bot.id}:{chat}",
                )
            )
            owed = await session.scalar(
                select(OutboxMessage.id).where(
                    OutboxMessage.state == OutboxState.due, OutboxMessage.chat_id == chat
                )
            )
        return waiting is None and owed is None


async def back_up_while_people_write(app: App, target: Path) -> tuple[BackupReport, int, int]:
    """The backup, and how many questions there were before it began and after it was done."""
    assert isinstance(app.platform, RecordingPlatform)
    phones = [BusyPhone(app, app.platform, 7_100_000_000 + number) for number in range(WRITERS)]
    begun, over, asked = asyncio.Event(), asyncio.Event(), itertools.count(1)

    async def write(phone: Chat) -> None:
        await phone.join()
        while not over.is_set():
            await phone.ask(f"{WORDS}{uuid.uuid4().hex}")
            if next(asked) == WRITERS:
                begun.set()

    async with asyncio.TaskGroup() as group:
        serving = [group.create_task(app.turns.run()), group.create_task(app.sender.run())]
        writing = [group.create_task(write(phone)) for phone in phones]
        await asyncio.wait_for(begun.wait(), 60)
        before = len(await stored(app, Question))
        report = await backup(app.database, target)
        after = len(await stored(app, Question))
        over.set()
        await asyncio.wait_for(asyncio.gather(*writing), 60)
        for task in serving:
            task.cancel()
    return report, before, after


async def check(database: Database, report: BackupReport) -> None:
    """The database's own verdict, and the counts that the backup told of."""
    counts = {name: len(rows) for name, rows in (await contents(database)).items()}
    assert counts == dict(report.rows)
    async with database.snapshot() as session:
        if database.is_sqlite:
            for pragma, verdict in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
                assert (await session.execute(text(f"PRAGMA {pragma}"))).all() == verdict
            return
        unchecked = text("SELECT conname FROM pg_constraint WHERE NOT convalidated")
        assert (await session.execute(unchecked)).all() == []
        invalid = text("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid")
        assert (await session.execute(invalid)).all() == []


async def test_restored_bot_has_every_row_and_goes_on(
    database_address: str, elsewhere: str, tmp_path: Path
) -> None:
    clock = FrozenClock()
    file = tmp_path / "backup.db"
    plan = changed_plan(
        ("questions_per_person_per_day = 10", "questions_per_person_per_day = 1000")
    )
    app = make_app(database_address, tmp_path, clock=clock, plan=plan)
    async with opened(app):
        report, before, after = await back_up_while_people_write(app, file)
        codes = {one.code for one in await stored(app, Question)}
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert before <= report.rows["question"] <= after

    database = Database(elsewhere)
    restored = await restore(file, database)
    await check(database, report)
    await database.close()

    assert restored.rows == report.rows
    again = make_app(elsewhere, tmp_path, clock=clock, plan=plan, platform=app.platform)
    async with opened(again):
        kept = await stored(again, Question)
        assert {one.code for one in kept} <= codes
        for number in range(2):
            phone = chat_with(again, 7_200_000_000 + number)
            await phone.join()
            code = await phone.ask(f"{WORDS}{uuid.uuid4().hex}")
            assert code not in {one.code for one in kept}
        # What waited in the inbox when the backup was made has been answered too.
        asked = await stored(again, Question)
        assert asked[: len(kept)] == kept
        assert len(asked) >= len(kept) + 2
        assert {one.state for one in await stored(again, InboxUpdate)} == {InboxState.done}
