"""What goes out: written by a turn, sent after its commit."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from storage.tables.base import Document, RowId, state_column


class Lane(StrEnum):
    """Replies go at once and at least once; paced messages at a set rate and at most once."""

    reply = "reply"
    paced = "paced"


class OutboxState(StrEnum):
    """`uncertain`: sending broke off and nobody can know whether the message arrived."""

    due = "due"
    sending = "sending"
    sent = "sent"
    failed = "failed"
    uncertain = "uncertain"
    cancelled = "cancelled"


OPEN = text("state IN ('due', 'sending')")
"""What `ix_outbox_open` holds. In words, not bound: SQLite uses the index only then."""
PACED_OPEN = text("state IN ('due', 'sending') AND lane = 'paced'")
"""What `ix_outbox_paced_open` holds: replies, which come and go all the time, are not in it."""
_HAS_RECIPIENT = text("recipient_id IS NOT NULL")
IN_TROUBLE = text("state IN ('failed', 'uncertain')")
"""What `ix_outbox_troubled` holds."""


class OutboxMessage(SQLModel, table=True):
    """A finished call (reply) or a kind with parameters, worded when it is sent (paced)."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_open", "lane", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index(
            "ix_outbox_paced_open",
            "kind",
            "recipient_id",
            "id",
            sqlite_where=PACED_OPEN,
            postgresql_where=PACED_OPEN,
        ),
        Index(
            "ix_outbox_recipient",
            "recipient_id",
            sqlite_where=_HAS_RECIPIENT,
            postgresql_where=_HAS_RECIPIENT,
        ),
        Index(
            "ix_outbox_troubled", "sent_at", sqlite_where=IN_TROUBLE, postgresql_where=IN_TROUBLE
        ),
        # Whoever sends a row knows it by its number, also when it is deleted meanwhile.
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    lane: Lane = Field(sa_type=state_column(Lane))
    key: str | None = Field(default=None, unique=True, max_length=160)
    """Of a paced message: what it is about and to whom; it can exist only once."""
    bot_id: str = Field(max_length=32)
    channel: str = Field(default="telegram", max_length=16)
    chat_id: str = Field(max_length=64, index=True)
    recipient_id: int | None = Field(
        default=None, foreign_key="person.id", ondelete="CASCADE", sa_type=RowId
    )
    kind: str = Field(max_length=64)
    """A reply's API method, or the kind of a paced message."""
    content: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    state: OutboxState = Field(default=OutboxState.due, sa_type=state_column(OutboxState))
    attempts: int = 0
    next_try_at: datetime | None = None
    not_after: datetime | None = None
    created_at: datetime
    sent_at: datetime | None = Field(default=None, index=True)
    slot: int | None = Field(default=None, unique=True, sa_type=BigInteger)
    """The promised message id (negative), by which later calls may name the message."""
    message_id: int | None = Field(default=None, sa_type=BigInteger)
    forget: bool = False
    """Delete the row once it is sent: its recipient has asked to be forgotten."""
    error: str | None = Field(default=None, max_length=200)
