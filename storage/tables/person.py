"""People, the roles granted to them, and the invitations that grant roles."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.base import RowId, state_column


class AgeBand(StrEnum):
    """All that is asked about age, never a birth date (Luật 91/2025 art. 24)."""

    under_16 = "under_16"
    from_16_to_17 = "16_17"
    from_18_to_30 = "18_30"
    over_30 = "over_30"


class Role(StrEnum):
    """What a person is to the conference, besides being a member."""

    member = "member"
    organiser = "organiser"
    duty_officer = "duty_officer"
    unit_lead = "unit_lead"


class Person(SQLModel, table=True):
    """Someone who said yes to the consent text, or accepted a role. No name is ever kept."""

    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        Index("ix_person_unit", "unit_code", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    channel: str = Field(max_length=16)
    external_id: str = Field(max_length=64)
    language: str = Field(default="vi", max_length=8)
    age_band: AgeBand | None = Field(default=None, sa_type=state_column(AgeBand))
    consent_version: str | None = Field(default=None, max_length=16)
    consented_at: datetime | None = None
    unit_code: str | None = Field(default=None, foreign_key="unit.code", max_length=32)
    unreachable_at: datetime | None = None
    reminders_stopped_at: datetime | None = None
    """A member's word that ends all reminders; officials can only put them off."""
    snoozed_until: datetime | None = None
    """An official's "tomorrow morning"."""
    created_at: datetime


class RoleGrant(SQLModel, table=True):
    """A role given to a person, for one unit or for the whole conference."""

    __tablename__ = "role_grant"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE", sa_type=RowId, index=True)
    role: Role = Field(sa_type=state_column(Role))
    unit_code: str | None = Field(default=None, foreign_key="unit.code", max_length=32)
    granted_at: datetime
    granted_by: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )
    by_settings: bool = False
    """Granted because `ORGANISER_IDS` names the person; taken back when it no longer does."""
    revoked_at: datetime | None = None


class Invite(SQLModel, table=True):
    """A one-time link to a role. Only the token's SHA-256 is kept."""

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    token_hash: str = Field(unique=True, max_length=64)
    role: Role = Field(sa_type=state_column(Role))
    unit_code: str | None = Field(default=None, foreign_key="unit.code", max_length=32)
    created_at: datetime
    created_by: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )
    expires_at: datetime
    used_at: datetime | None = None
    used_by: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", sa_type=RowId
    )
    revoked_at: datetime | None = None
