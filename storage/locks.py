"""Locks between processes: PostgreSQL's advisory ones, and a locked file beside SQLite's."""

import asyncio
import contextlib
import logging
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from storage.database import DatabaseError, lock_number

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 5.0
_ASKED_EVERY = 2.0
_RECONNECT_PAUSE = 0.5
# The server notices after about ten seconds that a host has vanished without a word. Set by
# statements: a pooler between us and the server refuses them as parameters of the start.
_NOTICE_THE_VANISHED = """
SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
SET tcp_user_timeout = 10000
"""
_TRY = "SELECT n, pg_try_advisory_lock(n) AS is_held FROM unnest($1::bigint[]) AS n"
_RELEASE = "SELECT pg_advisory_unlock(n) FROM unnest($1::bigint[]) AS n"


class Locks:
    """This process's named locks on PostgreSQL, all on one connection of their own.

    The server gives them up when that connection ends, so a process that dies holds nothing; and
    when it breaks, every lock counts as lost here too. The server must be asked directly or
    through a pooler that keeps sessions: session locks mean nothing between transactions.
    """

    def __init__(self, url: URL) -> None:
        import asyncpg  # noqa: PLC0415  who uses SQLite need not wait for it

        self._away = (
            OSError,
            SQLAlchemyError,
            TimeoutError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
        )
        self._engine = create_async_engine(
            url, poolclass=NullPool, connect_args={"timeout": _ANSWER_SECONDS}
        )
        self._connection: Any = None
        self._one_at_a_time = asyncio.Lock()
        self._held: Counter[str] = Counter()
        self._lost = asyncio.Event()
        self._is_away = False
        self._away_until = 0.0

    def holds(self, key: str) -> bool:
        """Whether this lock is held, as far as is known."""
        return key in self._held

    async def try_hold(self, keys: Iterable[str]) -> set[str]:
        """Take those of these locks that are free; none while the server cannot be reached.

        Whoever is cancelled meanwhile may hold them nevertheless, and releases them.
        """
        return await asyncio.shield(self._try_hold(list(keys)))

    async def release(self, keys: Iterable[str]) -> None:
        """Give these locks back; one that is not held is none."""
        await asyncio.shield(self._release(list(keys)))

    async def lost(self, key: str) -> None:
        """Return when this lock is no longer held; the server is asked every two seconds."""
        while self.holds(key):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ASKED_EVERY):
                    await self._lost.wait()
            if self.holds(key):
                await asyncio.shield(self._look())

    async def close(self) -> None:
        """Give everything back."""
        async with self._one_at_a_time:
            connection, self._connection = self._connection, None
            self._forget()
            if connection is not None:
                with contextlib.suppress(*self._away):
                    await connection.close(timeout=_ANSWER_SECONDS)
        await self._engine.dispose()

    async def _look(self) -> None:
        async with self._one_at_a_time:
            await self._ask("SELECT 1")

    async def _try_hold(self, keys: list[str]) -> set[str]:
        by_number = {lock_number(key): key for key in keys}
        async with self._one_at_a_time:
            rows = await self._ask(_TRY, list(by_number))
            taken = {by_number[row["n"]] for row in rows if row["is_held"]}
            self._held.update(taken)
        return taken

    async def _release(self, keys: list[str]) -> None:
        async with self._one_at_a_time:
            held = [key for key in keys if self.holds(key)]
            if held:
                await self._ask(_RELEASE, [lock_number(key) for key in held])
            # Unless the answer was the end of the connection, and of all its locks.
            for key in held:
                self._held[key] -= 1
                if self._held[key] <= 0:
                    del self._held[key]

    async def _ask(self, statement: str, *arguments: Any) -> list[Any]:
        """The statement's rows; none where the connection is not or no longer there."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                if self._connection is None:
                    await self._connect()
                connection = self._connection
                rows: list[Any] = await connection.fetch(statement, *arguments)
        except self._away as error:
            if not self._is_away:
                log.warning("the locks' connection is lost: %s", type(error).__name__)
            self._is_away = True
            self._away_until = asyncio.get_running_loop().time() + _RECONNECT_PAUSE
            connection, self._connection = self._connection, None
            self._forget()
            if connection is not None:
                connection.terminate()
            return []
        if connection is not self._connection:
            return []  # it has ended since it answered
        self._is_away = False
        return rows

    async def _connect(self) -> None:
        await asyncio.sleep(self._away_until - asyncio.get_running_loop().time())
        pooled = await self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        connection.add_termination_listener(self._ended)
        self._connection = connection
        await connection.execute(_NOTICE_THE_VANISHED)

    def _ended(self, connection: Any) -> None:
        if connection is self._connection:
            log.warning("the locks' connection has ended")
            self._connection = None
            self._forget()

    def _forget(self) -> None:
        self._held.clear()
        lost, self._lost = self._lost, asyncio.Event()
        lost.set()


@contextlib.contextmanager
def only_process(url: URL) -> Iterator[None]:
    """Be the only process that serves this database, if it is an SQLite file.

    What is locked is an empty SQLite database beside it: that is the same on every system, ends
    with the process however it ends, and is not inherited by a child.

    Raises:
        DatabaseError: another process serves it.
    """
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        yield
        return
    path = Path(f"{url.database}.lock")
    try:
        path.touch(mode=0o600)
        holder = sqlite3.connect(path, timeout=0, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"{path} cannot be made: {error}") from None
    with closing(holder):
        try:
            holder.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise DatabaseError(
                f"{url.database} is in use by another process of this program; "
                "on SQLite there is one at a time"
            ) from None
        yield
