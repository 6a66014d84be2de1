"""Lives of the bot: each forked from one nursery, watched, and ended by a signal."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.source import ROOT

BIRTH_SECONDS = 60.0
"""So long a life may take until it serves: the machine may be busy with other things."""


@dataclass
class Life:
    """One process of the program, as whoever started it sees it."""

    number: int
    log: Path
    pid: int | None = None
    lines: list[str] = field(default_factory=list)
    code: int | None = None
    """The exit code, negative for a signal; None while it lives."""
    served: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        return self.code is not None

    @property
    def fell_at(self) -> str | None:
        """The named point at which it killed itself."""
        said = [line.removeprefix("fell ") for line in self.lines if line.startswith("fell ")]
        return said[-1] if said else None

    async def until(self, seconds: float, *, served: bool = False, born: bool = False) -> bool:
        """Wait until it is over, or is born, or serves; False if not within so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (
                    self.is_over or (served and self.served) or (born and self.pid is not None)
                ):
                    self.news.clear()
                    await self.news.wait()
                return True
        return False

    def send(self, number: int) -> None:
        """A signal; nothing to one that is over."""
        if self.pid is not None and not self.is_over:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        await self.until(BIRTH_SECONDS, born=True)
        self.send(signal.SIGKILL)
        if not await self.until(BIRTH_SECONDS):
            raise AssertionError(f"life {self.number} does not end")

    async def finish(self, seconds: float) -> tuple[int | None, float]:
        """SIGTERM; returns the exit code (None: still alive after so long) and the seconds."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        self.send(signal.SIGTERM)
        await self.until(seconds)
        return self.code, loop.time() - begun


class Nursery:
    """The process that forks lives (see `tests.chaos.nursery`), usable from one loop at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment(), "PYTHONPATH": str(ROOT)},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._answers = self._process.stdin, self._process.stdout
        self._rest = b""
        self._numbers = itertools.count(1)
        self._lives: dict[int, Life] = {}
        self._ready = asyncio.Event()
        os.set_blocking(self._answers.fileno(), False)

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator["Nursery"]:
        """Hear what the lives say; whoever still lives at the end is killed."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._answers.fileno(), self._hear)
        try:
            async with asyncio.timeout(120):
                await self._ready.wait()
            yield self
        finally:
            for life in list(self._lives.values()):
                await life.kill()
            loop.remove_reader(self._answers.fileno())

    def bear(self, what: str, folder: Path, **order: Any) -> Life:
        """Begin a life of this kind (see `tests.chaos.life`); its log is kept in the folder."""
        number = next(self._numbers)
        life = self._lives[number] = Life(number, folder / "log")
        order |= {"number": number, "what": what, "folder": str(folder), "log": str(life.log)}
        self._orders.write(json.dumps(order).encode() + b"\n")
        self._orders.flush()
        return life

    def _hear(self) -> None:
        read = self._answers.read() or b""
        *whole, self._rest = (self._rest + read).split(b"\n")
        for line in whole:
            self._heard(json.loads(line))
        if not read:
            asyncio.get_running_loop().remove_reader(self._answers.fileno())

    def _heard(self, said: dict[str, Any]) -> None:
        if said["event"] == "ready":
            self._ready.set()
            return
        life = self._lives[said["number"]]
        if said["event"] == "born":
            life.pid = said["pid"]
        elif said["event"] == "line":
            life.lines.append(said["line"])
            life.served = life.served or said["line"].startswith("doithoai: ")
        else:
            life.code = said["code"]
            del self._lives[life.number]
        life.news.set()

    def close(self) -> None:
        """End the nursery, and with it every life."""
        self._orders.close()
        self._answers.close()
        self._process.wait(30)


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """A nursery, closed at the end."""
    one = Nursery()
    try:
        yield one
    finally:
        one.close()


def environment() -> dict[str, str]:
    """This process's own, without anybody's settings of the bot."""
    ours = ("TELEGRAM_", "DATABASE_", "PLAN_", "SANDBOX_", "DATA_", "ORGANISER_", "LOG_")
    ours += ("WEBHOOK_", "COURIER_", "HEALTH_", "METRICS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
