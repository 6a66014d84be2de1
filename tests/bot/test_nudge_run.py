import asyncio
import sys
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from benchmarks.nudge_run import ORGANISER, gather_crowd, local_api, nudge_run
from bot.app import App
from storage.tables import NudgeRound, OutboxMessage
from tests.cast import at
from tests.source import ROOT

PEOPLE = 60


async def test_everybody_who_is_late_is_nudged_once_and_nobody_else(
    database_address: str, tmp_path: Path
) -> None:
    found = await nudge_run(database_address, PEOPLE, tmp_path)

    assert found.is_right, found
    assert found.people == PEOPLE + 1
    assert 30 < found.expected < PEOPLE


@pytest.mark.postgresql
@pytest.mark.parametrize("database_address", ["postgresql"], indirect=True)
async def test_two_programs_that_plan_and_send_at_once_nudge_nobody_twice(
    app: App, database_address: str, tmp_path: Path
) -> None:
    app.clock.moment = moment = at("16/5 19:01")
    crowd = await gather_crowd(app, PEOPLE)
    async with local_api() as api:
        api.welcome(crowd.kinds)
        programs = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.bot.planner"),
                *(database_address, api.base, moment.isoformat(), str(tmp_path / str(number))),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
            )
            for number in range(2)
        ]
        for program in programs:
            assert await program.stdout.readline() == b"ready\n"
        for program in programs:
            program.stdin.write(b"go\n")
            await program.stdin.drain()
        assert [await program.wait() for program in programs] == [0, 0]
        arrived = sorted(chat for _, chat in api.arrived)

    # Nobody has acted meanwhile, so these are late as well.
    assert arrived == sorted({*crowd.late, *crowd.meanwhile})
    assert ORGANISER in arrived
    async with app.database.snapshot() as session:
        rounds = list(await session.scalars(select(col(NudgeRound.key))))
        messages = await session.scalars(
            select(OutboxMessage.recipient_id).where(col(OutboxMessage.kind) == "nudge")
        )
        recipients = list(messages)
    assert len(rounds) == len(set(rounds)) > 0
    assert len(recipients) == len(set(recipients))
