"""Backing a database up into one file, and restoring it into an empty database of either kind.

The file is an SQLite database of the same alembic revision, whichever database it came from, so a
backup also is the way from SQLite to PostgreSQL and back. Rows travel as the tables' own column
types, which makes moments, documents and states arrive as they left.
"""

import asyncio
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    URL,
    Engine,
    Table,
    create_engine,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, col

from storage.database import Database, DatabaseError
from storage.locks import only_process
from storage.migrating import alembic_config, migrate_connection
from storage.tables import ConferenceRecord, Lane, OutboxMessage, OutboxState

_CHUNK = 500


class BackupError(DatabaseError):
    """A backup or a restore that cannot be made; the message is one line for the operator."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was kept: the file, its alembic revision, and how many rows each table has."""

    path: Path
    revision: str
    rows: Mapping[str, int]

    def __str__(self) -> str:
        """One line for the operator, with the counts that tell whether all is there."""
        counted = ", ".join(f"{self.rows.get(name, 0)} {name}" for name in ("question", "person"))
        return f"{self.path}: revision {self.revision}, {counted}, {sum(self.rows.values())} rows"


async def backup(database: Database, target: Path) -> BackupReport:
    """Write the database as it is at one moment into a new file that only its owner can read.

    The program may go on writing meanwhile. The file appears under its name only when complete.

    Raises:
        BackupError: the file is there already or cannot be written, or the database is damaged,
            holds nothing yet or, on PostgreSQL, is not of this program's version.
    """
    _refuse_existing(target)
    if database.is_sqlite:
        return await asyncio.to_thread(_write, Path(database.url.database or ""), target)
    with tempfile.TemporaryDirectory() as folder:
        gathered = Path(folder) / "gathered.db"
        async with database.snapshot() as session:
            connection = await session.connection()
            copied = await connection.run_sync(_gather, gathered)
        return await asyncio.to_thread(_write, gathered, target, copied)


