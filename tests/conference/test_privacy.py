"""Forgetting: what is erased, what stays without a link, and what nobody can do too early."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.errors import NotAllowedError
from conference.joining import actor_of, give_consent
from conference.opening import load_plan_into
from conference.privacy import (
    UNCONSENTED_LIFE,
    erase_identities,
    erase_person,
    forget_stranger,
    sweep_unconsented,
    what_is_kept,
)
from conference.roles import Actor
from config.plan import load_plan
from storage.database import Database
from storage.tables import (
    ChatState,
    DatabaseKind,
    InboxState,
    InboxUpdate,
    Lane,
    OutboxMessage,
    OutboxState,
    Person,
    Question,
    QuestionState,
    Role,
    RoleGrant,
)
from tests.chat import IN_THE_ASKING_WINDOW, PLAN_FILE

PLAN = load_plan(PLAN_FILE)
NOW = IN_THE_ASKING_WINDOW
OVER = PLAN.moment("conference_opens") + timedelta(days=180)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """A transaction over a database with the plan of 2022 in it."""
    async with database.transaction() as session:
        await load_plan_into(session, PLAN, kind=DatabaseKind.live, now=NOW)
        yield session


async def someone(session: AsyncSession, account: str, role: Role | None = None) -> Actor:
    """A person who has said yes, with a role if one is given."""
    actor = await give_consent(session, Actor("telegram", account), language="vi", now=NOW)
    if role is not None:
        session.add(RoleGrant(person_id=actor.person_id or 0, role=role, granted_at=NOW))
        await session.flush()
    return await actor_of(session, "telegram", account)


def question(number: int, author: Actor, state: QuestionState) -> Question:
    return Question(
        code=f"HB22-{number:04d}",
        author_id=author.person_id,
        unit_code="so-dau",
        topic_code="other",
        text=f"Câu {number}, gọi em số 0912345678",
        fingerprint=str(number),
        state=state,
        submitted_at=NOW,
    )


def chat_rows(account: str) -> list[object]:
    """What a chat leaves behind in the machinery."""
    return [
        ChatState(
            bot_id="42", chat_id=account, user_id=account, begun_at=NOW, changed_at=NOW,
            content={"draft": {"parts": [[1, f"words of {account}"]]}},
        ),
        OutboxMessage(
            lane=Lane.reply, bot_id="42", chat_id=account, kind="sendMessage",
            content={"text": f"words of {account}"}, state=OutboxState.due, created_at=NOW,
        ),
        InboxUpdate(
            bot_id="42", update_id=int(account), chat_key=f"42:{account}", received_at=NOW,
            body={"message": {"text": f"words of {account}"}}, state=InboxState.set_aside,
        ),
    ]  # fmt: skip


async def accounts_left(session: AsyncSession) -> dict[str, set[str]]:
    return {
        "chat_state": set(await session.scalars(select(col(ChatState.user_id)))),
        "outbox": set(await session.scalars(select(col(OutboxMessage.chat_id)))),
        "inbox": {
            key.partition(":")[2]
            for key in await session.scalars(
                select(col(InboxUpdate.chat_key)).where(col(InboxUpdate.body).is_not(None))
            )
        },
    }


async def test_only_what_was_handed_up_stays_and_it_stays_without_a_link(
    session: AsyncSession,
) -> None:
    actor = await someone(session, "71")
    other = await someone(session, "72")
    states = list(QuestionState)
    session.add_all([question(at, actor, state) for at, state in enumerate(states, start=1)])
    session.add(question(9, other, QuestionState.submitted))
    session.add_all([*chat_rows("71"), *chat_rows("72"), *chat_rows("171")])
    await session.flush()

    erased = await erase_person(session, actor, now=NOW)

    assert (erased.deleted, erased.kept_without_link) == (len(states) - 1, 1)
    left = list(await session.scalars(select(Question).order_by(col(Question.id))))
    assert [(one.state, one.author_id, one.fingerprint, one.text) for one in left] == [
        (QuestionState.reported, None, None, "Câu 3, gọi em số ☎●●●●●●"),
        (QuestionState.submitted, other.person_id, "9", "Câu 9, gọi em số 0912345678"),
    ]
    assert await accounts_left(session) == {
        "chat_state": {"72", "171"},
        "outbox": {"72", "171"},
        "inbox": {"72", "171"},
    }
    assert await what_is_kept(session, await actor_of(session, "telegram", "71")) is None


async def test_a_stranger_is_forgotten_and_someone_with_a_role_is_not(
    session: AsyncSession,
) -> None:
    organiser = await someone(session, "90", Role.organiser)
    session.add_all([*chat_rows("71"), *chat_rows("90")])
    await session.flush()

    await forget_stranger(session, Actor("telegram", "71"))
    await forget_stranger(session, organiser)

    assert await accounts_left(session) == {
        "chat_state": {"90"},
        "outbox": {"90"},
        "inbox": {"90"},
    }
    assert await what_is_kept(session, organiser) is not None


async def test_a_sweep_takes_the_words_of_strangers_a_day_old_and_nobody_elses(
    session: AsyncSession,
) -> None:
    await someone(session, "72")
    session.add_all([*chat_rows("71"), *chat_rows("72")])
    await session.flush()

    assert await sweep_unconsented(session, now=NOW + UNCONSENTED_LIFE) == 0
    assert await sweep_unconsented(session, now=NOW + UNCONSENTED_LIFE + timedelta(seconds=1)) == 1

    left = await accounts_left(session)
    assert (left["chat_state"], left["inbox"]) == ({"72"}, {"72"})


async def test_identities_go_by_an_organisers_word_and_roles_stay(session: AsyncSession) -> None:
    organiser = await someone(session, "90", Role.organiser)
    member = await someone(session, "71")
    session.add_all([question(1, member, QuestionState.reported), *chat_rows("71")])
    session.add_all([question(2, organiser, QuestionState.submitted), *chat_rows("90")])
    await session.flush()

    assert await erase_identities(session, organiser, plan=PLAN, now=OVER) == 1

    left = list(await session.scalars(select(Question).order_by(col(Question.id))))
    assert [(one.author_id, one.text) for one in left] == [
        (None, "Câu 1, gọi em số ☎●●●●●●"),
        (None, "Câu 2, gọi em số ☎●●●●●●"),
    ]
    assert set(await session.scalars(select(col(Person.external_id)))) == {"90"}
    assert (await accounts_left(session))["chat_state"] == {"90"}


@pytest.mark.parametrize(
    ("role", "early"),
    [
        (None, timedelta()),
        (Role.duty_officer, timedelta()),
        (Role.organiser, timedelta(seconds=1)),
    ],
)
async def test_nobody_else_erases_identities_and_nobody_too_early(
    session: AsyncSession, role: Role | None, early: timedelta
) -> None:
    actor = await someone(session, "90", role)

    with pytest.raises(NotAllowedError):
        await erase_identities(session, actor, plan=PLAN, now=OVER - early)
