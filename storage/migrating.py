"""Bringing a database to this program's schema, by alembic's revisions and nothing else."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.engine import Connection

from storage.database import Database, DatabaseError, lock_number


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings without a file of their own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade (or, for tests, downgrade) to a revision.

    Raises:
        DatabaseError: the database was made by a newer version of this program.
    """
    await database.run_on_connection(migrate_connection, revision)


def migrate_connection(connection: Connection, revision: str = "head") -> None:
    """The same within the caller's transaction.

    Raises:
        DatabaseError: the database was made by a newer version of this program.
    """
    if connection.dialect.name == "postgresql":
        # Several processes may start at once.
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:number)"), {"number": lock_number("schema")}
        )
    config = alembic_config(connection)
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None:
        try:
            scripts.get_revision(current)
        except CommandError as error:
            raise DatabaseError(
                f"the database is of a newer version (revision {current}); update the program"
            ) from error
    if revision == "head" and current == scripts.get_current_head():
        return
    go: Any = command.downgrade if _is_behind(scripts, revision, current) else command.upgrade
    go(config, revision)


def _is_behind(scripts: ScriptDirectory, revision: str, current: str | None) -> bool:
    if revision == "base":
        return True
    if revision == "head" or current is None:
        return False
    passed = [script.revision for script in scripts.iterate_revisions(current, "base")]
    return revision in passed
