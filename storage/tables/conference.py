"""The one conference this database serves."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from storage.tables.base import state_column


class DatabaseKind(StrEnum):
    """Which program a database belongs to: the sandbox never opens a real one, nor the reverse."""

    live = "live"
    sandbox = "sandbox"


class ConferenceRecord(SQLModel, table=True):
    """One row: the plan last loaded, and the counter that tracking codes come from."""

    __tablename__ = "conference"

    code: str = Field(primary_key=True, max_length=8)
    title: str
    plan_digest: str = Field(max_length=64)
    kind: DatabaseKind = Field(sa_type=state_column(DatabaseKind))
    last_number: int = 0
    loaded_at: datetime
    clock_offset_seconds: int = 0
    """Only in the sandbox: how far its clock stands from the real one."""
    identities_erased_at: datetime | None = None
