"""Who did what to what, and when. Ids only, never words."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.tables.base import Document, RowId


class AuditEntry(SQLModel, table=True):
    """Written by the use case in the same transaction as the change itself."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject_kind", "subject_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    at: datetime
    actor_id: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )
    action: str = Field(max_length=48)
    subject_kind: str = Field(max_length=24)
    subject_id: str = Field(max_length=64)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
