"""How people come in: consent, age band, and roles by one-time link or setting."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.auditing import record
from conference.errors import InviteInvalidError
from conference.roles import CONSENT_VERSION, Actor, require_consent
from storage.people import grants_of, invite_for, person_of, take_invite
from storage.tables import AgeBand, Invite, Person, Role, RoleGrant

INVITE_LIFE = timedelta(hours=72)


async def actor_of(session: AsyncSession, channel: str, external_id: str) -> Actor:
    """Who is acting, with the roles held at this moment."""
    person = await person_of(session, channel, external_id)
    if person is None or person.id is None:
        return Actor(channel, external_id)
    grants = await grants_of(session, person.id)
    return Actor(
        channel,
        external_id,
        person,
        frozenset(grant.role for grant in grants),
        frozenset(
            grant.unit_code
            for grant in grants
            if grant.role is Role.unit_lead and grant.unit_code is not None
        ),
    )


async def give_consent(
    session: AsyncSession, actor: Actor, *, language: str, now: datetime
) -> Actor:
    """Keep a person's yes: the text's version and the moment, nothing else.

    Until then there is no row (Luật 91/2025 art. 9, 11.1: before collection, silence is no yes).
    """
    person = actor.person or Person(
        channel=actor.channel, external_id=actor.external_id, language=language, created_at=now
    )
    person.consent_version = CONSENT_VERSION
    person.consented_at = now
    session.add(person)
    await session.flush()
    joined = replace(actor, person=person)
    record(
        session, joined, "consent.given", ("person", person.id), now=now, version=CONSENT_VERSION
    )
    return joined


async def set_age_band(session: AsyncSession, actor: Actor, *, age_band: AgeBand) -> None:
    """Remember the age band of someone who has said yes."""
    person = require_consent(actor)
    person.age_band = age_band
    session.add(person)
    await session.flush()


async def set_language(session: AsyncSession, actor: Actor, *, language: str) -> None:
    """Remember the language of a person who is known; others have it in their chat state."""
    if actor.person is not None:
        actor.person.language = language
        session.add(actor.person)
        await session.flush()


def token_hash(token: str) -> str:
    """What of an invitation's token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


async def create_invite(
    session: AsyncSession,
    actor: Actor | None,
    *,
    role: Role,
    unit_code: str | None = None,
    now: datetime,
) -> str:
    """Make a one-time link's token (256 random bits); only its hash is kept."""
    token = secrets.token_urlsafe(32)
    invite = Invite(
        token_hash=token_hash(token),
        role=role,
        unit_code=unit_code,
        created_at=now,
        created_by=actor.person_id if actor is not None else None,
        expires_at=now + INVITE_LIFE,
    )
    session.add(invite)
    await session.flush()
    record(session, actor, "invite.created", ("invite", invite.id), now=now, role=role.value)
    return token


def holds(actor: Actor, invite: Invite) -> bool:
    """Whether a person has already what a link gives."""
    if invite.unit_code is not None:
        return invite.unit_code in actor.led_units
    return invite.role in actor.roles


async def invitation(session: AsyncSession, actor: Actor, *, token: str, now: datetime) -> Invite:
    """What a link would give, without using it; whoever has taken it may look once more.

    Raises:
        InviteInvalidError: used, expired, revoked or made up; they are not told apart.
    """
    invite = await invite_for(session, token_hash(token), actor.person_id, now)
    if invite is None or (invite.used_at is not None and not holds(actor, invite)):
        raise InviteInvalidError
    return invite


async def accept_invite(
    session: AsyncSession, actor: Actor, *, token: str, language: str, now: datetime
) -> tuple[Actor, Invite]:
    """Take the role that a link gives. Whoever has it already does not use the link up.

    Raises:
        InviteInvalidError: used, expired, revoked or made up; they are not told apart.
    """
    known = await invite_for(session, token_hash(token), actor.person_id, now)
    if known is not None and holds(actor, known):
        return actor, known
    person = actor.person or Person(
        channel=actor.channel, external_id=actor.external_id, language=language, created_at=now
    )
    session.add(person)
    await session.flush()
    assert person.id is not None  # noqa: S101  it has just been stored
    invite = await take_invite(session, token_hash(token), person.id, now)
    if invite is None:
        raise InviteInvalidError
    session.add(
        RoleGrant(
            person_id=person.id,
            role=invite.role,
            unit_code=invite.unit_code,
            granted_at=now,
            granted_by=invite.created_by,
        )
    )
    await session.flush()
    holder = await actor_of(session, actor.channel, actor.external_id)
    record(
        session,
        holder,
        "role.granted",
        ("person", person.id),
        now=now,
        role=invite.role.value,
        unit=invite.unit_code,
    )
    return holder, invite


async def set_organisers(
    session: AsyncSession, channel: str, external_ids: Collection[str], *, now: datetime
) -> None:
    """Make the organisers that the settings name exactly those whom the settings name.

    Organisers by link are left alone.
    """
    wanted = set(external_ids)
    held = {
        person.external_id: grant
        for grant, person in (
            await session.execute(
                select(RoleGrant, Person)
                .join(Person, col(Person.id) == col(RoleGrant.person_id))
                .where(
                    col(RoleGrant.role) == Role.organiser,
                    col(RoleGrant.revoked_at).is_(None),
                    col(RoleGrant.by_settings).is_(True),
                    col(Person.channel) == channel,
                )
            )
        ).all()
    }
    for external_id in sorted(held.keys() - wanted):
        held[external_id].revoked_at = now
        session.add(held[external_id])
    for external_id in sorted(wanted - held.keys()):
        person = await person_of(session, channel, external_id)
        if person is None:
            person = Person(channel=channel, external_id=external_id, created_at=now)
            session.add(person)
            await session.flush()
        assert person.id is not None  # noqa: S101  it has just been stored
        session.add(
            RoleGrant(person_id=person.id, role=Role.organiser, granted_at=now, by_settings=True)
        )
    await session.flush()
