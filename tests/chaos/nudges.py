"""Everybody is reminded once, while the processes that do it are killed.

Definitions, counted at the Bot API and in the outbox.

- *Delivered twice*: somebody's chat has the reminder more than once.
- *Lost*: somebody has none and their message is not shown as `uncertain`; whoever was not even
  planned is lost as well. `uncertain` is what a process was sending when it was killed: it is
  shown to the organisers, and nobody can know.
- A kill *hit work* when reminders were still to be sent, and *hit one on its way* when the process
  left one behind of which it is not known whether it arrived.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from bot.clock import Clock
from conference.calendar import Calendar
from conference.extending import extend
from conference.joining import actor_of
from conference.nudge_times import rounds
from conference.roles import CONSENT_VERSION
from config.plan import ConferencePlan, load_plan
from config.settings import DEFAULT_PLAN
from storage.database import Database
from storage.tables import AgeBand, Person
from tests.chaos.findings import Finding, zero
from tests.chaos.lives import BIRTH_SECONDS, Life
from tests.chaos.platform import TOKEN
from tests.chaos.stage import ORGANISER, Stage, reach

RATE = 2000
"""Messages a second: ten thousand must not take the seven minutes that Telegram would want."""
_TICKS = 30
"""The planner's tick is so much faster than its half minute, for lives are short here."""
_POINTS = ("before commit", "after commit", "before send", "after send")
_NUDGES = "FROM outbox WHERE lane = 'paced' AND kind = 'nudge'"
_PLANNED = "(SELECT count(*) FROM planned_nudge)"
"""Those whose messages are not written yet."""


@dataclass
class Score:
    """What became of a run."""

    people: int
    processes: int
    kills: int = 0
    hits: int = 0
    on_their_way: int = 0
    fell: Counter[str] = field(default_factory=Counter)
    arrived: int = 0
    twice: int = 0
    uncertain: int = 0
    lost: int = 0
    is_done: bool = False
    stale: int = 0
    """Reminders of a deadline that had been moved before they left."""
    is_said: bool = False
    """The log says what was not sent as its deadline had been moved."""
    seconds: float = 0.0


def moment_of_reminding(plan: ConferencePlan) -> timedelta:
    """How far a clock must stand off for it to be just after members' last reminder is due."""
    due = max(
        one.due_at
        for one in rounds(Calendar(plan))
        if one.kind == "members_without_question" and one.offset.startswith("-")
    )
    return timedelta(seconds=round((due + timedelta(seconds=5) - Clock()()).total_seconds()))


@dataclass
class Team:
    """Several processes on one database; whoever ends is replaced at once."""

    stage: Stage
    score: Score
    offset: timedelta
    lives: list[Life] = field(default_factory=list)

    def bear(self, *, may_fall: bool) -> None:
        """Begin a life, which may be one to be killed at a named point."""
        rng = self.stage.rng
        fall: dict[str, Any] = {}
        if may_fall and rng.random() < 0.6:
            fall = {"point": rng.choice(_POINTS), "count": rng.randint(5, 120)}
        clock = self.offset.total_seconds()
        self.lives.append(self.stage.bear(rate=RATE, ticks=_TICKS, clock=clock, **fall))

    async def replace_dead(self, *, may_fall: bool) -> None:
        """Count whoever killed themselves, and begin others in their place."""
        for life in [one for one in self.lives if one.is_over]:
            if life.fell_at is None:
                raise AssertionError(f"{life.number} ended ({life.code}): {self.stage.log}")
            await self.bury(life)
            self.bear(may_fall=may_fall)

    async def kill_one(self) -> None:
        """Kill one of them, mostly the one that leads, and begin another."""
        leading = [life for life in self.lives if "leads" in life.lines]
        chosen = leading if leading and self.stage.rng.random() < 0.7 else self.lives
        life = self.stage.rng.choice(chosen)
        await life.kill()
        await self.bury(life)
        self.bear(may_fall=True)

    async def bury(self, life: Life) -> None:
        """Write a death down, with what it left behind."""
        self.lives.remove(life)
        self.score.kills += 1
        self.score.fell[life.fell_at or "any moment"] += 1
        self.score.hits += await nudges_left(self.stage) > 0
        being_sent = "SELECT count(*) FROM outbox WHERE kind = 'nudge' AND state = 'sending'"
        self.score.on_their_way += int(await self.stage.ledger.value(being_sent)) > 0

    async def end(self) -> None:
        """SIGTERM to all."""
        codes = await asyncio.gather(*(life.finish(30) for life in self.lives))
        if any(code != 0 for code, _ in codes):
            raise AssertionError(f"exit codes {codes}")


