"""The database: one writer at a time on SQLite, as many as wanted on PostgreSQL."""

import asyncio
import contextlib
import hashlib
import importlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from storage.faults import Fault, fault_of

_DRIVERS = {
    "sqlite": "sqlite+inline",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_PRAGMAS = (
    # Short, since everything else waits with it; whoever asks tries again. Nobody else writes.
    "busy_timeout = 500",
    "journal_mode = wal",
    # Whose commit fills the log copies it into the file, and all others wait for that: so less
    # at a time than SQLite's 1000 pages.
    "wal_autocheckpoint = 250",
    "synchronous = full",
    "foreign_keys = on",
    "secure_delete = on",
)

# One long list takes one of the server's processors, not all that the replies want as well. Set by
# statements: a pooler between us and the server refuses them as parameters of the start.
_ONE_PROCESSOR = ("SET jit = off", "SET max_parallel_workers_per_gather = 0")

_PATIENCE = text("SET LOCAL lock_timeout = '3s'")
"""Longer than any of our own transactions keeps a row."""
_LOCK_SOME = text(
    "SELECT n FROM unnest(CAST(:numbers AS bigint[])) AS n"
    " WHERE pg_try_advisory_xact_lock(n) LIMIT :at_most"
)


class DatabaseError(Exception):
    """The database cannot be used as it is; the message is one line for the operator."""


def database_url(address: str) -> URL:
    """The address as people write it (`sqlite:///…`, `postgresql://…`) with our driver in it.

    Raises:
        DatabaseError: it is no database address, or of a kind not supported.
    """
    try:
        url = make_url(address)
    except Exception as error:
        raise DatabaseError("DATABASE_URL is no database address") from error
    kind = url.get_backend_name()
    if kind not in _DRIVERS:
        raise DatabaseError(f"DATABASE_URL: {kind} is not supported; use sqlite or postgresql")
    return url.set(drivername=_DRIVERS[kind])


def lock_number(key: str) -> int:
    """The number by which PostgreSQL knows a named lock."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)


class Database:
    """Sessions over one database.

    On SQLite there is one connection that writes (`BEGIN IMMEDIATE`, behind a lock of this
    process) and others that only read. On PostgreSQL every session has its own connection.
    """

    def __init__(self, address: str) -> None:
        self.url = database_url(address)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            importlib.import_module("storage.inline_sqlite")
            if self.url.database:
                Path(self.url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._writer = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE", read_only=False)
            self._reader = _sqlite_engine(self.url, begin="BEGIN", read_only=True)
        else:
            self._writer = create_async_engine(
                self.url, pool_size=16, max_overflow=0, hide_parameters=True
            )
            event.listen(self._writer.sync_engine, "connect", _set_one_processor)
            self._reader = self._writer
        self._write_lock = asyncio.Lock()
        self.owes_traces = False
        """Something was erased whose traces are still in SQLite's log; looked at by a tick."""
        self.was_full = False
        """A transaction has found no room for what it wrote; whoever has told of it says False."""

    @property
    def is_busy(self) -> bool:
        """Whether a transaction is on SQLite's one connection that writes."""
        return self._write_lock.locked()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed at the end, or undone if the block raises."""
        try:
            async with contextlib.AsyncExitStack() as stack:
                if self.is_sqlite:
                    await stack.enter_async_context(self._write_lock)
                session = await stack.enter_async_context(
                    AsyncSession(self._writer, expire_on_commit=False)
                )
                async with session.begin():
                    yield session
        except Exception as error:
            self.was_full |= fault_of(error) is Fault.disk_full
            raise

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads, and sees one moment throughout."""
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            if not self.is_sqlite:
                await session.connection(
                    execution_options={
                        "isolation_level": "REPEATABLE READ",
                        "postgresql_readonly": True,
                    }
                )
            yield session

    async def lock(self, session: AsyncSession, key: str) -> None:
        """Take the named lock until the transaction ends.

        SQLite's only writer holds every lock already.
        """
        if not self.is_sqlite:
            number = {"n": lock_number(key)}
            await session.execute(text("SELECT pg_advisory_xact_lock(:n)"), number)

    async def lock_some(
        self, session: AsyncSession, keys: Sequence[str], *, at_most: int
    ) -> list[str]:
        """Take the first so many of these named locks that are free; returns which these are.

        From here on the transaction waits three seconds for a row at most: others wait for it.
        """
        if self.is_sqlite:
            return list(keys[:at_most])
        await session.execute(_PATIENCE)
        by_number = {lock_number(key): key for key in keys}
        taken = await session.scalars(_LOCK_SOME, {"numbers": list(by_number), "at_most": at_most})
        return [by_number[number] for number in taken]

    async def run_on_connection(self, work: Any, *arguments: Any) -> Any:
        """Run a function that needs SQLAlchemy's own Connection, in a transaction (migrations)."""
        async with contextlib.AsyncExitStack() as stack:
            if self.is_sqlite:
                await stack.enter_async_context(self._write_lock)
            connection = await stack.enter_async_context(self._writer.begin())
            return await connection.run_sync(work, *arguments)

    def owe_traces(self) -> None:
        """Something was erased: its traces are to go at the next look."""
        self.owes_traces = True

    async def forget_traces(self) -> None:
        """After an erasure: empty SQLite's write-ahead log, which still holds the old pages.

        Somebody who still reads them keeps them there: then `owes_traces` says so.
        """
        if not self.is_sqlite:
            return
        self.owes_traces = True
        async with self._write_lock, self._writer.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None  # noqa: S101  it is connected
            is_busy, *_ = await asyncio.to_thread(_empty_log, raw)
        self.owes_traces = bool(is_busy)

    async def close(self) -> None:
        """Give the connections back."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def _empty_log(connection: Any) -> Any:
    found: Any = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return found


def _set_one_processor(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for statement in _ONE_PROCESSOR:
        cursor.execute(statement)
    cursor.close()
    connection.commit()  # or they end with the transaction


def _sqlite_engine(url: URL, *, begin: str, read_only: bool) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=1 if not read_only else 4,
        max_overflow=0 if not read_only else 4,
        hide_parameters=True,  # they are people's words
        connect_args={"timeout": 0.5},
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def _make_private(*_: object) -> None:
        """Questions are nobody else's to read; SQLite gives its side files the same mode."""
        if url.database and not read_only:
            path = Path(url.database)
            path.touch(mode=0o600)
            path.chmod(0o600)

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        if read_only:
            cursor.execute("PRAGMA query_only = on")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
