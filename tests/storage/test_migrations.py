"""Revisions: up, down and up again, equal to the tables, and never over a newer database."""

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, inspect, make_url, select, text
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from storage.database import Database, DatabaseError
from storage.migrating import alembic_config, migrate
from storage.schema import ensure_schema, newest_revision
from tests.source import ROOT
from tests.storage import first_release

REVISIONS = [
    script.revision
    for script in reversed(
        list(ScriptDirectory.from_config(alembic_config()).walk_revisions("base", "head"))
    )
]
"""From the first to the newest."""
FILLED = {("outbox", 2): ("sent_at", "created_at")}
"""By table and row: which of its old columns a revision fills, and from which other."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database may be: on PostgreSQL beside the worker's own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    beside = make_url(request.getfixturevalue("migrated_postgresql"))
    name = f"doithoai_test_{uuid.uuid4().hex}"
    return beside.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
async def empty(empty_address: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A database with nothing in it, not even a schema."""
    database = Database(empty_address)
    if database.is_sqlite:
        yield database
        await database.close()
        return
    server = await asyncpg.connect(request.getfixturevalue("migrated_postgresql"))
    try:
        await server.execute(f"CREATE DATABASE {database.url.database} TEMPLATE template0")
        yield database
        await database.close()
        await server.execute(f"DROP DATABASE {database.url.database} WITH (FORCE)")
    finally:
        await server.close()


async def shape(database: Database) -> dict[str, Any]:
    """Tables with their columns, indexes and keys, as the database itself tells them."""

    def read(connection: Connection) -> dict[str, Any]:
        inspector = inspect(connection)
        return {
            name: {
                "columns": sorted(
                    (one["name"], str(one["type"]), one["nullable"])
                    for one in inspector.get_columns(name)
                ),
                "indexes": sorted(
                    (str(one["name"]), tuple(one["column_names"]), bool(one["unique"]))
                    for one in inspector.get_indexes(name)
                ),
                "foreign keys": sorted(
                    (one["constrained_columns"], one["referred_table"], str(one["options"]))
                    for one in inspector.get_foreign_keys(name)
                ),
                "unique": sorted(
                    one["column_names"] for one in inspector.get_unique_constraints(name)
                ),
                "primary key": inspector.get_pk_constraint(name)["constrained_columns"],
            }
            for name in inspector.get_table_names()
            if name != "alembic_version"
        }

    found: dict[str, Any] = await database.run_on_connection(read)
    return found


