"""Whether a database has this program's schema: asked at every start, and nearly always so."""

from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from storage.database import Database

_REVISIONS = Path(__file__).parent / "migrations" / "versions"


def newest_revision() -> str:
    """The revision that this program's tables are at: its file's name begins with it."""
    return max(path.name.partition("_")[0] for path in _REVISIONS.glob("[0-9]*_*.py"))


async def ensure_schema(database: Database) -> None:
    """Bring the database to this program's schema, if it is not there.

    Raises:
        DatabaseError: the database was made by a newer version of this program.
    """
    if await database.run_on_connection(_revision) == newest_revision():
        return
    from storage.migrating import migrate  # noqa: PLC0415  alembic takes long to import

    await migrate(database)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found
