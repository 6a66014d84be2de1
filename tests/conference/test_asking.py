"""The rules of asking, without a chat: who may, what fits, what is the same, what can change."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from conference.asking import (
    edit_question,
    fingerprint,
    left_today,
    own_question,
    own_questions,
    shows_danger,
    submit_question,
    text_fault,
    withdraw_question,
)
from conference.errors import (
    AskingClosedError,
    ChoiceGoneError,
    ConsentMissingError,
    DailyLimitError,
    QuestionFixedError,
    QuestionUnknownError,
    TextUnfitError,
)
from conference.joining import give_consent
from conference.opening import load_plan_into
from conference.roles import Actor
from conference.vietnamese import clean, fold
from config.plan import load_plan
from storage.database import Database
from storage.tables import DatabaseKind, QuestionState, Unit
from tests.chat import IN_THE_ASKING_WINDOW, PLAN_FILE

PLAN = load_plan(PLAN_FILE)
NOW = IN_THE_ASKING_WINDOW
WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"
STRANGER = Actor("telegram", "71")


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """A transaction over a database with the plan of 2022 in it."""
    async with database.transaction() as session:
        await load_plan_into(session, PLAN, kind=DatabaseKind.live, now=NOW)
        yield session


@pytest.fixture
async def actor(session: AsyncSession) -> Actor:
    """Someone who has said yes."""
    return await give_consent(session, STRANGER, language="vi", now=NOW)


async def ask(session: AsyncSession, actor: Actor, text: str = WORDS, **changed: object) -> str:
    arguments = {"unit_code": "so-dau", "topic_code": "other", "now": NOW} | changed
    receipt = await submit_question(session, actor, plan=PLAN, text=text, **arguments)  # type: ignore[arg-type]
    return receipt.question.code


async def test_nobody_asks_without_a_yes(session: AsyncSession) -> None:
    with pytest.raises(ConsentMissingError):
        await ask(session, STRANGER)


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        (datetime(2022, 5, 5, 0, 59, 59, tzinfo=UTC), "not_open"),
        (datetime(2022, 5, 26, 1, tzinfo=UTC), "closed"),
    ],
)
async def test_nobody_asks_before_the_opening_and_after_the_conference_has_begun(
    session: AsyncSession, actor: Actor, moment: datetime, phase: str
) -> None:
    with pytest.raises(AskingClosedError) as refused:
        await ask(session, actor, now=moment)

    assert refused.value.details == {"phase": phase}


async def test_what_the_plan_does_not_have_or_has_closed_cannot_be_chosen(
    session: AsyncSession, actor: Actor
) -> None:
    unit = await session.get_one(Unit, "ha-ly")
    unit.closed_at = NOW
    await session.flush()

    for choice in ({"unit_code": "x"}, {"topic_code": "x"}, {"unit_code": "ha-ly"}):
        with pytest.raises(ChoiceGoneError):
            await ask(session, actor, **choice)
    assert await own_questions(session, actor) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no-words"),
        ("1 2 3 a b c 4 5 6 d e f", "no-words"),
        ("👍" * 20, "no-words"),
        ("\u200b" * 50 + "ngắn", "too-short"),
        ("mười bốn ký tự", "too-short"),
        ("mười lăm ký tự.", None),
        ("ă" * 2000, None),
        ("ă" * 2001, "too-long"),
    ],
)
async def test_words_must_fit_the_plan(
    session: AsyncSession, actor: Actor, text: str, fault: str | None
) -> None:
    assert text_fault(text, PLAN) == fault
    if fault is None:
        assert await ask(session, actor, text) == "HB22-0001"
        return
    with pytest.raises(TextUnfitError) as refused:
        await ask(session, actor, text)

    assert refused.value.details == {
        "fault": fault,
        "length": len(clean(text)),
        "minimum": 15,
        "maximum": 2000,
    }


async def test_the_limit_counts_the_conferences_own_day(
    session: AsyncSession, actor: Actor
) -> None:
    before_midnight = datetime(2022, 5, 10, 16, 59, 59, tzinfo=UTC)
    for number in range(10):
        await ask(session, actor, f"{WORDS} {number}", now=before_midnight)
    assert await left_today(session, actor, PLAN, before_midnight) == 0
    with pytest.raises(DailyLimitError):
        await ask(session, actor, f"{WORDS} 10", now=before_midnight)

    after_midnight = before_midnight + timedelta(seconds=1)

    assert await left_today(session, actor, PLAN, after_midnight) == 10
    assert await ask(session, actor, f"{WORDS} 10", now=after_midnight) == "HB22-0011"


async def test_the_same_words_have_their_receipt_even_when_the_day_is_used_up(
    session: AsyncSession, actor: Actor
) -> None:
    for number in range(10):
        await ask(session, actor, f"{WORDS} {number}")

    receipt = await submit_question(
        session, actor, plan=PLAN, unit_code="ha-ly", topic_code="other",
        text=f"{WORDS} 3", now=NOW,
    )  # fmt: skip

    assert (receipt.question.code, receipt.is_repeat, receipt.left_today) == (
        "HB22-0004",
        True,
        0,
    )


async def test_numbers_grow_beyond_four_digits(session: AsyncSession, actor: Actor) -> None:
    conference = await load_plan_into(session, PLAN, kind=DatabaseKind.live, now=NOW)
    conference.last_number = 9999
    await session.flush()

    assert await ask(session, actor) == "HB22-10000"


async def test_another_persons_question_is_an_unknown_one(
    session: AsyncSession, actor: Actor
) -> None:
    code = await ask(session, actor)
    other = await give_consent(session, Actor("telegram", "72"), language="vi", now=NOW)

    for who in (other, STRANGER):
        for wanted in (code, "HB22-0002", "", "x"):
            with pytest.raises(QuestionUnknownError) as refused:
                await own_question(session, who, code=wanted)
            assert refused.value.details == {}


async def test_withdrawing_twice_is_one_withdrawal_and_frees_the_words(
    session: AsyncSession, actor: Actor
) -> None:
    code = await ask(session, actor)
    for _ in range(2):
        question = await withdraw_question(session, actor, code=code, now=NOW)

    own = await own_question(session, actor, code=code)
    assert question.state is QuestionState.withdrawn
    assert own.can_edit is False
    assert [entry.action for entry in own.history] == ["question.submitted", "question.withdrawn"]
    assert await ask(session, actor) == "HB22-0002"


async def test_nothing_can_be_changed_once_the_unit_has_reported(
    session: AsyncSession, actor: Actor
) -> None:
    code = await ask(session, actor)
    question = (await own_question(session, actor, code=code)).question
    question.state = QuestionState.reported
    await session.flush()

    with pytest.raises(QuestionFixedError):
        await edit_question(session, actor, plan=PLAN, code=code, text=f"{WORDS} Mới", now=NOW)
    with pytest.raises(QuestionFixedError):
        await withdraw_question(session, actor, code=code, now=NOW)
    own = await own_question(session, actor, code=code)
    assert (own.question.text, own.question.state) == (WORDS, QuestionState.reported)


async def test_an_edit_to_the_same_words_is_no_edit(session: AsyncSession, actor: Actor) -> None:
    code = await ask(session, actor)

    await edit_question(session, actor, plan=PLAN, code=code, text=f"  {WORDS} ", now=NOW)

    own = await own_question(session, actor, code=code)
    assert own.question.edited_at is None
    assert [entry.action for entry in own.history] == ["question.submitted"]


async def test_an_edit_of_marks_only_is_one(session: AsyncSession, actor: Actor) -> None:
    code = await ask(session, actor)
    plain = "Khu pho em bao gio co san bong ro a?"

    question = await edit_question(session, actor, plan=PLAN, code=code, text=plain, now=NOW)

    assert (question.text, question.edited_at) == (plain, NOW)


@pytest.mark.parametrize("text", ["em muốn\nchết", "em\nmuốn chết"])
def test_a_sign_of_danger_over_two_lines_is_seen(text: str) -> None:
    assert shows_danger(text) is True


def test_an_ordinary_question_shows_no_danger() -> None:
    assert shows_danger(WORDS) is False


@given(st.text())
def test_a_fingerprint_is_of_the_folded_words(text: str) -> None:
    assert fingerprint(text) == fingerprint(fold(text))
    assert fingerprint(text) == fingerprint(f"  {text}\n")
    assert len(fingerprint(text)) == 64


async def test_a_sign_of_danger_is_taken_and_held_even_when_the_day_is_used_up(
    session: AsyncSession, actor: Actor
) -> None:
    for number in range(10):
        await ask(session, actor, f"{WORDS} {number}")

    receipt = await submit_question(
        session, actor, plan=PLAN, unit_code="ha-ly", topic_code="other",
        text="Em không muốn sống nữa, em phải nói với ai bây giờ ạ?", now=NOW,
    )  # fmt: skip

    assert (receipt.question.state, receipt.left_today) == (QuestionState.held, 0)
