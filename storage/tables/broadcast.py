"""Messages that an organiser sends to many."""

from datetime import datetime

from sqlalchemy import BigInteger, Text
from sqlmodel import Field, SQLModel

from storage.tables.base import RowId


class Broadcast(SQLModel, table=True):
    """Its messages are outbox rows with the key `broadcast:<id>:<person>`."""

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    text: str = Field(sa_type=Text)
    audience: str = Field(max_length=64)
    """`all`, `unit:<code>` or `role:<role>`."""
    created_at: datetime
    created_by: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )
    people: int = 0
    written_to: int | None = Field(default=None, sa_type=BigInteger)
    """Up to which person's id its messages are written so far; None: all of them."""
    stopped_at: datetime | None = None
