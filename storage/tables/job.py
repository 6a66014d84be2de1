"""Slow work that a turn asked for: exports and other files."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from storage.tables.base import Document, RowId, state_column


class JobState(StrEnum):
    """A running job found at the start of a process was cut off, and is queued again."""

    queued = "queued"
    running = "running"
    finished = "finished"
    failed = "failed"


class Job(SQLModel, table=True):
    """Done by a worker outside any turn; its file goes to the chat that asked."""

    # A file's folder is known by the job's number, also when the row is gone.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    kind: str = Field(max_length=32)
    parameters: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    bot_id: str = Field(max_length=32)
    chat_id: str = Field(max_length=64, index=True)
    language: str = Field(max_length=8)
    state: JobState = Field(default=JobState.queued, sa_type=state_column(JobState), index=True)
    status_slot: int | None = Field(default=None, sa_type=BigInteger)
    """The message that shows the progress, as a promised id."""
    attempts: int = 0
    created_at: datetime
    finished_at: datetime | None = None
    error: str | None = Field(default=None, max_length=120)
