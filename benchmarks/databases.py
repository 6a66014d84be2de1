"""New databases for a run: a file, or one made on a PostgreSQL server and dropped at the end."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

POSTGRESQL = "postgresql://root@127.0.0.1:5432/postgres"
SQLITE = "sqlite"


def kind(where: str) -> str:
    """The database's name for people."""
    return "SQLite" if where == SQLITE else "PostgreSQL"


@contextlib.asynccontextmanager
async def new_database(where: str, folder: Path) -> AsyncIterator[str]:
    """The address of an empty database.

    Args:
        where: `sqlite`, or a PostgreSQL server's address.
        folder: for SQLite's file.
    """
    name = f"doithoai_benchmark_{uuid.uuid4().hex}"
    if where == SQLITE:
        yield f"sqlite:///{folder / f'{name}.db'}"
        return
    server = await asyncpg.connect(where)
    try:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield make_url(where).set(database=name).render_as_string(hide_password=False)
        finally:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await server.close()
