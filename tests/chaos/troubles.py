"""One trouble after another while people write: nothing lost, nobody dead, healthy by itself.

After each trouble the program is *healthy again* when as many questions as there are people have
been asked from beginning to receipt. Waiting is made shorter (`haste`), never left out: what the
program does after 35 seconds it does here after two. The platform's troubles are ordered at the
local Bot API. A full disk is SQLite's own SQLITE_FULL, got by forbidding it another page; on
PostgreSQL a trigger raises the error (53100) with which a server whose disk is full refuses. The
database is away when another process holds SQLite's write lock, or when the wire to PostgreSQL is
cut. The clock is set back an hour in the living process.
"""

import asyncio
import contextlib
import re
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import updates
from tests.chaos.conversation import (
    PEOPLE,
    Crowd,
    Score,
    after_sigterm,
    count_questions,
    count_replies,
    crowd_of,
)
from tests.chaos.findings import Finding, zero
from tests.chaos.lives import Life
from tests.chaos.proxy import Wire, wire_to
from tests.chaos.stage import DRAIN_SECONDS, Stage, reach

HASTE = 20
_RECOVERY_SECONDS = 90.0
_SPOKEN = ("sendMessage", "editMessageText")
_FAULTS: dict[str, list[dict[str, Any]]] = {
    "500": [{"status": 500, "times": 2, "method": method} for method in (*_SPOKEN, "getUpdates")],
    "502 and a page of HTML": [
        {"status": 502, "body": "garbage", "times": 2, "method": method}
        for method in (*_SPOKEN, "getUpdates")
    ],
    "429, retry_after 35": [
        {"status": 429, "retry_after": 35, "times": 2, "method": method}
        for method in (*_SPOKEN, "getUpdates")
    ],
    "no answer in time": [
        {"delay_ms": 4000, "times": 2, "method": method} for method in (*_SPOKEN, "getUpdates")
    ],
    "reset before delivery": [
        {"drop": True, "times": 2, "method": method} for method in (*_SPOKEN, "getUpdates")
    ],
    "reset after delivery": [
        {"drop": True, "after_delivery": True, "times": 2, "method": method}
        for method in (*_SPOKEN, "getUpdates")
    ],
    "truncated body": [
        {"body": "truncated", "times": 2, "method": method} for method in (*_SPOKEN, "getUpdates")
    ],
    "garbage body": [
        {"body": "garbage", "times": 2, "method": method} for method in (*_SPOKEN, "getUpdates")
    ],
    "latency of 0.3 s": [{"delay_ms": 300, "times": 40}],
}
_STRANGE: tuple[dict[str, Any], ...] = (
    {"mystery": {"chat": {"id": 7_000_000_001, "type": "private"}}},
    {"message": {"message_id": "x", "chat": {"id": 7_000_000_002}, "date": "yesterday"}},
    {"message": ["no", "object"]},
)
"""Updates of unknown shape."""
_DISK_FULL = (
    (
        "CREATE FUNCTION chaos_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';"
        " END $$"
    ),
    "CREATE TRIGGER chaos_full_inbox BEFORE INSERT ON inbox EXECUTE FUNCTION chaos_full()",
    "CREATE TRIGGER chaos_full_outbox BEFORE INSERT ON outbox EXECUTE FUNCTION chaos_full()",
)
_DISK_FREE = (
    "DROP TRIGGER chaos_full_inbox ON inbox",
    "DROP TRIGGER chaos_full_outbox ON outbox",
    "DROP FUNCTION chaos_full()",
)


@dataclass
class Troubles:
    """What became of a run."""

    score: Score = field(default_factory=Score)
    recovery: dict[str, float | None] = field(default_factory=dict)
    """Seconds from the end of each trouble until everybody had been served again."""
    unsaid: list[str] = field(default_factory=list)
    """Troubles of which the log says nothing that an operator could understand."""
    unmet: list[str] = field(default_factory=list)
    """Faults that never came to pass: nothing was shown of them."""
    dead: list[str] = field(default_factory=list)
    """Troubles in which the process ended."""


@dataclass
class _Scene:
    stage: Stage
    life: Life
    crowd: Crowd
    wire: Wire | None
    found: Troubles

    @contextlib.asynccontextmanager
    async def trouble(self, name: str, says: str) -> AsyncIterator[None]:
        """What happens inside is the trouble; afterwards everybody must be served again.

        Args:
            name: as the table has it.
            says: what a line of the log must hold (a regular expression).
        """
        before = len(self.stage.log)
        yield
        begun = time.monotonic()
        wanted = sum(one.has_receipt for one in self.crowd.questions) + PEOPLE

        async def is_healthy() -> bool:
            return sum(one.has_receipt for one in self.crowd.questions) >= wanted

        is_well = await reach(is_healthy, _RECOVERY_SECONDS)
        self.found.recovery[name] = time.monotonic() - begun if is_well else None
        if not re.search(says, self.stage.log[before:]):
            self.found.unsaid.append(name)
        if self.life.is_over:
            self.found.dead.append(name)
            self.life = await _begin(self.stage)

    async def until_said(self, says: str, seconds: float) -> None:
        """Wait until the log of this trouble says it."""
        before = len(self.stage.log)

        async def is_said() -> bool:
            return re.search(says, self.stage.log[before:]) is not None

        await reach(is_said, seconds)