async def restore(source: Path, database: Database) -> BackupReport:
    """Load a backup into an empty database, in one transaction with bringing it to the schema.

    A paced message that was being sent when the backup was made becomes `uncertain`: nobody can
    know whether it arrived, and it must not silently go out twice.

    Raises:
        BackupError: the file is no sound backup of this program, or the database is not empty.
        DatabaseError: file or database are of a newer version of this program, or a bot runs on
            the database.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        revision = await asyncio.to_thread(_copy_backup, source, copy)
        with _engine(copy) as engine, engine.begin() as connection:
            try:
                migrate_connection(connection)
            except DatabaseError as error:
                raise BackupError(f"{source}: {error}") from None
        with (
            only_process(database.url),
            _engine(copy) as engine,
            engine.connect() as connection,
        ):
            rows: dict[str, int] = await database.run_on_connection(_load, connection)
    return BackupReport(source, revision, rows)


@contextmanager
def _engine(path: Path) -> Iterator[Engine]:
    engine = create_engine(URL.create("sqlite", database=str(path)))
    try:
        yield engine
    finally:
        engine.dispose()


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise BackupError(f"{target} is there already; a backup overwrites nothing")


def _write(source: Path, target: Path, expected: Mapping[str, int] | None = None) -> BackupReport:
    if not source.is_file():
        raise BackupError(f"there is no database at {source}")
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        # Nobody else can read it at any moment; VACUUM INTO takes an empty file as its own.
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(_open(source, "rw")) as connection:
            connection.execute("VACUUM INTO ?", (str(partial),))
        with closing(_open(partial, "ro")) as connection:
            revision = _revision_of(connection, source)
            rows = _sound_rows(connection, source)
        if expected is not None and rows != expected:
            raise BackupError("the backup does not have the rows of the database")
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        _refuse_existing(target)
        partial.replace(target)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}") from None
    except sqlite3.Error as error:
        raise BackupError(f"the database cannot be backed up: {error}") from None
    finally:
        partial.unlink(missing_ok=True)
    return BackupReport(target, revision, rows)


def _copy_backup(source: Path, copy: Path) -> str:
    """Check a backup and copy it to where it may be migrated; returns its revision."""
    if not source.is_file():
        raise BackupError(f"there is no file {source}")
    try:
        with closing(_open(source, "ro")) as connection:
            revision = _revision_of(connection, source)
            _sound_rows(connection, source)
            connection.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.Error as error:
        raise BackupError(f"{source} is no backup of this program: {error}") from None
    return revision


def _open(path: Path, mode: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=10)


def _revision_of(connection: sqlite3.Connection, path: Path) -> str:
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    if names >= {"alembic_version", "conference"}:
        for (revision,) in connection.execute("SELECT version_num FROM alembic_version"):
            return str(revision)
    raise BackupError(f"{path} is no database of this program")


def _sound_rows(connection: sqlite3.Connection, path: Path) -> dict[str, int]:
    """How many rows each of our tables has, once the file is known to be whole."""
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok" or connection.execute("PRAGMA foreign_key_check").fetchone():
        raise BackupError(f"{path} is damaged")
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    return {
        table.name: connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0]  # noqa: S608  our own tables' names
        for table in SQLModel.metadata.sorted_tables
        if table.name in there
    }


def _gather(source: Connection, path: Path) -> dict[str, int]:
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    revision = MigrationContext.configure(source).get_current_revision()
    if revision != head:
        raise BackupError(
            f"the database is of revision {revision} and this program of {head}: "
            "migrate it first, or back it up with the version that it belongs to"
        )
    with _engine(path) as engine, engine.begin() as connection:
        migrate_connection(connection)
        return _copy_rows(source, connection)


def _load(target: Connection, source: Connection) -> dict[str, int]:
    _require_empty(target)
    migrate_connection(target)
    copied = _copy_rows(source, target)
    target.execute(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.lane) == Lane.paced, col(OutboxMessage.state) == OutboxState.sending
        )
        .values(state=OutboxState.uncertain, sent_at=col(OutboxMessage.created_at))
    )
    if target.dialect.name == "postgresql":
        for table in SQLModel.metadata.sorted_tables:
            _continue_numbering(target, table)
    for table in SQLModel.metadata.sorted_tables:
        there = target.scalar(select(func.count()).select_from(table))
        if there != copied[table.name]:
            raise BackupError(f"{table.name}: {there} rows instead of {copied[table.name]}")
    return copied


def _require_empty(target: Connection) -> None:
    there = inspect(target).get_table_names()
    held = None
    if "conference" in there:
        if target.dialect.name == "postgresql":
            # A bot that starts now waits, and then finds the restored conference.
            target.execute(text("LOCK TABLE conference"))
        code = target.scalar(select(col(ConferenceRecord.code)))
        held = f"conference {code}" if code is not None else None
    for table in SQLModel.metadata.sorted_tables:
        if table.name in there and target.scalar(select(literal(1)).select_from(table).limit(1)):
            held = held or f"rows ({table.name})"
    if held is not None:
        raise BackupError(
            f"the database already holds {held}; a backup is restored into a new one"
        )


def _copy_rows(source: Connection, target: Connection) -> dict[str, int]:
    copied: dict[str, int] = {}
    for table in SQLModel.metadata.sorted_tables:
        copied[table.name] = 0
        found = source.execute(select(table).execution_options(yield_per=_CHUNK))
        try:
            for chunk in found.mappings().partitions():
                rows: list[dict[str, Any]] = [dict(row) for row in chunk]
                target.execute(insert(table), rows)
                copied[table.name] += len(rows)
        except (DBAPIError, LookupError) as error:
            # The error's own text may quote what a person wrote.
            reason = type(error.orig if isinstance(error, DBAPIError) else error).__name__
            raise BackupError(f"the rows of {table.name} cannot be copied: {reason}") from None
    return copied


def _continue_numbering(target: Connection, table: Table) -> None:
    number = table.autoincrement_column
    if number is None:
        return
    last = select(func.coalesce(func.max(number), 0) + 1).scalar_subquery()
    sequence = func.pg_get_serial_sequence(table.name, number.name)
    target.execute(select(func.setval(sequence, last, False)))
