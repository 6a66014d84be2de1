"""When the bot was last there, whichever process it was."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class Presence(SQLModel, table=True):
    """One row a bot, written while it lives: what the next start measures its absence by."""

    bot_id: str = Field(primary_key=True, max_length=32)
    seen_at: datetime
    """By the real clock, also in the sandbox: moving the sandbox's clock is no absence."""