async def _begin(stage: Stage) -> Life:
    return await stage.serving(haste=HASTE, ticks=HASTE)


async def troubled(stage: Stage, *, away: float) -> Troubles:
    """Everything that can go wrong around the program, one after another.

    Args:
        stage: where.
        away: seconds for which the database cannot be reached.
    """
    begun = time.monotonic()
    found = Troubles()
    async with contextlib.AsyncExitStack() as stack:
        wire = None
        if stage.ledger.path is None:
            wire = await stack.enter_async_context(wire_to(stage.ledger.address))
            stage.address = wire.address
        life = await _begin(stage)
        crowd = crowd_of(stage, away=away)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        crowd.begin(group)
        scene = _Scene(stage, life, crowd, wire, found)
        for name, rules in _FAULTS.items():
            await _fault(scene, name, rules)
        await _strange_updates(scene)
        await _disk_full(scene)
        await _database_away(scene, away)
        await _clock_back(scene)
        await crowd.end(120)
        score = found.score
        score.is_quiet = await stage.until_quiet(120)
        score.ends.append(await scene.life.finish(DRAIN_SECONDS * 3))
    await count_questions(stage, score, crowd)
    await count_replies(stage, score, crowd)
    score.seconds = time.monotonic() - begun
    return found


async def _fault(scene: _Scene, name: str, rules: list[dict[str, Any]]) -> None:
    platform = scene.stage.platform
    says = "" if "latency" in name else r"WARNING|ERROR"
    async with scene.trouble(name, says):
        for rule in rules:
            platform.will(**rule)

        async def is_over() -> bool:
            return platform.faults_left() == 0

        if not await reach(is_over, 60):
            scene.found.unmet.append(name)
        platform.calm()


async def _strange_updates(scene: _Scene) -> None:
    store = scene.stage.platform.store
    async with scene.trouble("updates of unknown shape", "UnknownShapeError"):
        with store.transaction():
            for update in _STRANGE:
                updates.inject(store, update)


async def _disk_full(scene: _Scene) -> None:
    says = r"the disk is full"
    async with scene.trouble("disk full", says):
        await _fill(scene, is_full=True)
        await scene.until_said(says, 30)
        await _fill(scene, is_full=False)


async def _fill(scene: _Scene, *, is_full: bool) -> None:
    if scene.wire is None:
        scene.life.send(signal.SIGUSR2)
    else:
        await scene.stage.ledger.do(*(_DISK_FULL if is_full else _DISK_FREE))


async def _database_away(scene: _Scene, seconds: float) -> None:
    async with scene.trouble("database away", r"the database (cannot be reached|is held)"):
        cut, mend = _ways(scene)
        cut()
        try:
            # It stays away for as long as was said, whatever the program does meanwhile.
            await asyncio.sleep(seconds)
        finally:
            mend()


def _ways(scene: _Scene) -> tuple[Callable[[], None], Callable[[], None]]:
    if scene.wire is not None:
        return scene.wire.cut, scene.wire.mend
    path = scene.stage.ledger.path
    assert path is not None
    holder = sqlite3.connect(path, isolation_level=None, timeout=10)
    return lambda: holder.execute("BEGIN IMMEDIATE"), holder.close


async def _clock_back(scene: _Scene) -> None:
    says = r"the clock was set back"
    async with scene.trouble("clock set back an hour", says):
        scene.life.send(signal.SIGUSR1)
        await scene.until_said(says, 15)


def findings(found: Troubles) -> list[Finding]:
    """The program's figures, with what they must be."""
    score = found.score
    lines = [
        Finding(
            f"{name}: served again after, s",
            "never" if seconds is None else f"{seconds:.1f}",
            f"≤ {_RECOVERY_SECONDS:.0f}",
            seconds is not None,
        )
        for name, seconds in found.recovery.items()
    ]
    unsaid, dead = ", ".join(found.unsaid) or "none", ", ".join(found.dead) or "none"
    return [
        *lines,
        Finding("troubles that ended the process", dead, "none", not found.dead),
        Finding("troubles without a clear log line", unsaid, "none", not found.unsaid),
        Finding("faults never met", ", ".join(found.unmet) or "none", "none", not found.unmet),
        Finding("questions accepted", score.accepted),
        zero("questions lost", score.lost),
        zero("questions stored twice", score.twice),
        zero("questions out of order in their chat", score.disordered),
        zero("stored texts that nobody wrote", score.unknown),
        Finding("replies", score.replies),
        zero("replies lost", score.replies_lost),
        Finding("everything finished in the end", score.is_quiet, "True", score.is_quiet),
        *after_sigterm(score.ends),
        Finding("duration, s", round(score.seconds)),
    ]
