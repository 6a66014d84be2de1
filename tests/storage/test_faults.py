"""Which errors are the machine's fault, by errors that the databases themselves have raised."""

import errno
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage.database import Database
from storage.faults import Fault, fault_of


async def execute(database: Database, *statements: str) -> None:
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))


async def raised(database: Database, *statements: str) -> DBAPIError:
    with pytest.raises(DBAPIError) as caught:
        await execute(database, *statements)
    return caught.value


def raise_with(code: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$"


async def test_a_mistake_of_the_program_is_no_fault(database: Database) -> None:
    unit = (
        "INSERT INTO unit (code, name, short_name, kind, position) VALUES ('a', 'a', 'a', 'a', 0)"
    )
    for statements in ((unit, unit), ("SELECT nothing FROM nowhere",)):
        assert fault_of(await raised(database, *statements)) is None
    assert not database.was_full
    assert fault_of(KeyError("x")) is None
    assert fault_of(FileNotFoundError(errno.ENOENT, "x")) is None


async def test_no_room_in_an_sqlite_file_is_a_full_disk(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'small.db'}")
    await execute(database, "CREATE TABLE filling (content BLOB)", "PRAGMA max_page_count = 1")

    error = await raised(database, "INSERT INTO filling VALUES (zeroblob(100000))")

    assert fault_of(error) is Fault.disk_full
    assert database.was_full
    await database.close()


async def test_an_sqlite_file_that_another_writes_to_is_busy(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "busy.db", isolation_level=None) as one:
        other = sqlite3.connect(tmp_path / "busy.db", timeout=0, isolation_level=None)
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            other.execute("BEGIN IMMEDIATE")
        other.close()
    one.close()
    assert fault_of(caught.value) is Fault.database_busy


@pytest.mark.parametrize("database_address", ["postgresql"], indirect=True)
@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("53100", Fault.disk_full),
        ("53300", Fault.database_away),
        ("57P01", Fault.database_away),
        ("58030", Fault.database_away),
        ("25006", Fault.database_away),
        ("40P01", Fault.database_busy),
        ("23505", None),
        ("22P02", None),
    ],
)
async def test_postgresql_says_by_its_codes_what_is_wrong(
    database: Database, code: str, fault: Fault | None
) -> None:
    assert fault_of(await raised(database, raise_with(code))) is fault
    assert database.was_full is (fault is Fault.disk_full)


async def test_a_server_that_does_not_listen_cannot_be_reached() -> None:
    database = Database("postgresql://nobody@127.0.0.1:9/nothing")
    with pytest.raises(OSError, match="Connect call failed") as caught:
        await execute(database, "SELECT 1")
    assert fault_of(caught.value) is Fault.database_away
    await database.close()


def test_a_full_disk_is_known_by_its_number_however_deep() -> None:
    error = RuntimeError("the file could not be written")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert fault_of(error) is Fault.disk_full
