"""A unit's report: the moment its questions were handed up to the organiser."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.tables.base import RowId


class Report(SQLModel, table=True):
    """Once a unit has reported, its questions can no longer be changed by their authors."""

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    unit_code: str = Field(foreign_key="unit.code", unique=True, max_length=32)
    handed_up_at: datetime
    handed_up_by: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )
    question_count: int
