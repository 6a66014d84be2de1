"""People of a conference for tests, put straight into the tables, and what was written to them."""

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.joining import actor_of
from conference.nudging import (
    begin_rounds,
    next_members,
    parts_still_true,
    plan_members,
    write_planned,
)
from conference.opening import load_plan_into
from conference.roles import CONSENT_VERSION, Actor
from config.plan import ConferencePlan, load_plan, parse_plan
from storage.database import Database
from storage.tables import (
    AgeBand,
    DatabaseKind,
    Lane,
    NudgeRound,
    OutboxMessage,
    OutboxState,
    Person,
    Question,
    QuestionState,
    Report,
    Role,
    RoleGrant,
)
from tests.chat import PLAN_FILE

PLAN = load_plan(PLAN_FILE)
JOINED = datetime(2022, 5, 5, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
UNITS = [unit.code for unit in PLAN.units]
_numbers = itertools.count(1)


def at(words: str, plan: ConferencePlan = PLAN) -> datetime:
    """ "18/5 21:00", or "18/5" for its midnight, in the plan's year and zone."""
    day, month, hour, minute = re.fullmatch(r"(\d+)/(\d+)(?: (\d+):(\d+))?", words).groups()
    year = plan.milestones.conference_opens.year
    local = datetime(
        year, int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=plan.zone
    )
    return local.astimezone(UTC)


def said(moment: datetime, plan: ConferencePlan = PLAN) -> str:
    """The reverse of `at`, always with the hour."""
    local = moment.astimezone(plan.zone)
    return f"{local.day}/{local.month} {local:%H:%M}"


def changed_plan(*changes: tuple[str, str]) -> ConferencePlan:
    """The plan of 2022 with lines replaced."""
    text = PLAN_FILE.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return parse_plan(text.encode())


def moved_plan(milestone: str, words: str) -> ConferencePlan:
    """The plan of 2022 with one milestone at another moment."""
    text = PLAN_FILE.read_text(encoding="utf-8")
    there = at(words).astimezone(PLAN.zone).replace(tzinfo=None)
    line = rf"(?m)^{milestone} = \S+"
    assert len(re.findall(line, text)) == 1
    return parse_plan(re.sub(line, f"{milestone} = {there.isoformat()}", text).encode())


async def set_stage(database: Database, plan: ConferencePlan = PLAN) -> None:
    """Load the plan's units and topics."""
    async with database.transaction() as session:
        await load_plan_into(session, plan, kind=DatabaseKind.live, now=JOINED)


async def enter(
    session: AsyncSession,
    name: str,
    *,
    leads: Sequence[str] = (),
    organiser: bool = False,
    since: datetime = JOINED,
    **columns: Any,
) -> Actor:
    """Somebody with this name as their external id.

    An official since a moment; without a role, a grown-up member who said yes then.
    """
    if not leads and not organiser:
        yes = {"consented_at": since, "consent_version": CONSENT_VERSION}
        columns = {"age_band": AgeBand.from_18_to_30, **yes, **columns}
    person = Person(channel="telegram", external_id=name, created_at=since, **columns)
    session.add(person)
    await session.flush()
    grants = [(Role.unit_lead, unit) for unit in leads]
    grants += [(Role.organiser, None)] if organiser else []
    for role, unit in grants:
        session.add(
            RoleGrant(person_id=person.id or 0, role=role, unit_code=unit, granted_at=since)
        )
    await session.flush()
    return await actor_of(session, "telegram", name)


async def actor(session: AsyncSession, name: str) -> Actor:
    """Who this is by now."""
    await session.execute(
        select(Person)
        .where(col(Person.external_id) == name)
        .execution_options(populate_existing=True)
    )
    return await actor_of(session, "telegram", name)


async def revoke(session: AsyncSession, name: str, now: datetime) -> None:
    """Take all roles away."""
    person = (await actor(session, name)).person
    await session.execute(
        update(RoleGrant).where(col(RoleGrant.person_id) == person.id).values(revoked_at=now)
    )


async def change(session: AsyncSession, name: str, **columns: Any) -> None:
    """Change a person's row."""
    await session.execute(update(Person).where(col(Person.external_id) == name).values(**columns))


async def report(session: AsyncSession, unit: str, now: datetime) -> None:
    """The unit has handed up what it has."""
    await session.execute(
        update(Question)
        .where(col(Question.unit_code) == unit, col(Question.state) == QuestionState.submitted)
        .values(state=QuestionState.reported)
    )
    session.add(Report(unit_code=unit, handed_up_at=now, question_count=0))
    await session.flush()


async def ask(
    session: AsyncSession,
    unit: str,
    *,
    author: Actor | None = None,
    state: QuestionState = QuestionState.submitted,
) -> Question:
    """A question of a unit."""
    question = Question(
        code=f"T-{next(_numbers)}",
        author_id=author.person_id if author else None,
        unit_code=unit,
        topic_code="other",
        text="Bao giờ có sân chơi?",
        state=state,
        submitted_at=JOINED,
    )
    session.add(question)
    await session.flush()
    return question


async def plan_nudges(session: AsyncSession, plan: ConferencePlan, *, now: datetime) -> int:
    """What a tick plans and the courier has written, in one transaction; returns how many."""
    officials, begun = await begin_rounds(session, plan, now=now)
    planned = 0
    for one in begun:
        while members := await next_members(session, plan, one):
            planned += await plan_members(session, plan, one, members)
    while planned and await write_planned(session, plan, now=now):
        pass
    return officials + planned


async def messages(session: AsyncSession, kind: str = "nudge") -> list[OutboxMessage]:
    """The paced messages of a kind that wait for sending."""
    return list(
        await session.scalars(
            select(OutboxMessage)
            .where(
                col(OutboxMessage.lane) == Lane.paced,
                col(OutboxMessage.kind) == kind,
                col(OutboxMessage.state) == OutboxState.due,
            )
            .order_by(col(OutboxMessage.id))
        )
    )


def parts_of(message: OutboxMessage) -> list[str]:
    """ "kind unit" of each part, in order."""
    return [f"{part['kind']} {part['unit'] or '-'}" for part in message.content["parts"]]


async def still_true(session: AsyncSession, plan: ConferencePlan) -> dict[str, list[str]]:
    """Whom a nudge that waits would still say something, with what it would say."""
    found = {}
    for message in await messages(session):
        person = await session.get_one(Person, message.recipient_id)
        _, parts = await parts_still_true(session, plan, person, message.content["parts"])
        if parts:
            found[message.chat_id] = [f"{part.kind} {part.unit_code or '-'}" for part in parts]
    return found


async def read(session: AsyncSession) -> dict[str, list[str]]:
    """Whom a nudge waits for, with its parts; who has two of them is a fault."""
    found = await messages(session)
    by_person = {message.chat_id: parts_of(message) for message in found}
    assert len(by_person) == len(found)
    return by_person


async def send(session: AsyncSession, now: datetime) -> None:
    """What waits has gone out."""
    await session.execute(
        update(OutboxMessage)
        .where(col(OutboxMessage.state) == OutboxState.due)
        .values(state=OutboxState.sent, sent_at=now)
    )


async def skipped(session: AsyncSession) -> dict[str, str]:
    """ "kind offset" of the rounds that nobody was reminded by, of any unit, with the reason."""
    rounds = await session.scalars(select(NudgeRound).where(col(NudgeRound.skipped).is_not(None)))
    found: dict[str, str] = {}
    for one in rounds:
        kind, _, offset = one.key.split(":", 2)
        name = f"{kind} {offset.rsplit(':', 2)[0]}"
        assert found.setdefault(name, one.skipped) == one.skipped
    return found


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that go to the database meanwhile."""
    engine = database._writer.sync_engine
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        if not arguments[2].startswith("BEGIN"):
            statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
