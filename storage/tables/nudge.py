"""Which rounds of reminders have been planned, and whom they remind.

What the courier is to send next are outbox rows; a round for many is written as it sends.
"""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from storage.tables.base import RowId


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


class PlannedNudge(SQLModel, table=True):
    """A member whom a round reminds, and whose message is to be written yet.

    Narrow, so that a hundred thousand are written in a moment. One a person: a later round
    takes the place of an earlier one.
    """

    __tablename__ = "planned_nudge"

    person_id: int = Field(
        primary_key=True, foreign_key="person.id", ondelete="CASCADE", sa_type=RowId
    )
    round_key: str = Field(max_length=160)
    """Which round (`NudgeRound.key`). No foreign key: a round is never deleted, and looking it up
    for each row was a third of the time that PostgreSQL takes for a plan."""
