"""The short form of `make chaos`: the same scenarios, with fewer kills."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.chaos import absence, conversation, invites, nudges, troubles
from tests.chaos.findings import unmet
from tests.chaos.lives import Nursery
from tests.chaos.stage import stage_for

pytestmark = [
    pytest.mark.xdist_group("chaos"),
    pytest.mark.skipif(sys.platform != "linux", reason="lives are forked as Linux does it"),
]
SEED = 20_220_505
HITS = 30


@pytest.fixture
def processes(kind: str) -> int:
    """Several where they may share the work."""
    return 1 if kind == "sqlite" else 3


async def test_thirty_kills_lose_no_question_and_no_reply(
    kind: str, nursery: Nursery, tmp_path: Path
) -> None:
    async with asyncio.timeout(400), stage_for(kind, nursery, tmp_path / "ours", SEED) as stage:
        score = await conversation.conversation(stage, hits=HITS, most=3 * HITS)

    assert unmet(conversation.findings(score, hits=HITS)) == [], stage.log


async def test_the_usual_way_loses_questions_under_the_same_kills(
    nursery: Nursery, tmp_path: Path
) -> None:
    async with (
        asyncio.timeout(200),
        stage_for("sqlite", nursery, tmp_path / "theirs", SEED, is_control=True) as stage,
    ):
        score = await conversation.conversation(stage, hits=5, most=40)

    assert unmet(conversation.control_findings(score)) == []


async def test_nobody_is_reminded_twice_when_processes_are_killed(
    kind: str, processes: int, nursery: Nursery, tmp_path: Path
) -> None:
    async with asyncio.timeout(400), stage_for(kind, nursery, tmp_path / "ours", SEED) as stage:
        score = await nudges.nudging(stage, people=300, processes=processes, kills=3)

    assert unmet(nudges.findings(score, kills=3)) == [], stage.log


async def test_a_deadline_that_moves_is_heard_of_once_by_everybody(
    kind: str, nursery: Nursery, tmp_path: Path
) -> None:
    async with asyncio.timeout(300), stage_for(kind, nursery, tmp_path / "ours", SEED) as stage:
        score = await nudges.moving(stage, people=60)

    assert unmet(nudges.moving_findings(score)) == [], stage.log


async def test_of_fifteen_who_race_for_a_link_one_gets_it(
    kind: str, processes: int, nursery: Nursery, tmp_path: Path
) -> None:
    async with asyncio.timeout(300), stage_for(kind, nursery, tmp_path / "ours", SEED) as stage:
        score = await invites.racing(stage, links=6, processes=processes)

    assert unmet(invites.findings(score)) == [], stage.log


async def test_no_trouble_loses_a_question_or_ends_the_program(
    kind: str, nursery: Nursery, tmp_path: Path
) -> None:
    async with asyncio.timeout(500), stage_for(kind, nursery, tmp_path / "ours", SEED) as stage:
        found = await troubles.troubled(stage, away=4)

    assert unmet(troubles.findings(found)) == [], stage.log


async def test_who_was_in_the_middle_when_it_went_away_is_offered_their_step(
    kind: str, nursery: Nursery, tmp_path: Path
) -> None:
    async with asyncio.timeout(200), stage_for(kind, nursery, tmp_path / "ours", SEED) as stage:
        score = await absence.away(stage)

    assert unmet(absence.findings(score)) == [], stage.log
