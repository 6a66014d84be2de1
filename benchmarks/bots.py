"""The four bots as processes of their own, and what the system says of them."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.phones import LocalApi
from bot.clock import Clock
from config.plan import move_conference
from config.settings import DEFAULT_PLAN

ROOT = Path(__file__).parent.parent
PEERS = Path(__file__).parent / "peers"
TOKEN = "1000000001:benchmark_benchmark_benchmark_bench"
BOT_ID = TOKEN.partition(":")[0]
ORGANISER = 900
COURIER_RATE = 25
BOTS = ("ours", "floor", "ptb", "fsm")
_START = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


class DiedError(Exception):
    """A bot ended before it should; its own last words follow."""


@dataclass
class Bot:
    """A bot that runs and asks for updates."""

    pid: int
    ready_seconds: float
    """From the start of the process to its first request for updates."""

    @property
    def peak_memory(self) -> int:
        """The most memory the process has held, in bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise LookupError("VmHWM")

    @property
    def cpu_seconds(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def plan_for_today(folder: Path) -> Path:
    """The first conference's plan, moved so that asking is open and that it is about noon there.

    At night the bot says nothing of its own accord, and a benchmark is run at any hour.
    """
    path = folder / "plan.toml"
    now = Clock()()
    east = 12 - now.hour
    move_conference(DEFAULT_PLAN, path, now.date() + timedelta(days=15))
    zone = f"Etc/GMT{-east:+d}"  # the sign in these names is the other way round
    text = path.read_text(encoding="utf-8").replace("Asia/Ho_Chi_Minh", zone)
    path.write_text(text, encoding="utf-8")
    return path


def our_settings(base: str, address: str, plan: Path, **more: str) -> dict[str, str]:
    """Everything `python -m bot run` is told."""
    return {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_BASE": base,
        "DATABASE_URL": address,
        "PLAN_FILE": str(plan),
        "DATA_DIR": str(plan.parent / "files"),
        "ORGANISER_IDS": str(ORGANISER),
        "COURIER_RATE": str(COURIER_RATE),
        **more,
    }


async def migrate(address: str, plan: Path) -> None:
    """Give a new database its schema, as a first start does."""
    child = await _start(
        ["-m", "bot", "migrate"], our_settings("", address, plan), plan.parent, plan.parent
    )
    if await child.wait() != 0:
        raise DiedError((plan.parent / "log").read_text()[-2000:])


@contextlib.asynccontextmanager
async def running(
    name: str,
    api: LocalApi,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    *,
    profile: Path | None = None,
) -> AsyncIterator[Bot]:
    """One of the four, from its start to its end by SIGTERM.

    Args:
        settings: of ours, as `our_settings` gives them.
        profile: where ours leaves cProfile's figures.
    """
    if name == "ours":
        watched = ["-m", "cProfile", "-o", str(profile)] if profile else []
        command = [*watched, "-m", "bot", "run"]
    else:
        command = [str(PEERS / f"{name}.py"), TOKEN, api.base]
        if name != "floor":
            command.append(str(folder / f"{name}.db"))
    api.polled.clear()
    began = time.perf_counter()
    child = await _start(command, settings or {}, folder, folder)
    ended = asyncio.ensure_future(child.wait())
    polled = asyncio.ensure_future(api.polled.wait())
    try:
        await asyncio.wait({ended, polled}, timeout=_START, return_when="FIRST_COMPLETED")
        if not polled.done() or ended.done():
            raise DiedError((folder / "log").read_text()[-2000:])
        yield Bot(child.pid, time.perf_counter() - began)
    finally:
        polled.cancel()
        if child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(asyncio.shield(ended), timeout=30)
            except TimeoutError:
                child.kill()
        await ended


async def _start(
    command: list[str], settings: Mapping[str, str], folder: Path, logs: Path
) -> asyncio.subprocess.Process:
    # In a folder of its own no `.env` of this machine has a say.
    with (logs / "log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
