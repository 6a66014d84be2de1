"""The record of who did what; written by every use case that changes something."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from conference.roles import Actor
from storage.tables import AuditEntry


def record(
    session: AsyncSession,
    actor: Actor | None,
    action: str,
    subject: tuple[str, object],
    *,
    now: datetime,
    **detail: Any,
) -> None:
    """Add an audit entry; `detail` holds ids and codes, never words."""
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id if actor is not None else None,
            action=action,
            subject_kind=subject[0],
            subject_id=str(subject[1]),
            detail=detail,
        )
    )
