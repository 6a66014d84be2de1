"""What is kept about a person, forgetting it on request, and forgetting everyone in the end.

Rights: Luật 91/2025/QH15 art. 4.1 (view, copy, delete), art. 14.1 (deletion when the purpose is
done). Questions already handed up stay without any link to who asked (art. 2.11: de-identified).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.auditing import record
from conference.errors import NotAllowedError
from conference.masking import mask
from conference.notifying import notify
from conference.opening import conference_record
from conference.roles import Actor, Permission, require
from config.plan import ConferencePlan
from storage.news import News, announce
from storage.people import forget_chat, grants_of, holders_of
from storage.questions import questions_of
from storage.tables import (
    AuditEntry,
    ChatState,
    InboxState,
    InboxUpdate,
    Person,
    Question,
    QuestionState,
    Role,
    RoleGrant,
)

UNCONSENTED_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything kept about one person."""

    person: Person
    roles: Sequence[RoleGrant]
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did."""

    deleted: int
    kept_without_link: int


async def what_is_kept(session: AsyncSession, actor: Actor) -> Kept | None:
    """Everything kept about the actor, or None for someone who has no row."""
    person = actor.person
    if person is None or person.id is None:
        return None
    return Kept(
        person, await grants_of(session, person.id), await questions_of(session, person.id)
    )


async def erase_person(session: AsyncSession, actor: Actor, *, now: datetime) -> Erased:
    """Forget the actor at once: the row, questions not handed up, chat state, stored updates.

    Questions handed up stay, masked and without any link.
    """
    erased = Erased(0, 0)
    if actor.person is not None:
        erased = await _erase(session, actor.person)
        record(session, None, "person.erased", ("person", ""), now=now)
    await forget_chat(session, actor.external_id)
    await session.flush()
    return erased


async def forget_stranger(session: AsyncSession, actor: Actor) -> None:
    """After a "no" to the consent text: nothing is left of what the chat brought.

    Someone who is known for a role keeps it: the no is to asking only.
    """
    if actor.person is None:
        await forget_chat(session, actor.external_id)
        await session.flush()


async def _erase(session: AsyncSession, person: Person) -> Erased:
    assert person.id is not None  # noqa: S101  a stored row has its id
    kept = 0
    deleted = 0
    for question in await questions_of(session, person.id):
        if question.state is QuestionState.reported:
            kept += 1
            question.author_id = None
            question.fingerprint = None
            question.text = mask(question.text)
            session.add(question)
        else:
            deleted += 1
            # A row's number may be given again, and a history must not pass to another's question.
            await session.execute(
                delete(AuditEntry).where(
                    col(AuditEntry.subject_kind) == "question",
                    col(AuditEntry.subject_id) == str(question.id),
                )
            )
            await session.delete(question)
    await session.flush()
    await session.execute(delete(Person).where(col(Person.id) == person.id))
    session.expunge(person)
    return Erased(deleted, kept)


async def sweep_unconsented(session: AsyncSession, *, now: datetime) -> int:
    """Remove what people wrote without ever saying yes, 24 hours after they began.

    That is in the chat state, and in updates set aside because no turn could handle them.
    """
    known = select(col(Person.external_id)).where(col(Person.consented_at).is_not(None))
    await session.execute(
        update(InboxUpdate)
        .where(
            col(InboxUpdate.state) == InboxState.set_aside,
            col(InboxUpdate.received_at) < now - UNCONSENTED_LIFE,
            col(InboxUpdate.chat_key).not_in(
                select(col(InboxUpdate.bot_id) + ":" + col(Person.external_id)).where(
                    col(Person.consented_at).is_not(None)
                )
            ),
        )
        .values(body=None, chat_key="")
    )
    swept = await session.scalars(
        delete(ChatState)
        .where(
            col(ChatState.begun_at) < now - UNCONSENTED_LIFE,
            col(ChatState.user_id).not_in(known),
        )
        .returning(col(ChatState.chat_id))
    )
    return len(swept.all())


async def announce_retention(
    session: AsyncSession, plan: ConferencePlan, *, now: datetime
) -> bool:
    """Once the retention period is over, ask the organisers to confirm; erases nothing itself."""
    conference = await conference_record(session)
    if (
        conference is None
        or conference.identities_erased_at is not None
        or not retention_is_over(plan, now)
    ):
        return False
    for organiser in await holders_of(session, Role.organiser):
        await notify(
            session, organiser, "retention-over", key=f"retention:{conference.code}", now=now
        )
    return True


async def is_retention_open(
    session: AsyncSession, actor: Actor, plan: ConferencePlan, now: datetime
) -> bool:
    """Whether this person is to confirm that identities go, and nobody has yet."""
    if not actor.may(Permission.identities_erase) or not retention_is_over(plan, now):
        return False
    conference = await conference_record(session)
    return conference is not None and conference.identities_erased_at is None


def retention_is_over(plan: ConferencePlan, now: datetime) -> bool:
    """Whether the plan's retention period after the conference has passed."""
    end = plan.moment("conference_opens") + timedelta(days=plan.collection.retention_days)
    return now >= end


async def erase_identities(
    session: AsyncSession, actor: Actor, *, plan: ConferencePlan, now: datetime
) -> int:
    """After the retention period, by an organiser's word: the questions stay, all links go.

    People who hold a role stay known. Returns how many people were forgotten.

    Raises:
        NotAllowedError: not an organiser, or the retention period is not over.
    """
    require(actor, Permission.identities_erase)
    if not retention_is_over(plan, now):
        raise NotAllowedError(permission=Permission.identities_erase.value)
    announce(session, News.erased)
    holders = select(col(RoleGrant.person_id)).where(col(RoleGrant.revoked_at).is_(None))
    for question in await session.scalars(
        select(Question).where(col(Question.author_id).is_not(None))
    ):
        question.text = mask(question.text)
        question.author_id = None
        question.fingerprint = None
        session.add(question)
    await session.flush()
    gone = (
        await session.scalars(
            delete(Person).where(col(Person.id).not_in(holders)).returning(col(Person.external_id))
        )
    ).all()
    for external_id in gone:
        await forget_chat(session, external_id)
    conference = await conference_record(session)
    if conference is not None:
        conference.identities_erased_at = now
        session.add(conference)
    record(session, actor, "identities.erased", ("conference", ""), now=now, people=len(gone))
    await session.flush()
    return len(gone)


async def set_unreachable(
    session: AsyncSession, actor: Actor, *, is_blocked: bool, now: datetime
) -> None:
    """Remember that a person has blocked the bot, or has come back."""
    if actor.person_id is not None:
        await session.execute(
            update(Person)
            .where(col(Person.id) == actor.person_id)
            .values(unreachable_at=now if is_blocked else None)
        )
