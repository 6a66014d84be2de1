"""Milestones moved after the plan was made, and units' requests for more time."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.tables.base import RowId


class Extension(SQLModel, table=True):
    """One milestone moved, for one unit or for all. The last one that applies is in force.

    Its id is the revision of what it moved: everything derived from an earlier one is void.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    milestone: str = Field(max_length=32)
    unit_code: str | None = Field(default=None, foreign_key="unit.code", max_length=32)
    moment: datetime
    reason: str = Field(max_length=500)
    granted_at: datetime
    granted_by: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )


class ExtensionRequest(SQLModel, table=True):
    """A unit lead asks for more time; an organiser grants or refuses once."""

    __tablename__ = "extension_request"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    milestone: str = Field(max_length=32)
    unit_code: str = Field(foreign_key="unit.code", max_length=32)
    wanted: datetime
    reason: str = Field(max_length=500)
    asked_at: datetime
    asked_by: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )
    decided_at: datetime | None = None
    decided_by: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )
    is_granted: bool | None = None
