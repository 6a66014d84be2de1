"""A database in the middle of a large conference: written in bulk, as nobody could wait for it."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    String,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ClauseElement
from sqlmodel import SQLModel, col

from benchmarks.bots import BOT_ID
from bot.clock import Clock
from conference.opening import load_plan_into
from conference.roles import CONSENT_VERSION
from config.plan import ConferencePlan
from storage.database import Database
from storage.migrating import migrate
from storage.tables import (
    AgeBand,
    AuditEntry,
    ChatState,
    ConferenceRecord,
    DatabaseKind,
    InboxState,
    InboxUpdate,
    Lane,
    OutboxMessage,
    OutboxState,
    Person,
    Question,
    QuestionState,
)

_FIRST_NUMBER = 10_000
_N = column("n", BigInteger)
FIRST_CHAT = 8_000_000_000
"""The people's chats are the numbers from here on."""
WORDS = (
    "Đường trước cổng trường em ngập mỗi khi mưa lớn, xe cộ đi lại rất khó khăn và nguy hiểm cho "
    "các bạn nhỏ. Bao giờ thì phường có kế hoạch sửa chữa hệ thống thoát nước ạ? Số "
)


def chats(people: int) -> range:
    """The chats of so many seeded people."""
    return range(FIRST_CHAT + 1, FIRST_CHAT + people + 1)


async def seed(
    address: str, plan: ConferencePlan, *, people: int, questions: int, clock: Clock | None = None
) -> float:
    """Fill a new database with people who have asked, and all that this leaves; the seconds.

    With every person their chat's state and an announcement sent; with every question its entry in
    the audit; and the last two days' updates and replies, one of each for two questions.
    """
    began = time.perf_counter()
    clock = clock or Clock()
    now = clock()
    database = Database(address)
    await migrate(database)
    async with database.transaction() as session:
        await load_plan_into(
            session, plan, kind=DatabaseKind.live, now=now, clock_offset=clock.offset
        )
        await session.execute(
            update(ConferenceRecord).values(last_number=_FIRST_NUMBER + questions)
        )

        async def fill(table: type[SQLModel], count: int, **columns: Any) -> None:
            """So many rows; `columns` are values, or expressions over `_N`."""
            await _fill(session, table, count, columns)

        await fill(
            Person,
            people,
            channel="telegram",
            external_id=_text(FIRST_CHAT + _N),
            language="vi",
            age_band=AgeBand.from_18_to_30,
            consent_version=CONSENT_VERSION,
            consented_at=plan.moment("asking_opens"),
            unit_code=_one_of([unit.code for unit in plan.units]),
            created_at=plan.moment("asking_opens"),
        )
        someone = select(func.min(col(Person.id))).scalar_subquery() + _N % max(people, 1)
        await fill(
            Question,
            questions,
            code=literal(f"{plan.conference.code}-") + _text(_FIRST_NUMBER + _N),
            author_id=someone,
            unit_code=_one_of([unit.code for unit in plan.units]),
            topic_code=_one_of([topic.code for topic in plan.topics]),
            text=literal(WORDS) + _text(_N),
            fingerprint=literal("seeded ") + _text(_N),
            state=QuestionState.submitted,
            is_addendum=False,
            submitted_at=now,
        )
        await fill(
            AuditEntry,
            questions,
            at=now,
            actor_id=someone,
            action="question.submitted",
            subject_kind="question",
            subject_id=_text(_N),
            detail={},
        )
        await fill(
            ChatState,
            people,
            bot_id=BOT_ID,
            chat_id=_text(FIRST_CHAT + _N),
            user_id=_text(FIRST_CHAT + _N),
            content={"last_code": f"{plan.conference.code}-10000", "screen": 1_000_000_000},
            begun_at=now,
            changed_at=now,
        )
        sent: dict[str, Any] = {
            "bot_id": BOT_ID,
            "channel": "telegram",
            "chat_id": _text(FIRST_CHAT + 1 + _N % max(people, 1)),
            "content": {},
            "state": OutboxState.sent,
            "attempts": 1,
            "created_at": now,
            "sent_at": now,
            "message_id": _N,
            "forget": False,
        }
        await fill(
            OutboxMessage,
            people,
            lane=Lane.paced,
            key=literal("broadcast:0:") + _text(_N),
            recipient_id=someone,
            kind="broadcast",
            **sent,
        )
        await fill(
            OutboxMessage,
            questions // 2,
            lane=Lane.reply,
            kind="sendMessage",
            slot=-1_000_000 - _N,
            **sent,
        )
        await fill(
            InboxUpdate,
            questions // 2,
            bot_id=BOT_ID,
            update_id=_N,
            chat_key=literal(f"{BOT_ID}:") + _text(FIRST_CHAT + 1 + _N % max(people, 1)),
            state=InboxState.done,
            received_at=now,
            attempts=0,
        )
    await _settle(database)
    await database.close()
    return time.perf_counter() - began


async def _fill(
    session: AsyncSession, table: type[SQLModel], count: int, columns: dict[str, Any]
) -> None:
    if not count:
        return
    series = select(literal(1, BigInteger).label("n")).cte("series", recursive=True)
    series = series.union_all(select(series.c.n + 1).where(series.c.n < count))
    types = table.__table__.c  # type: ignore[attr-defined]
    values = [
        value if isinstance(value, ClauseElement) else literal(value, types[name].type)
        for name, value in columns.items()
    ]
    rows = select(*values).select_from(series).order_by(_N)
    await session.execute(insert(table).from_select(list(columns), rows, include_defaults=False))


def _text(number: Any) -> Any:
    return cast(number, String)


def _one_of(codes: Sequence[str]) -> Any:
    return case(dict(enumerate(codes)), value=_N % len(codes))


async def _settle(database: Database) -> None:
    """What a database that has grown over weeks has behind it: a short log, and statistics."""
    await database.forget_traces()
    if not database.is_sqlite:
        async with database.transaction() as session:
            await session.execute(text("ANALYZE"))
