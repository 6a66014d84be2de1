"""Which rounds of reminders have been planned; the messages themselves are outbox rows."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class NudgeRound(SQLModel, table=True):
    """One offset of one reminder, for one unit and one revision of its milestone."""

    __tablename__ = "nudge_round"

    key: str = Field(primary_key=True, max_length=160)
    due_at: datetime
    planned_at: datetime
    people: int = 0
    planned_to: int | None = Field(default=None, sa_type=BigInteger)
    """Up to which person's id it is written down so far; None: for everybody it is meant for."""
    skipped: str | None = Field(default=None, max_length=48)
    """Why nobody was reminded by it: too late, or a later one took its place."""
