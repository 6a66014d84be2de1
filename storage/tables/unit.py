"""Units, topics and departments as the plan names them; a code is never reused or deleted."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class Unit(SQLModel, table=True):
    """A member unit (đơn vị) whose young people ask; closed when a later plan drops it."""

    code: str = Field(primary_key=True, max_length=32)
    name: str
    short_name: str
    kind: str = Field(max_length=32)
    position: int
    closed_at: datetime | None = None


class Topic(SQLModel, table=True):
    """A focus topic (lĩnh vực)."""

    code: str = Field(primary_key=True, max_length=32)
    number: int
    label: str
    position: int
    closed_at: datetime | None = None


class Department(SQLModel, table=True):
    """A department (phòng, ban, ngành) that prepares answers."""

    code: str = Field(primary_key=True, max_length=32)
    name: str
    position: int
    closed_at: datetime | None = None
