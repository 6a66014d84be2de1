"""Questions and recommendations (câu hỏi, kiến nghị)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.base import RowId, state_column


class QuestionState(StrEnum):
    """Where a question stands; `conference.workflow` says what may follow what."""

    submitted = "submitted"
    held = "held"
    """Shows a sign of danger to a person: it waits for the duty officer."""
    reported = "reported"
    """Handed up with its unit's report."""
    withdrawn = "withdrawn"


class Question(SQLModel, table=True):
    """One question. `author_id` is emptied when its author asks to be forgotten."""

    __table_args__ = (UniqueConstraint("author_id", "fingerprint"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    code: str = Field(unique=True, max_length=16)
    author_id: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )
    unit_code: str = Field(foreign_key="unit.code", max_length=32, index=True)
    topic_code: str = Field(foreign_key="topic.code", max_length=32, index=True)
    text: str = Field(sa_type=Text)
    fingerprint: str | None = Field(default=None, max_length=64)
    """SHA-256 of the folded words: the same words from one person are one question."""
    state: QuestionState = Field(sa_type=state_column(QuestionState))
    is_addendum: bool = False
    """Sent after asking had closed."""
    submitted_at: datetime = Field(index=True)
    edited_at: datetime | None = None
