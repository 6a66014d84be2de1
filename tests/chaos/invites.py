"""Fifteen people race for each of many one-time links.

*Granted twice*: a link that gave its role to more than one of them. Each link has people of its
own, so that whoever has taken one cannot be shown the next one as held already.
"""

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from bot.clock import Clock
from conference.joining import create_invite
from config.plan import load_plan
from storage.database import Database
from storage.tables import Role
from tests.chaos.findings import Finding, zero
from tests.chaos.ledger import Ledger, connect
from tests.chaos.platform import Phone
from tests.chaos.stage import Stage

RACERS = 15
_AT_ONCE = 4
"""Links raced for at the same time."""
_TAKE = "Nhận vai trò"
_PAYLOAD = "i-"


@dataclass
class Score:
    """What became of a run."""

    links: int
    processes: int
    twice: int = 0
    nobody: int = 0
    unanswered: int = 0
    """People who never saw the button, or pressed it and heard nothing."""
    seconds: float = 0.0


async def racing(stage: Stage, *, links: int, processes: int) -> Score:
    """Let fifteen people open each link and press its button at the same moment."""
    begun = time.monotonic()
    score = Score(links, processes)
    lives = [await stage.serving() for _ in range(processes)]
    tokens = await _make_links(stage, links)
    free = asyncio.Semaphore(_AT_ONCE)
    async with asyncio.TaskGroup() as group:
        races = [group.create_task(_race(stage, token, free)) for token in tokens]
    crowds = [race.result() for race in races]
    await stage.until_quiet(60)
    granted = {
        int(person): int(count)
        for person, count in await stage.ledger.rows(
            "SELECT p.external_id, count(*) FROM role_grant g JOIN person p ON p.id = g.person_id"
            " WHERE NOT g.by_settings GROUP BY p.external_id"
        )
    }
    given = [sum(granted.get(phone.number, 0) for phone in crowd) for crowd, _ in crowds]
    score.twice = sum(count > 1 for count in given)
    score.nobody = sum(count == 0 for count in given)
    score.unanswered = sum(silent for _, silent in crowds)
    for code, _ in await asyncio.gather(*(life.finish(30) for life in lives)):
        if code != 0:
            raise AssertionError(f"exit code {code}: {stage.log}")
    score.seconds = time.monotonic() - begun
    return score


async def _make_links(stage: Stage, links: int) -> list[str]:
    units = [unit.code for unit in load_plan(stage.folder / "plan.toml").units]
    database = Database(stage.ledger.address)
    async with database.transaction() as session:
        tokens = [
            await create_invite(
                session,
                None,
                role=Role.unit_lead,
                unit_code=units[number % len(units)],
                now=Clock()(),
            )
            for number in range(links)
        ]
    await database.close()
    return tokens


async def _race(stage: Stage, token: str, free: asyncio.Semaphore) -> tuple[list[Phone], int]:
    """One link's race; returns the people, and how many were left without an answer."""
    async with free:
        crowd = [stage.platform.newcomer() for _ in range(RACERS)]
        for phone in crowd:
            phone.write(f"/start {_PAYLOAD}{token}")
        found = await asyncio.gather(
            *(phone.until(lambda one=phone: one.button([_TAKE], 0), 30) for phone in crowd)
        )
        ready = [(phone, one) for phone, one in zip(crowd, found, strict=True) if one]
        for phone, (_, message, data) in ready:
            phone.press(message, data)
        answers = await asyncio.gather(
            *(phone.until(lambda one=phone: not one.button([_TAKE], 0), 30) for phone, _ in ready)
        )
        for phone in crowd:
            del stage.platform.phones[phone.number]
        return crowd, RACERS - sum(map(bool, answers))


def findings(score: Score) -> list[Finding]:
    """The program's figures, with what they must be."""
    return [
        Finding("links", score.links),
        Finding("people racing for each", RACERS),
        Finding("processes", score.processes),
        zero("granted twice", score.twice),
        zero("granted to nobody", score.nobody),
        zero("people without an answer", score.unanswered),
        Finding("duration, s", round(score.seconds)),
    ]


async def checking_first(ledger: Ledger, *, links: int) -> int:
    """The control, on PostgreSQL: look whether a link is free, then set it. Links given twice."""
    await ledger.do("CREATE TABLE naive_invite (id INT PRIMARY KEY, used_by INT)")
    await ledger.do("CREATE TABLE naive_grant (invite INT, person INT)")
    racers = [await connect(ledger.address) for _ in range(RACERS)]

    async def take(connection: asyncpg.Connection, link: int, person: int) -> None:
        async with connection.transaction():
            query = "SELECT used_by FROM naive_invite WHERE id = $1"
            if await connection.fetchval(query, link) is None:
                use = "UPDATE naive_invite SET used_by = $1 WHERE id = $2"
                await connection.execute(use, person, link)
                await connection.execute("INSERT INTO naive_grant VALUES ($1, $2)", link, person)

    try:
        for link in range(links):
            await ledger.do(f"INSERT INTO naive_invite VALUES ({link}, NULL)")
            await asyncio.gather(*(take(one, link, n) for n, one in enumerate(racers)))
    finally:
        for one in racers:
            await one.close()
    twice = (
        "SELECT count(*) FROM (SELECT 1 FROM naive_grant GROUP BY invite HAVING count(*) > 1) g"
    )
    return int(await ledger.value(twice))


def control_findings(links: int, twice: int) -> list[Finding]:
    """The control's figures. It must give some link twice, or the race is none."""
    return [
        Finding("links", links),
        Finding("people racing for each", RACERS),
        Finding("granted twice", twice, "", twice > 0),
    ]
