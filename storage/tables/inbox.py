"""What came in: stored before it is confirmed to the platform."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from storage.tables.base import Document, RowId, state_column


class InboxState(StrEnum):
    """Waiting until its turn has committed; set aside when its turn keeps failing."""

    waiting = "waiting"
    done = "done"
    set_aside = "set_aside"


WAITING = text("state = 'waiting'")
"""What `ix_inbox_waiting` holds. In words, not bound: SQLite uses the index only then."""
SET_ASIDE = text("state = 'set_aside'")
"""What `ix_inbox_set_aside` holds. In words, not bound: SQLite uses the index only then."""


class InboxUpdate(SQLModel, table=True):
    """One update as the platform sent it, without names; the body is emptied when it is done."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index(
            "ix_inbox_waiting",
            "bot_id",
            "chat_key",
            "update_id",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        Index(
            "ix_inbox_set_aside",
            "set_aside_at",
            sqlite_where=SET_ASIDE,
            postgresql_where=SET_ASIDE,
        ),
    )

    bot_id: str = Field(primary_key=True, max_length=32)
    update_id: int = Field(primary_key=True, sa_type=RowId)
    chat_key: str = Field(max_length=96)
    body: dict[str, Any] | None = Field(default=None, sa_type=Document)
    state: InboxState = Field(default=InboxState.waiting, sa_type=state_column(InboxState))
    received_at: datetime = Field(index=True)
    attempts: int = 0
    next_try_at: datetime | None = None
    set_aside_at: datetime | None = None
    error: str | None = Field(default=None, max_length=120)
    """The error's class, never its words: they may quote what a person wrote."""