async def nudges_left(stage: Stage) -> int:
    """How many reminders wait or are being sent."""
    found = await stage.ledger.value(
        f"SELECT count(*) + {_PLANNED} {_NUDGES} AND state IN ('due', 'sending')"
    )
    return int(found)


async def nudging(stage: Stage, *, people: int, processes: int, kills: int) -> Score:
    """Remind so many people with so many processes, of which so many are killed meanwhile."""
    begun = time.monotonic()
    plan = load_plan(DEFAULT_PLAN)
    (stage.folder / "plan.toml").write_bytes(DEFAULT_PLAN.read_bytes())
    score = Score(people, processes)
    team = Team(stage, score, moment_of_reminding(plan))
    await add_people(stage, plan, people)
    for _ in range(processes):
        team.bear(may_fall=True)
    await planned(stage, people)

    async def is_done() -> bool:
        """The kills are spread over the whole run, and come at random moments."""
        left = await nudges_left(stage)
        await team.replace_dead(may_fall=score.kills < kills)
        if 0 < left <= people * (1 - (score.kills + stage.rng.random()) / (kills + 1)):
            await team.kill_one()
        return left == 0

    score.is_done = await reach(is_done, 120 + people / 10, every=0.2)
    await team.end()
    await count(stage, score)
    score.seconds = time.monotonic() - begun
    return score


async def add_people(stage: Stage, plan: ConferencePlan, people: int) -> None:
    """Members who have said yes and asked nothing, in the database and at the Bot API."""
    joined = plan.moment("asking_opens")
    database = Database(stage.ledger.address)
    rows = [
        {
            "channel": "telegram",
            "external_id": str(number),
            "language": "vi",
            "age_band": AgeBand.from_18_to_30,
            "consent_version": CONSENT_VERSION,
            "consented_at": joined,
            "created_at": joined,
        }
        for number in stage.platform.crowd(people)
    ]
    async with database.transaction() as session:
        await session.execute(insert(Person), rows)
    await database.close()


async def planned(stage: Stage, people: int) -> None:
    """Wait until the reminders are written down."""

    async def is_planned() -> bool:
        return int(await stage.ledger.value(f"SELECT count(*) + {_PLANNED} {_NUDGES}")) >= people

    if not await reach(is_planned, BIRTH_SECONDS * 2):
        raise AssertionError(f"no reminders were planned: {stage.log}")


async def count(stage: Stage, score: Score) -> None:
    """Compare the outbox with what arrived."""
    rows = dict(await stage.ledger.rows(f"SELECT chat_id, state {_NUDGES} AND chat_id <> '900'"))
    arrived = Counter(
        str(call["chat_id"])
        for call in stage.platform.calls.all
        if call["method"].lower() == "sendmessage" and call["status"] == 200
    )
    score.arrived = len(arrived)
    score.twice = sum(times > 1 for times in arrived.values())
    score.uncertain = sum(state == "uncertain" for state in rows.values())
    missed = sum(state != "uncertain" and chat not in arrived for chat, state in rows.items())
    score.lost = missed + score.people - len(rows)


def findings(score: Score, *, kills: int) -> list[Finding]:
    """The program's figures, with what they must be."""
    named = sum(count for point, count in score.fell.items() if point != "any moment")
    return [
        Finding("reminders", score.people),
        Finding("processes", score.processes),
        Finding("kills", f"{score.kills} ({named} at named points)"),
        Finding("kills that hit work", score.hits, f"≥ {kills}", score.hits >= kills),
        Finding("of them with one on its way", score.on_their_way, "≥ 1", score.on_their_way > 0),
        Finding("people reminded", score.arrived),
        zero("reminded twice", score.twice),
        Finding("shown as uncertain", score.uncertain),
        zero("lost beyond the uncertain ones", score.lost),
        Finding("all done in the end", score.is_done, "True", score.is_done),
        Finding("duration, s", round(score.seconds)),
    ]