async def revision_of(database: Database) -> str | None:
    def read(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    found: str | None = await database.run_on_connection(read)
    return found


@pytest.mark.parametrize("position", range(len(REVISIONS)), ids=REVISIONS)
async def test_revision_goes_up_down_and_up_again(empty: Database, position: int) -> None:
    before = REVISIONS[position - 1] if position else "base"
    if position:
        await migrate(empty, before)
    lower = await shape(empty)

    await migrate(empty, REVISIONS[position])
    upper = await shape(empty)
    await migrate(empty, before)
    lower_again = await shape(empty)
    await migrate(empty, REVISIONS[position])

    assert upper != lower
    assert lower_again == lower
    assert await shape(empty) == upper
    assert await revision_of(empty) == REVISIONS[position]


async def rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row, as the database itself knows its columns, in the order of the keys."""

    def read(connection: Connection) -> dict[str, list[dict[str, Any]]]:
        tables = MetaData()
        tables.reflect(connection)
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key)
                ).mappings()
            ]
            for table in tables.sorted_tables
            if table.name != "alembic_version"
        }

    found: dict[str, list[dict[str, Any]]] = await database.run_on_connection(read)
    return found


@pytest.fixture
async def released(empty: Database) -> Database:
    """A database as the first release left it, with rows in every table."""

    def fill(connection: Connection) -> None:
        for name, rows in first_release.ROWS.items():
            table = Table(name, MetaData(), autoload_with=connection)
            for row in rows:
                connection.execute(table.insert().values(row))

    await migrate(empty, first_release.REVISION)
    await empty.run_on_connection(fill)
    return empty


def as_migrated(table: str, there: list[dict[str, Any]]) -> list[dict[str, Any]]:
    expected = [dict(row) for row in there]
    for (name, at), (column, source) in FILLED.items():
        if name == table:
            expected[at][column] = expected[at][source]
    return expected


async def test_first_release_is_the_oldest_and_has_rows_in_every_table(released: Database) -> None:
    found = await rows(released)

    assert REVISIONS[0] == first_release.REVISION
    assert {name: len(there) for name, there in found.items()} == {
        name: len(there) for name, there in first_release.ROWS.items()
    }


async def test_database_of_the_first_release_keeps_every_row(released: Database) -> None:
    before = await rows(released)

    await migrate(released)

    after = await rows(released)
    assert {name: len(after[name]) for name in before} == {
        name: len(there) for name, there in before.items()
    }
    for name, there in before.items():
        kept = there[0].keys() & after[name][0].keys()
        assert [{key: row[key] for key in kept} for row in after[name]] == [
            {key: row[key] for key in kept} for row in as_migrated(name, there)
        ]
    async with released.snapshot() as session:
        for mapper in SQLModel._sa_registry.mappers:
            found = await session.scalars(select(mapper.class_))
            assert len(found.all()) == len(after[mapper.local_table.name])


async def test_database_of_the_first_release_goes_back_with_every_row(released: Database) -> None:
    before = await rows(released)
    await migrate(released)

    await migrate(released, first_release.REVISION)

    expected = {name: as_migrated(name, there) for name, there in before.items()}
    for row in expected["outbox"]:
        row.update(lease_owner=None, lease_until=None)
    assert await rows(released) == expected


async def test_newest_schema_is_what_the_tables_say(empty: Database) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "target_metadata": SQLModel.metadata}
        )
        return list(compare_metadata(context, SQLModel.metadata))

    await migrate(empty)

    assert await empty.run_on_connection(differences) == []
    assert (await shape(empty)).keys() == SQLModel.metadata.tables.keys()


async def test_a_difference_between_schema_and_tables_would_be_seen(empty: Database) -> None:
    def differences(connection: Connection) -> list[str]:
        connection.execute(text("ALTER TABLE question ADD COLUMN surplus INTEGER"))
        connection.execute(text("DROP INDEX ix_question_unit_code"))
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return sorted(one[0] for one in compare_metadata(context, SQLModel.metadata))

    await migrate(empty)

    assert await empty.run_on_connection(differences) == ["add_index", "remove_column"]


async def test_migrating_twice_changes_nothing(empty: Database) -> None:
    await migrate(empty)
    first = await shape(empty)

    await migrate(empty)

    assert await shape(empty) == first
    assert await revision_of(empty) == REVISIONS[-1]


@pytest.fixture
async def newer(empty: Database) -> Database:
    """A database that a later version of the program has migrated."""

    def leave_behind(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    await migrate(empty)
    await empty.run_on_connection(leave_behind)
    return empty


async def test_a_start_finds_the_newest_revision_without_alembic_and_works_from_any_other(
    empty: Database,
) -> None:
    assert newest_revision() == REVISIONS[-1]
    await ensure_schema(empty)
    assert await revision_of(empty) == REVISIONS[-1]
    migrated = await shape(empty)
    await ensure_schema(empty)
    await migrate(empty, REVISIONS[0])
    await ensure_schema(empty)
    assert await shape(empty) == migrated


async def test_newer_database_is_refused_and_left_alone(newer: Database) -> None:
    before = await shape(newer)

    with pytest.raises(DatabaseError) as refused:
        await ensure_schema(newer)

    line = "the database is of a newer version (revision 9999); update the program"
    assert str(refused.value) == line
    assert await shape(newer) == before
    assert await revision_of(newer) == "9999"


async def test_newer_database_is_refused_in_one_line_at_the_start(
    newer: Database, empty_address: str, tmp_path: Path
) -> None:
    del newer
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": empty_address,
        "SANDBOX_PORT": "0",
    }

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()

    line = "doithoai: the database is of a newer version (revision 9999); update the program\n"
    assert (process.returncode, said.decode(), complained.decode()) == (1, "", line)
