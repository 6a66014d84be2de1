"""Telling the organisers what needs a person: once a day and kind, with what came since."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from config.plan import ConferencePlan
from storage.alerts import count_set_aside, count_uncertain, last_told
from storage.paced import Paced, write_each
from storage.people import holders_of
from storage.tables import Person, Role

ALERT = "alert-"
"""How the kinds begin."""
SET_ASIDE = "alert-set-aside"
UNCERTAIN = "alert-uncertain"
LOW_SPACE = "alert-low-space"
HALTED = "alert-halted"
"""Said by the reply lane: what it tells of is that the paced one stands still."""


async def count_of(session: AsyncSession, kind: str, since: datetime | None) -> int:
    """How much there is that an alert of this kind tells of, since a moment."""
    if kind == SET_ASIDE:
        return await count_set_aside(session, since)
    return await count_uncertain(session, since, ALERT)


async def tell_organisers(
    session: AsyncSession, plan: ConferencePlan, *, free_megabytes: int | None, now: datetime
) -> bool:
    """Write down what has come to need a person since they were last told of its kind.

    Args:
        session: the caller's transaction.
        plan: whose zone says when a day begins.
        free_megabytes: what is left where the data lies, if that is little.
        now: the present moment.

    Returns:
        Whether anything was written.
    """
    organisers = await holders_of(session, Role.organiser)
    is_told = False
    for kind in (SET_ASIDE, UNCERTAIN):
        since = await last_told(session, kind)
        if await count_of(session, kind, since):
            content = {"since": since.isoformat() if since else None}
            is_told |= await _write(session, plan, organisers, kind, content, now)
    if free_megabytes is not None:
        content = {"free": str(free_megabytes)}
        is_told |= await _write(session, plan, organisers, LOW_SPACE, content, now)
    return is_told


async def _write(
    session: AsyncSession,
    plan: ConferencePlan,
    organisers: Sequence[Person],
    kind: str,
    content: dict[str, str | None],
    now: datetime,
) -> bool:
    key = key_of_day(kind, plan, now)
    messages = [Paced(organiser, key, content) for organiser in organisers]
    return bool(await write_each(session, kind, messages, now=now))


def key_of_day(kind: str, plan: ConferencePlan, now: datetime) -> str:
    """What makes an alert possible once a day: its kind and the day at the conference's place."""
    return f"{kind}:{now.astimezone(plan.zone).date().isoformat()}"
