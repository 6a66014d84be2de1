"""Asking for slow work: a row that the turn commits, done later by a worker."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from conference.auditing import record
from conference.roles import Actor
from storage.news import News, announce
from storage.tables import Job


async def ask_for_job(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: str,
    bot_id: str,
    chat_id: str,
    language: str,
    status_slot: int | None,
    now: datetime,
    **parameters: Any,
) -> Job:
    """Queue a job whose file goes to `chat_id`; message `status_slot` shows its progress."""
    job = Job(
        kind=kind,
        parameters=parameters,
        bot_id=bot_id,
        chat_id=chat_id,
        language=language,
        status_slot=status_slot,
        created_at=now,
    )
    session.add(job)
    await session.flush()
    announce(session, News.job)
    record(session, actor, f"job.{kind}", ("job", job.id), now=now)
    return job
