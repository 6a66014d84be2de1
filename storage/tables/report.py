"""A unit's reports: the moments its questions were handed up to the organiser."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.base import RowId


class Report(SQLModel, table=True):
    """The first is the unit's report; later ones hand up what came after it."""

    __table_args__ = (UniqueConstraint("unit_code", "number"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    unit_code: str = Field(foreign_key="unit.code", max_length=32)
    number: int = 1
    handed_up_at: datetime
    handed_up_by: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )
    question_count: int
    """None at all is a valid report: "đơn vị không có câu hỏi"."""
    is_late: bool = False
    by_organiser: bool = False
    """An organiser acted for a unit that has no lead."""
