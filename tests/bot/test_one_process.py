"""SQLite is served by one process; a second one says so and ends."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import Clock
from config.plan import move_conference
from tests.bot.test_running import live
from tests.bot_api import BotApi, serving
from tests.chat import PLAN_FILE


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[BotApi]:
    async with serving(tmp_path) as platform:
        yield platform


@pytest.mark.parametrize("database_address", ["sqlite"], indirect=True)
async def test_a_second_process_on_the_same_file_says_so_and_ends(
    platform: BotApi, database_address: str, tmp_path: Path
):
    plan = tmp_path / "plan.toml"
    move_conference(PLAN_FILE, plan, (Clock()() + timedelta(days=15)).date())
    first, second = (
        live(tmp_path / name, platform.base, database_address, PLAN_FILE=str(plan))
        for name in ("one", "two")
    )
    await first.start()
    await first.ready()
    await second.start()
    assert second.process is not None
    async with asyncio.timeout(60):
        assert await second.process.wait() == 1
    assert second.log.splitlines()[-1] == (
        f"doithoai: {database_address.removeprefix('sqlite:///')} is in use by another process "
        "of this program; on SQLite there is one at a time"
    )
    assert first.process is not None
    assert first.process.returncode is None

    assert await first.end(signal.SIGKILL) == -signal.SIGKILL
    await second.start()
    await second.ready()
    assert await second.end(signal.SIGTERM) == 0
