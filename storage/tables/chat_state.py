"""Where a dialogue stands: aiogram's state and its data, one row a person and chat."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from storage.tables.base import Document


class ChatState(SQLModel, table=True):
    """Kept in the same database as everything else, so that it commits with the turn."""

    __tablename__ = "chat_state"

    bot_id: str = Field(primary_key=True, max_length=32)
    chat_id: str = Field(primary_key=True, max_length=64)
    user_id: str = Field(primary_key=True, max_length=64)
    state: str | None = Field(default=None, max_length=128)
    content: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    begun_at: datetime
    """When the present content began: what is written before consent lives 24 hours from here."""
    changed_at: datetime = Field(index=True)
