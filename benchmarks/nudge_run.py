"""Everybody who is late is nudged once, nobody else at all: a real run against a local Bot API.

    python benchmarks/nudge_run.py --people 2000

The whole program runs: planner, courier, polling. The crowd holds every kind of person that a
reminder is or is not meant for; some act after the reminders are planned and before they leave.
On PostgreSQL a database is made on the server named by `--database`, and dropped at the end.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlmodel import col

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.bots import ORGANISER, TOKEN
from benchmarks.databases import POSTGRESQL, SQLITE, kind, new_database
from benchmarks.phones import local_api
from benchmarks.table import most_in_a_second
from bot.app import App, build_app
from bot.bot_api import BotApi
from bot.clock import Clock
from bot.courier import RATE, Courier, build_sender
from conference.calendar import Calendar
from conference.nudge_times import rounds
from conference.roles import CONSENT_VERSION
from config.plan import ConferencePlan, load_plan
from config.settings import DEFAULT_PLAN
from storage.database import Database
from storage.tables import (
    AgeBand,
    DatabaseKind,
    Lane,
    OutboxMessage,
    OutboxState,
    Person,
    PlannedNudge,
    Question,
    QuestionState,
    Report,
    Role,
    RoleGrant,
)

FIRST = 1_000_000
MEMBERS = {
    "silent": (9, True),
    "silent, no unit": (2, True),
    "took their question back": (1, True),
    "asked": (2, False),
    "under 16": (1, False),
    "wants no reminders": (1, False),
    "blocked the bot": (1, False),
    "joined afterwards": (1, False),
    "said yes, no age yet": (1, False),
    "asks meanwhile": (1, False),
}
"""Of twenty members so many are of each kind, and whether a reminder is meant for them."""


@dataclass
class Crowd:
    """Who is there, and for whom a reminder is meant."""

    kinds: dict[int, str] = field(default_factory=dict)
    late: set[int] = field(default_factory=set)
    meanwhile: list[int] = field(default_factory=list)

    def add(self, chat: int, kind: str, *, is_late: bool) -> None:
        self.kinds[chat] = kind
        if is_late:
            self.late.add(chat)


@dataclass(frozen=True)
class Outcome:
    """What arrived, with whom it should have been."""

    people: int
    expected: int
    nudged: int
    twice: int
    wrongly: int
    missed: int
    seconds: float
    most_in_a_second: int

    @property
    def is_right(self) -> bool:
        exact = self.nudged == self.expected and not (self.twice or self.wrongly or self.missed)
        return exact and self.most_in_a_second <= RATE


def last_reminder_of_members(plan: ConferencePlan) -> timedelta:
    """How far a clock must stand off for it to be just after that reminder is due."""
    due = max(
        one.due_at
        for one in rounds(Calendar(plan))
        if one.kind == "members_without_question" and one.offset.startswith("-")
    )
    offset = due + timedelta(seconds=5) - Clock()()
    return timedelta(seconds=round(offset.total_seconds()))


async def gather_crowd(app: App, people: int) -> Crowd:
    """Put so many members and leads into the database."""
    crowd = Crowd()
    plan, now = app.plan, app.clock()
    joined = plan.moment("asking_opens")
    chats = iter(range(FIRST, FIRST + people))
    codes = [unit.code for unit in plan.units]
    led, reported = codes[:-1], codes[: len(codes) // 2]
    leads = max(len(led), people // 20)
    kinds = [kind for kind, (count, _) in MEMBERS.items() for _ in range(count)]
    async with app.database.transaction() as session:

        def person(chat: int, **columns: object) -> Person:
            known = {
                "age_band": AgeBand.from_18_to_30,
                "consent_version": CONSENT_VERSION,
                "consented_at": joined,
                **columns,
            }
            one = Person(
                channel="telegram",
                external_id=str(chat),
                language="vi",
                created_at=joined,
                **known,
            )
            session.add(one)
            return one

        held: list[tuple[Person, str]] = []
        for number in range(leads):
            unit, chat = led[number % len(led)], next(chats)
            is_snoozed = number % 10 == 9  # noqa: PLR2004
            lead = person(chat, snoozed_until=now + timedelta(hours=12) if is_snoozed else None)
            held.append((lead, unit))
            if number % 4 == 0:
                held.append((lead, led[(number + 1) % len(led)]))
            owes = {code for one, code in held if one is lead} - set(reported)
            kind = "lead, snoozed" if is_snoozed else "lead" if owes else "lead who reported"
            crowd.add(chat, kind, is_late=bool(owes) and not is_snoozed)
        asked: list[tuple[Person, QuestionState]] = []
        for number, chat in enumerate(chats):
            kind = kinds[number % len(kinds)]
            unit = None if kind == "silent, no unit" else codes[number % len(codes)]
            member = person(chat, unit_code=unit, **_columns(kind, app))
            crowd.add(chat, kind, is_late=MEMBERS[kind][1])
            if kind == "asked":
                asked.append((member, QuestionState.submitted))
            elif kind == "took their question back":
                asked.append((member, QuestionState.withdrawn))
            elif kind == "asks meanwhile":
                crowd.meanwhile.append(chat)
        await session.flush()
        session.add_all(
            RoleGrant(person_id=one.id, role=Role.unit_lead, unit_code=unit, granted_at=joined)
            for one, unit in held
        )
        session.add_all(
            _question(one, state, number, joined, codes[0])
            for number, (one, state) in enumerate(asked)
        )
        session.add_all(
            Report(unit_code=unit, handed_up_at=joined, question_count=0) for unit in reported
        )
    # The last unit has no lead, which the organiser hears of.
    crowd.add(ORGANISER, "organiser", is_late=True)
    return crowd


def _columns(kind: str, app: App) -> dict[str, object]:
    now = app.clock()
    return {
        "under 16": {"age_band": AgeBand.under_16},
        "wants no reminders": {"reminders_stopped_at": now},
        "blocked the bot": {"unreachable_at": now},
        "joined afterwards": {"consented_at": now},
        "said yes, no age yet": {"age_band": None},
    }.get(kind, {})


def _question(one: Person, state: QuestionState, number: int, moment, unit: str) -> Question:  # noqa: ANN001
    return Question(
        code=f"B-{number}",
        author_id=one.id,
        unit_code=unit,
        topic_code="other",
        text="Bao giờ có sân chơi?",
        state=state,
        submitted_at=moment,
    )


async def ask_meanwhile(app: App, crowd: Crowd) -> None:
    """Those whose reminder is written but has not left ask their question."""
    async with app.database.transaction() as session:
        people = await session.scalars(
            select(Person).where(col(Person.external_id).in_(map(str, crowd.meanwhile)))
        )
        session.add_all(
            _question(one, QuestionState.submitted, 100_000 + (one.id or 0), app.clock(), unit)
            for one in people
            if (unit := one.unit_code)
        )


async def open_messages(app: App) -> int:
    """Paced messages that are still to be sent now, or to be written and sent."""
    written = (
        select(func.count())
        .select_from(OutboxMessage)
        .where(
            col(OutboxMessage.lane) == Lane.paced,
            col(OutboxMessage.state).in_([OutboxState.due, OutboxState.sending]),
            col(OutboxMessage.next_try_at).is_(None),
        )
    )
    planned = select(func.count()).select_from(PlannedNudge)
    async with app.database.snapshot() as session:
        return (
            await session.scalar(select(written.scalar_subquery() + planned.scalar_subquery()))
        ) or 0


async def nudge_run(address: str, people: int, folder: Path) -> Outcome:
    """One run over a new database."""
    plan = load_plan(DEFAULT_PLAN)
    clock = Clock(last_reminder_of_members(plan))
    async with local_api() as api:
        database = Database(address)
        app = build_app(
            database=database,
            database_address=address,
            plan=plan,
            plan_file=DEFAULT_PLAN,
            platform=BotApi(TOKEN, api.base, None),
            courier=Courier(database, plan, build_sender(TOKEN, api.base, None), clock),
            token=TOKEN,
            clock=clock,
            organiser_ids=frozenset({str(ORGANISER)}),
            kind=DatabaseKind.live,
            files=folder / "files",
        )
        await app.prepare()
        crowd = await gather_crowd(app, people)
        api.welcome(crowd.kinds)
        began = time.monotonic()
        await asyncio.gather(app.nudge(), app.nudge())
        await ask_meanwhile(app, crowd)
        running = asyncio.ensure_future(app.run())
        try:
            while await open_messages(app):  # noqa: ASYNC110  another task empties it
                await asyncio.sleep(0.2)
            seconds = time.monotonic() - began
            # Later ticks find nothing new.
            await app.nudge()
            await asyncio.sleep(1)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            await app.close()
        return _outcome(crowd, api.arrived, seconds)


def _outcome(crowd: Crowd, arrived: list[tuple[float, int]], seconds: float) -> Outcome:
    got = Counter(chat for _, chat in arrived)
    return Outcome(
        people=len(crowd.kinds),
        expected=len(crowd.late),
        nudged=len(got),
        twice=sum(count > 1 for count in got.values()),
        wrongly=len(got.keys() - crowd.late),
        missed=len(crowd.late - got.keys()),
        seconds=seconds,
        most_in_a_second=most_in_a_second([moment for moment, _ in arrived]),
    )


async def main(people: int, places: list[str]) -> bool:
    print("| database | people | expected | nudged | twice | wrongly | missed | s | most in 1 s |")
    print("|---|---|---|---|---|---|---|---|---|")
    is_right = True
    for where in places:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            async with new_database(where, folder) as address:
                found = await nudge_run(address, people, folder)
        print(
            f"| {kind(where)} | {found.people} | {found.expected} | {found.nudged} "
            f"| {found.twice} | {found.wrongly} | {found.missed} | {found.seconds:.1f} "
            f"| {found.most_in_a_second} |",
            flush=True,
        )
        is_right = is_right and found.is_right
    return is_right


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument(
        "--database",
        action="append",
        help="`sqlite`, or a PostgreSQL server's address; may be given again (default: both)",
    )
    arguments = parser.parse_args()
    places = arguments.database or [SQLITE, POSTGRESQL]
    sys.exit(0 if asyncio.run(main(arguments.people, places)) else 1)