async def naive(stage: Stage, *, people: int, processes: int, kills: int) -> Score:
    """The usual senders under the same kills: read what is due, send it, mark it."""
    begun = time.monotonic()
    score = Score(people, processes)
    crowd = stage.platform.crowd(people)
    await stage.ledger.do(
        "CREATE TABLE naive_nudge"
        " (id BIGINT PRIMARY KEY, chat_id BIGINT NOT NULL, sent BOOLEAN NOT NULL DEFAULT FALSE)",
        "INSERT INTO naive_nudge (id, chat_id) VALUES "
        + ", ".join(f"({number}, {number})" for number in crowd),
    )
    sender = {"address": stage.ledger.address, "base": stage.platform.base, "token": TOKEN}

    def bear() -> Life:
        return stage.nursery.bear("sender", stage.folder, sender=sender)

    lives = [bear() for _ in range(processes)]

    async def left() -> int:
        return int(await stage.ledger.value("SELECT count(*) FROM naive_nudge WHERE NOT sent"))

    while score.kills < kills and await left():
        await asyncio.sleep(stage.rng.uniform(0.2, 1.2))
        await lives[0].kill()
        score.kills += 1
        score.hits += await left() > 0
        lives = [*lives[1:], bear()]
    for life in lives:
        await life.until(60)

    async def is_done() -> bool:
        return await left() == 0

    score.is_done = await reach(is_done, 60)
    sent = [
        call["chat_id"]
        for call in stage.platform.calls.all
        if call["method"].lower() == "sendmessage" and call["status"] == 200
    ]
    times = Counter(one for one in sent if one in set(crowd))
    score.arrived, score.lost = len(times), people - len(times)
    score.twice = sum(one > 1 for one in times.values())
    score.seconds = time.monotonic() - begun
    return score


def naive_findings(score: Score) -> list[Finding]:
    """The control's figures. Somebody must be reminded twice, or the run has proved nothing."""
    return [
        Finding("reminders", score.people),
        Finding("processes", score.processes),
        Finding("kills", score.kills),
        Finding("kills that hit work", score.hits),
        Finding("people reminded", score.arrived),
        Finding("reminded twice", score.twice, "", score.twice > 0),
        Finding("lost beyond the uncertain ones", score.lost),
        Finding("duration, s", round(score.seconds)),
    ]


async def moving(stage: Stage, *, people: int) -> Score:
    """The deadline moves while its reminders are on their way."""
    begun = time.monotonic()
    plan = load_plan(DEFAULT_PLAN)
    (stage.folder / "plan.toml").write_bytes(DEFAULT_PLAN.read_bytes())
    score = Score(people, 1)
    team = Team(stage, score, moment_of_reminding(plan))
    await add_people(stage, plan, people)
    team.bear(may_fall=False)
    await planned(stage, people)
    calls = stage.platform.calls.all

    async def is_half_way() -> bool:
        return sum(call["method"].lower() == "sendmessage" for call in calls) >= people / 4

    if not await reach(is_half_way, 120):
        raise AssertionError(f"nothing is sent: {stage.log}")
    before = len(calls)
    await _move(stage, plan, team.offset)
    already = {call["params"]["text"] for call in calls[:before] if "text" in call["params"]}
    moved_at = len(calls)

    left = (
        f"SELECT count(*) + {_PLANNED} FROM outbox"
        " WHERE lane = 'paced' AND state IN ('due', 'sending')"
    )

    async def is_done() -> bool:
        return await stage.ledger.value(left) == 0

    score.is_done = await reach(is_done, 60 + people / 10, every=0.2)
    await team.end()
    texts = Counter(
        (call["chat_id"], call["params"]["text"])
        for call in calls
        if call["method"].lower() == "sendmessage" and call["status"] == 200
    )
    told = {chat for chat, text in texts if text not in already}
    score.twice = sum(times > 1 for times in texts.values())
    score.arrived, score.lost = len(told), people - len(told)
    score.stale = sum(call["params"].get("text") in already for call in calls[moved_at:])
    score.is_said = "is not sent: no longer true" in stage.log
    score.seconds = time.monotonic() - begun
    return score


async def _move(stage: Stage, plan: ConferencePlan, offset: timedelta) -> None:
    """An organiser gives everybody one more day for asking."""
    database = Database(stage.ledger.address)
    async with database.transaction() as session:
        await extend(
            session,
            await actor_of(session, "telegram", ORGANISER),
            plan=plan,
            milestone="asking_closes",
            unit_code=None,
            moment=plan.moment("asking_closes") + timedelta(days=1),
            reason="Thêm một ngày",
            now=Clock(offset)(),
        )
    await database.close()


def moving_findings(score: Score) -> list[Finding]:
    """What must hold when a deadline moves under its reminders."""
    return [
        Finding("deadline moved: people", score.people),
        zero("deadline moved: anything said twice to anybody", score.twice),
        zero("deadline moved: people who have not heard of it", score.lost),
        Finding(
            "deadline moved: reminders of the old one after it",
            score.stale,
            "≤ 2",
            score.stale <= 2,
        ),
        Finding("deadline moved: the log tells", score.is_said, "True", score.is_said),
        Finding("deadline moved: all done in the end", score.is_done, "True", score.is_done),
    ]
