import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlmodel import select

from storage.database import Database
from storage.tables import Person
from tests.cast import JOINED, enter, set_stage

WORDS = "somebody-who-is-nowhere-else"


@pytest.fixture
def sqlite_database(database: Database) -> Database:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL looks after its log itself")
    return database


def file_of(database: Database) -> Path:
    return Path(str(database.url.database))


async def test_checkpoint_brings_what_is_committed_into_the_file_while_somebody_writes(
    sqlite_database: Database,
) -> None:
    database = sqlite_database
    await set_stage(database)
    async with database.transaction() as session:
        await enter(session, WORDS)
    assert WORDS.encode() not in file_of(database).read_bytes()
    async with database.transaction() as session:
        await enter(session, "another")
        await database.checkpoint()
    assert WORDS.encode() in file_of(database).read_bytes()


async def test_checkpoint_takes_nothing_from_whoever_reads_an_earlier_moment(
    sqlite_database: Database,
) -> None:
    database = sqlite_database
    await set_stage(database)
    async with database.snapshot() as reading:
        before = len((await reading.scalars(select(Person))).all())
        async with database.transaction() as session:
            await enter(session, WORDS)
        await database.checkpoint()
        assert len((await reading.scalars(select(Person))).all()) == before
    async with database.snapshot() as reading:
        assert len((await reading.scalars(select(Person))).all()) == before + 1


async def test_transactions_leave_the_log_to_the_checkpoint(sqlite_database: Database) -> None:
    database = sqlite_database
    await set_stage(database)
    await database.checkpoint()
    size = file_of(database).stat().st_size
    async with database.transaction() as session:
        await session.execute(
            insert(Person),
            [
                {"channel": "telegram", "external_id": f"{number:060}", "created_at": JOINED}
                for number in range(30_000)
            ],
        )
    assert file_of(database).stat().st_size == size
    await database.checkpoint()
    with sqlite3.connect(file_of(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert file_of(database).stat().st_size > size
