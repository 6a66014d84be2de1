"""Coming in: consent, age band, language, one-time links, organisers named by the settings."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.errors import ConsentMissingError, InviteInvalidError
from conference.joining import (
    INVITE_LIFE,
    accept_invite,
    actor_of,
    create_invite,
    give_consent,
    set_age_band,
    set_language,
    set_organisers,
)
from conference.opening import load_plan_into
from conference.roles import CONSENT_VERSION, Actor
from config.plan import load_plan
from storage.database import Database
from storage.tables import (
    AgeBand,
    AuditEntry,
    DatabaseKind,
    Invite,
    Person,
    Role,
    RoleGrant,
)
from tests.chat import IN_THE_ASKING_WINDOW, PLAN_FILE

NOW = IN_THE_ASKING_WINDOW
STRANGER = Actor("telegram", "71")


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """A transaction over a database with the plan of 2022 in it."""
    async with database.transaction() as session:
        await load_plan_into(session, load_plan(PLAN_FILE), kind=DatabaseKind.live, now=NOW)
        yield session


async def organisers(session: AsyncSession) -> set[str]:
    found = await session.scalars(
        select(col(Person.external_id)).where(
            col(Person.id).in_(
                select(col(RoleGrant.person_id)).where(col(RoleGrant.revoked_at).is_(None))
            )
        )
    )
    return set(found)


async def test_a_yes_is_the_first_row_and_holds_version_moment_and_language(
    session: AsyncSession,
) -> None:
    actor = await give_consent(session, STRANGER, language="en", now=NOW)

    [person] = await session.scalars(select(Person))
    assert (person.external_id, person.language, person.age_band) == ("71", "en", None)
    assert (person.consent_version, person.consented_at) == (CONSENT_VERSION, NOW)
    assert actor.has_consented
    [entry] = await session.scalars(select(AuditEntry))
    assert (entry.action, entry.detail) == ("consent.given", {"version": CONSENT_VERSION})


async def test_an_age_band_is_kept_of_whoever_has_said_yes_only(session: AsyncSession) -> None:
    with pytest.raises(ConsentMissingError):
        await set_age_band(session, STRANGER, age_band=AgeBand.under_16)

    await set_language(session, STRANGER, language="en")
    assert list(await session.scalars(select(Person))) == []
    actor = await give_consent(session, STRANGER, language="vi", now=NOW)
    await set_age_band(session, actor, age_band=AgeBand.under_16)
    await set_language(session, actor, language="en")

    again = await actor_of(session, "telegram", "71")
    assert again.is_under_16
    assert again.person is not None
    assert again.person.language == "en"


async def test_a_link_gives_its_role_once_and_only_its_hash_is_kept(
    session: AsyncSession,
) -> None:
    token = await create_invite(session, None, role=Role.organiser, now=NOW)
    [invite] = await session.scalars(select(Invite))
    assert invite.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert len(token) == 43

    holder, _ = await accept_invite(session, STRANGER, token=token, language="vi", now=NOW)

    assert holder.roles == {Role.organiser}
    assert holder.has_consented is False
    other = Actor("telegram", "72")
    with pytest.raises(InviteInvalidError):
        await accept_invite(session, other, token=token, language="vi", now=NOW)
    # A second press of the one who took it.
    again, _ = await accept_invite(session, holder, token=token, language="vi", now=NOW)
    assert again.roles == {Role.organiser}
    assert await organisers(session) == {"71"}


@pytest.mark.parametrize("fault", ["expired", "made up", "revoked"])
async def test_no_other_link_gives_anything(session: AsyncSession, fault: str) -> None:
    token = await create_invite(session, None, role=Role.organiser, now=NOW)
    moment = NOW
    if fault == "expired":
        moment += INVITE_LIFE
    elif fault == "revoked":
        [invite] = await session.scalars(select(Invite))
        invite.revoked_at = NOW
        await session.flush()
    else:
        token = token[::-1]

    with pytest.raises(InviteInvalidError) as refused:
        await accept_invite(session, STRANGER, token=token, language="vi", now=moment)

    assert refused.value.details == {}


async def test_organisers_are_those_whom_the_settings_name_and_those_by_link(
    session: AsyncSession,
) -> None:
    token = await create_invite(session, None, role=Role.organiser, now=NOW)
    await accept_invite(session, STRANGER, token=token, language="vi", now=NOW)

    await set_organisers(session, "telegram", ["90", "91"], now=NOW)
    assert await organisers(session) == {"71", "90", "91"}
    await set_organisers(session, "telegram", ["91"], now=NOW + timedelta(days=1))
    assert await organisers(session) == {"71", "91"}
    assert (await actor_of(session, "telegram", "90")).roles == frozenset()
    await set_organisers(session, "telegram", ["90", "91"], now=NOW + timedelta(days=2))

    assert await organisers(session) == {"71", "90", "91"}
    assert (await actor_of(session, "telegram", "90")).roles == {Role.organiser}
