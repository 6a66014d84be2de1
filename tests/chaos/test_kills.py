"""The short form of `make chaos`: the same scenarios, with fewer kills."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.chaos.conversation import control_findings, conversation, findings
from tests.chaos.findings import unmet
from tests.chaos.lives import Nursery
from tests.chaos.stage import stage_for

pytestmark = [
    pytest.mark.xdist_group("chaos"),
    pytest.mark.skipif(sys.platform != "linux", reason="lives are forked as Linux does it"),
]
SEED = 20_220_505
HITS = 30


async def test_thirty_kills_lose_no_question_and_no_reply(
    kind: str, nursery: Nursery, tmp_path: Path
) -> None:
    async with asyncio.timeout(400), stage_for(kind, nursery, tmp_path / "ours", SEED) as stage:
        score = await conversation(stage, hits=HITS, most=3 * HITS)

    assert unmet(findings(score, hits=HITS)) == [], stage.log


async def test_the_usual_way_loses_questions_under_the_same_kills(
    nursery: Nursery, tmp_path: Path
) -> None:
    async with (
        asyncio.timeout(200),
        stage_for("sqlite", nursery, tmp_path / "theirs", SEED, is_control=True) as stage,
    ):
        score = await conversation(stage, hits=5, most=40)

    assert unmet(control_findings(score)) == []
