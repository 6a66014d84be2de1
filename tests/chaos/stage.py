"""What every scenario is played on: a nursery, a platform, a database, a plan, a seed."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import tomlkit

from bot.clock import Clock
from config.plan import move_conference
from config.settings import DEFAULT_PLAN
from tests.chaos.ledger import Ledger, ledger_of
from tests.chaos.lives import BIRTH_SECONDS, Life, Nursery
from tests.chaos.platform import TOKEN, Platform, platform_in

ORGANISER = "900"
DRAIN_SECONDS = 10.0
"""SIGTERM must end the program within this."""


@dataclass
class Stage:
    """All that a scenario needs."""

    nursery: Nursery
    platform: Platform
    ledger: Ledger
    folder: Path
    rng: random.Random
    is_control: bool = False
    address: str = ""
    """Where the program finds the database, if not where the ledger does."""

    @property
    def log(self) -> str:
        """What all lives on this stage have logged."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def bear(self, **order: Any) -> Life:
        """Begin a life of the program, or of the control (see `tests.chaos.life`)."""
        if self.is_control:
            address = self.ledger.address
            control = {"address": address, "base": self.platform.base, "token": TOKEN}
            return self.nursery.bear("control", self.folder, control=control)
        return self.nursery.bear("bot", self.folder, settings=self._settings(), **order)

    async def serving(self, **order: Any) -> Life:
        """A life, once it serves."""
        life = self.bear(**order)
        await life.until(BIRTH_SECONDS, served=True)
        if not life.served:
            raise AssertionError(f"life {life.number} does not serve ({life.code}): {self.log}")
        return life

    def _settings(self) -> dict[str, str]:
        return {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE": self.platform.base,
            "DATABASE_URL": self.address or self.ledger.address,
            "PLAN_FILE": str(self.folder / "plan.toml"),
            "ORGANISER_IDS": ORGANISER,
            "DATA_DIR": str(self.folder / "data"),
        }

    async def has_unfinished(self) -> bool:
        """Whether the process that has just died left work behind."""
        if self.platform.handed_out() > 0:
            return True
        return not self.is_control and await self.ledger.unfinished() > 0

    async def until_quiet(self, seconds: float) -> bool:
        """Wait until nothing is unfinished any more; False if not within so many seconds."""

        async def is_quiet() -> bool:
            if self.platform.waiting() > 0:
                return False
            return self.is_control or await self.ledger.unfinished() == 0

        return await reach(is_quiet, seconds)


@contextlib.asynccontextmanager
async def stage_for(
    kind: str, nursery: Nursery, folder: Path, seed: int, *, is_control: bool = False
) -> AsyncIterator[Stage]:
    """A stage on a new database of this kind, in a folder of its own."""
    plan_in(folder)
    async with (
        nursery.at_work(),
        platform_in(folder) as platform,
        ledger_of(kind, folder, is_migrated=not is_control) as ledger,
    ):
        rng = random.Random(seed)
        yield Stage(nursery, platform, ledger, folder, rng, is_control)


def plan_in(folder: Path) -> None:
    """A plan whose asking window is open now, with no day's limit in the way."""
    folder.mkdir(parents=True)
    path = folder / "plan.toml"
    move_conference(DEFAULT_PLAN, path, (Clock()() + timedelta(days=15)).date())
    plan: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
    plan["collection"]["questions_per_person_per_day"] = 1000
    path.write_text(tomlkit.dumps(plan), encoding="utf-8")


async def reach(
    condition: Callable[[], Awaitable[bool]], seconds: float, *, every: float = 0.05
) -> bool:
    """Ask again and again whether something has come about; False after so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110  what is waited for is elsewhere
                await asyncio.sleep(every)
            return True
    return False
