"""The database of a chaos run: made, watched from outside the program, and dropped."""

import asyncio
import contextlib
import os
import sqlite3
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import make_url

from storage.database import Database
from storage.migrating import migrate

SERVER = os.environ.get("TEST_POSTGRESQL_URL") or "postgresql://root@127.0.0.1:5432/postgres"
KINDS = ("sqlite", "postgresql")

# Every reply that was ever written down, with its mark: the program empties what it has sent.
_SAID_SQLITE = (
    "CREATE TABLE chaos_said (id INTEGER, chat_id TEXT, kind TEXT, mark TEXT)",
    (
        "CREATE TRIGGER chaos_said AFTER INSERT ON outbox WHEN new.lane = 'reply' BEGIN"
        " INSERT INTO chaos_said VALUES (new.id, new.chat_id, new.kind,"
        " json_extract(new.content, '$.mark')); END"
    ),
)
_SAID_POSTGRESQL = (
    "CREATE TABLE chaos_said (id BIGINT, chat_id TEXT, kind TEXT, mark TEXT)",
    (
        "CREATE FUNCTION chaos_said() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO chaos_said VALUES (new.id, new.chat_id, new.kind, new.content ->> 'mark');"
        " RETURN new; END $$"
    ),
    (
        "CREATE TRIGGER chaos_said AFTER INSERT ON outbox FOR EACH ROW WHEN (new.lane = 'reply')"
        " EXECUTE FUNCTION chaos_said()"
    ),
)


@dataclass
class Ledger:
    """A database seen from outside: plain queries that read the same on both kinds."""

    address: str
    path: Path | None = None
    connection: Any = None

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        if self.path is None:
            return [tuple(row) for row in await self.connection.fetch(query)]
        with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as connection:
            return connection.execute(query).fetchall()

    async def value(self, query: str) -> Any:
        """The first column of the first row."""
        return (await self.rows(query))[0][0]

    async def do(self, *statements: str) -> None:
        """Change something behind the program's back."""
        if self.path is None:
            for statement in statements:
                await self.connection.execute(statement)
            return
        with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    async def unfinished(self) -> int:
        """Updates without their turn, replies not sent, paced messages on their way."""
        return int(
            await self.value(
                "SELECT (SELECT count(*) FROM inbox WHERE state = 'waiting')"
                " + (SELECT count(*) FROM outbox WHERE state = 'due' AND lane = 'reply')"
                " + (SELECT count(*) FROM outbox WHERE state = 'sending')"
            )
        )


@contextlib.asynccontextmanager
async def ledger_of(kind: str, folder: Path, *, is_migrated: bool = True) -> AsyncIterator[Ledger]:
    """A new database of this kind, migrated unless the control is to make its own tables."""
    if kind == "sqlite":
        path = folder / "chaos.db"
        ledger = Ledger(f"sqlite:///{path}", path)
        await _prepare(ledger, _SAID_SQLITE if is_migrated else ())
        yield ledger
        return
    name = f"doithoai_chaos_{uuid.uuid4().hex}"
    await _on_server(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        # A power cut is not what this tests, and commits are much faster so.
        await _on_server(f"ALTER DATABASE {name} SET synchronous_commit = off")
        address = make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        ledger = Ledger(address, None, await connect(address))
        try:
            await _prepare(ledger, _SAID_POSTGRESQL if is_migrated else ())
            yield ledger
        finally:
            await ledger.connection.close()
    finally:
        await _on_server(f"DROP DATABASE {name} WITH (FORCE)")


async def _prepare(ledger: Ledger, statements: tuple[str, ...]) -> None:
    if not statements:
        return
    database = Database(ledger.address)
    await migrate(database)
    await database.close()
    await ledger.do(*statements)


async def _on_server(statement: str) -> None:
    connection = await connect(SERVER)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def connect(address: str) -> Any:
    """A connection; a server that has no room at the moment is waited for."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await asyncpg.connect(address, timeout=10)
            except asyncpg.TooManyConnectionsError:
                await asyncio.sleep(0.5)
