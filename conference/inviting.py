"""The team: inviting people to roles, seeing who has one, and taking a role back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.auditing import record
from conference.errors import ChoiceGoneError, ConferenceError
from conference.joining import create_invite
from conference.roles import Actor, Permission, require
from config.plan import ConferencePlan
from storage.tables import Invite, Person, Role, RoleGrant

INVITABLE = (Role.organiser, Role.unit_lead, Role.duty_officer)
"""The roles that have commands so far."""


class OwnRoleError(ConferenceError):
    """Nobody takes their own organiser's role away: somebody must be left who can give it back."""

    code = "own-role"


class RoleBySettingsError(ConferenceError):
    """The settings name this organiser; only they can take the role away."""

    code = "role-by-settings"


@dataclass(frozen=True, slots=True)
class Membership:
    """One role held. People have no names here: a number tells two leads of a unit apart."""

    grant: RoleGrant
    is_self: bool
    is_reachable: bool


@dataclass(frozen=True, slots=True)
class Team:
    """Who has which role, which links are open, and which units have nobody yet."""

    memberships: Sequence[Membership]
    invites: Sequence[Invite]
    units_without_lead: Sequence[str]


async def invite_to(
    session: AsyncSession,
    actor: Actor,
    *,
    plan: ConferencePlan,
    role: Role,
    unit_code: str | None,
    now: datetime,
) -> str:
    """Make a one-time link's token for a role; a unit lead's names the unit.

    Raises:
        ChoiceGoneError: no such role to invite to, or no such unit.
    """
    require(actor, Permission.people_invite)
    if role not in INVITABLE or (role is Role.unit_lead) != (unit_code is not None):
        raise ChoiceGoneError
    if unit_code is not None and unit_code not in {unit.code for unit in plan.units}:
        raise ChoiceGoneError
    return await create_invite(session, actor, role=role, unit_code=unit_code, now=now)


async def team(
    session: AsyncSession, actor: Actor, *, plan: ConferencePlan, now: datetime
) -> Team:
    """The whole team, by role and unit in the plan's order."""
    require(actor, Permission.people_invite)
    order = {unit.code: at for at, unit in enumerate(plan.units)}
    rows = (
        await session.execute(
            select(RoleGrant, Person)
            .join(Person, col(Person.id) == col(RoleGrant.person_id))
            .where(col(RoleGrant.revoked_at).is_(None))
        )
    ).all()
    memberships = [
        Membership(grant, person.id == actor.person_id, person.unreachable_at is None)
        for grant, person in rows
    ]
    memberships.sort(
        key=lambda one: (
            one.grant.role.value,
            order.get(one.grant.unit_code or "", -1),
            one.grant.id or 0,
        )
    )
    invites = (
        await session.scalars(
            select(Invite)
            .where(
                col(Invite.used_at).is_(None),
                col(Invite.revoked_at).is_(None),
                col(Invite.expires_at) > now,
            )
            .order_by(col(Invite.id))
        )
    ).all()
    led = {one.grant.unit_code for one in memberships if one.grant.role is Role.unit_lead}
    return Team(memberships, invites, [code for code in order if code not in led])


async def revoke_role(
    session: AsyncSession, actor: Actor, *, grant_id: int, now: datetime
) -> tuple[RoleGrant, Person] | None:
    """Take a role back; None when it was gone already. Whoever held it is stopped at once.

    Raises:
        OwnRoleError: one's own organiser's role.
        RoleBySettingsError: an organiser whom `ORGANISER_IDS` names.
    """
    require(actor, Permission.people_invite)
    grant = await session.get(RoleGrant, grant_id)
    if grant is None or grant.revoked_at is not None:
        return None
    if grant.person_id == actor.person_id and grant.role is Role.organiser:
        raise OwnRoleError
    if grant.by_settings:
        raise RoleBySettingsError
    grant.revoked_at = now
    session.add(grant)
    record(
        session,
        actor,
        "role.revoked",
        ("person", grant.person_id),
        now=now,
        role=grant.role.value,
        unit=grant.unit_code,
    )
    await session.flush()
    return grant, await session.get_one(Person, grant.person_id)


async def revoke_invite(
    session: AsyncSession, actor: Actor, *, invite_id: int, now: datetime
) -> bool:
    """Make an open link useless. False: it was used, expired or revoked already."""
    require(actor, Permission.people_invite)
    revoked = await session.scalar(
        update(Invite)
        .where(
            col(Invite.id) == invite_id,
            col(Invite.used_at).is_(None),
            col(Invite.revoked_at).is_(None),
        )
        .values(revoked_at=now)
        .returning(col(Invite.id))
    )
    if revoked is not None:
        record(session, actor, "invite.revoked", ("invite", invite_id), now=now)
        await session.flush()
    return revoked is not None
