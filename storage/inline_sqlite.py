"""SQLite behind SQLAlchemy's async interface without a thread per statement.

A statement on a local file takes microseconds, less than the hop to another thread and back
(`docs/decisions/0003-inline-sqlite.md` has the figures). Only a commit, which waits for the disk,
goes to a thread. Work that takes longer than a turn may does not run here: it belongs to a job's
own process.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlalchemy.util import await_only


class _InlineCursor(sqlite3.Cursor):
    """Rows are already here: there is nothing to wait for before they are read."""

    async def _async_soft_close(self) -> None:
        """Asked for by SQLAlchemy's async layer of every cursor it hands on."""


class _InlineConnection(sqlite3.Connection):
    _committed = 0

    def cursor(self, factory: Any = _InlineCursor) -> Any:
        return super().cursor(factory)

    def commit(self) -> None:
        """Commit; everything else goes on while the disk is waited for."""
        if self.total_changes == self._committed:
            super().commit()
            return
        await_only(_in_a_thread(super().commit))
        self._committed = self.total_changes


async def _in_a_thread(work: Callable[[], None]) -> None:
    """Like `asyncio.to_thread`, but whoever is cancelled still waits: the connection is in use."""
    working = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


class InlineSQLiteDialect(SQLiteDialect_pysqlite):
    """`sqlite+inline://`: the standard library's driver, its calls made where they stand."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """Connections are shared by tasks, never by threads."""
        del url
        return AsyncAdaptedQueuePool

    def create_connect_args(self, url: URL) -> Any:
        """The driver's own arguments, with the connection that the async layer can use."""
        positional, named = super().create_connect_args(url)
        return positional, {
            **named,
            "factory": _InlineConnection,
            # Tasks take turns on a connection, and so do the threads that commit for them.
            "check_same_thread": False,
        }

    def get_driver_connection(self, connection: Any) -> Any:
        """The connection itself: nothing is wrapped."""
        return connection


registry.register("sqlite.inline", __name__, "InlineSQLiteDialect")
