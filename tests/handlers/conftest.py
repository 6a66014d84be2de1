from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from bot.app import App
from tests.bot_api import BotApi, serving
from tests.delivery import delivering, tick


@pytest.fixture
async def bot_api(tmp_path: Path) -> AsyncIterator[BotApi]:
    """A local Bot API, for tests in which the courier sends."""
    async with serving(tmp_path) as api:
        yield api


@pytest.fixture
async def hear(app: App) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """One tick of the scheduler, after which the courier's messages are on the phones."""
    async with delivering(app):
        yield partial(tick, app)
