"""Databases for the tests: each test has an empty one at this program's schema, of both kinds.

A test that takes `database` (or `database_address`) runs twice: on SQLite, in a file of its own,
and on PostgreSQL, in one database per xdist worker that is emptied before each test. Where no
PostgreSQL server answers at `TEST_POSTGRESQL_URL` those tests are skipped, and fail instead when
`CI` or `REQUIRE_SERVICES` is set.
"""

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from sqlalchemy import make_url
from sqlmodel import SQLModel

from bot.app import App, opened
from storage.database import Database
from storage.migrating import migrate
from tests.chat import ORGANISER, Chat, chat_with, make_app

SERVER = os.environ.get("TEST_POSTGRESQL_URL") or "postgresql://root@127.0.0.1:5432/postgres"
T = TypeVar("T")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated, empty database, for a test that builds a whole app over it."""
    if request.param == "sqlite":
        path = tmp_path / "doithoai.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    address: str = request.getfixturevalue("migrated_postgresql")
    _in_own_loop(_empty(address))
    return address


@pytest.fixture
async def database(database_address: str) -> AsyncIterator[Database]:
    """A migrated, empty database, opened in the test's own loop."""
    database = Database(database_address)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy, never to write to."""
    path = tmp_path_factory.mktemp("migrated") / "doithoai.db"
    _in_own_loop(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgresql() -> Iterator[str]:
    """The address of this worker's PostgreSQL database: made, migrated, and dropped at the end."""
    name = f"doithoai_test_{uuid.uuid4().hex}"
    try:
        _in_own_loop(_run(SERVER, f"CREATE DATABASE {name} TEMPLATE template0"))
    except (OSError, asyncpg.PostgresError) as error:
        reason = f"no PostgreSQL at {make_url(SERVER)!r}: {error}"
        if os.environ.get("CI") or os.environ.get("REQUIRE_SERVICES"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        # A test's server need not survive a power cut, and commits are much faster so.
        _in_own_loop(_run(SERVER, f"ALTER DATABASE {name} SET synchronous_commit = off"))
        address = make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        _in_own_loop(_migrate(address))
        yield address
    finally:
        _in_own_loop(_run(SERVER, f"DROP DATABASE {name} WITH (FORCE)"))


def _in_own_loop(work: Coroutine[Any, Any, T]) -> T:
    # Not asyncio.run, which would take the loop that pytest-asyncio has set away.
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


async def _run(address: str, *statements: str) -> None:
    connection = await asyncpg.connect(address, timeout=10)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _migrate(address: str) -> None:
    database = Database(address)
    await migrate(database)
    await database.close()


async def _empty(address: str) -> None:
    tables = ", ".join(f'"{table.name}"' for table in SQLModel.metadata.sorted_tables)
    # A connection that an earlier test left open in a transaction shows here, not as a hang.
    await _run(address, "SET lock_timeout = '10s'", f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


@pytest.fixture
async def app(database_address: str, tmp_path: Path) -> AsyncIterator[App]:
    """The whole program on each database, with Telegram's side recorded (see `tests.chat`)."""
    app = make_app(database_address, tmp_path)
    async with opened(app):
        yield app


@pytest.fixture
def chat(app: App) -> Chat:
    """A new person's phone."""
    return chat_with(app)


@pytest.fixture
def organiser(app: App) -> Chat:
    """The phone of the organiser whom the settings name."""
    return chat_with(app, ORGANISER)
