"""Kill the program until something is lost, and print what was.

    python -m tests.chaos --kills 300 --database both --seed 1

The exit code is 1 when a figure is not what it must be; a run that could not have shown a fault
(no kill hit work, the control lost nothing) counts as one that has not met it.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos import absence, conversation, invites, nudges, troubles
from tests.chaos.findings import Finding, table, unmet
from tests.chaos.ledger import KINDS
from tests.chaos.lives import Nursery, nursery
from tests.chaos.stage import Stage, stage_for

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
CONTROL = "control"
PROCESSES = {"sqlite": 1, "postgresql": 4}
_NUDGE_KILLS = 40


@dataclass
class Run:
    """What one call of the command line asks for."""

    kinds: list[str]
    lives: Nursery
    folder: Path
    kills: int
    nudges: int
    links: int
    away: float
    seed: int

    async def on(
        self,
        kind: str,
        play: Callable[[Stage], Awaitable[list[Finding]]],
        *,
        name: str,
        **how: bool,
    ) -> list[Finding]:
        """Play something on a stage of its own."""
        where, begun = self.folder / f"{name}-{kind}", time.monotonic()
        async with stage_for(kind, self.lives, where, self.seed, **how) as stage:
            found = await play(stage)
        missed = ", ".join(one.figure for one in unmet(found)) or "none"
        seconds = round(time.monotonic() - begun)
        sys.stderr.write(f"{name}, {kind}: {seconds} s, not as they must be: {missed}\n")
        return found


async def kills(run: Run) -> dict[str, list[Finding]]:
    """People write while lives are killed; and the usual way under the same kills."""

    async def ours(stage: Stage) -> list[Finding]:
        score = await conversation.conversation(stage, hits=run.kills, most=3 * run.kills)
        return conversation.findings(score, hits=run.kills)

    async def usual(stage: Stage) -> list[Finding]:
        hits = max(5, run.kills // 5)
        score = await conversation.conversation(stage, hits=hits, most=2 * hits)
        return conversation.control_findings(score)

    columns = {NAMES[kind]: await run.on(kind, ours, name="kills") for kind in run.kinds}
    columns[CONTROL] = await run.on("sqlite", usual, name="usual", is_control=True)
    return columns


async def reminders(run: Run) -> dict[str, list[Finding]]:
    """Reminders under kills; several processes on PostgreSQL, naive ones beside them."""

    async def ours(stage: Stage) -> list[Finding]:
        processes = 1 if stage.ledger.path else PROCESSES["postgresql"]
        people = run.nudges // 5 if stage.ledger.path else run.nudges
        hits = min(_NUDGE_KILLS, run.kills)
        score = await nudges.nudging(stage, people=people, processes=processes, kills=hits)
        return nudges.findings(score, kills=hits)

    async def usual(stage: Stage) -> list[Finding]:
        score = await nudges.naive(
            stage, people=max(200, run.nudges // 10), processes=PROCESSES["postgresql"], kills=10
        )
        return nudges.naive_findings(score)

    async def moved(stage: Stage) -> list[Finding]:
        score = await nudges.moving(stage, people=max(100, run.nudges // 20))
        return nudges.moving_findings(score)

    columns = {}
    for kind in run.kinds:
        found = await run.on(kind, ours, name="reminders")
        columns[NAMES[kind]] = [*found, *await run.on(kind, moved, name="moved")]
    if "postgresql" in run.kinds:
        columns[CONTROL] = await run.on("postgresql", usual, name="naive", is_control=True)
    return columns


async def links(run: Run) -> dict[str, list[Finding]]:
    """Fifteen people race for each link."""

    async def ours(stage: Stage) -> list[Finding]:
        processes = 1 if stage.ledger.path else PROCESSES["postgresql"]
        return invites.findings(await invites.racing(stage, links=run.links, processes=processes))

    async def usual(stage: Stage) -> list[Finding]:
        count = max(10, run.links // 5)
        return invites.control_findings(
            count, await invites.checking_first(stage.ledger, links=count)
        )

    columns = {NAMES[kind]: await run.on(kind, ours, name="links") for kind in run.kinds}
    if "postgresql" in run.kinds:
        columns[CONTROL] = await run.on("postgresql", usual, name="checking", is_control=True)
    return columns


async def faults(run: Run) -> dict[str, list[Finding]]:
    """The Bot API's faults, a full disk, a database that is away, a clock that is set back."""

    async def ours(stage: Stage) -> list[Finding]:
        return troubles.findings(await troubles.troubled(stage, away=run.away))

    async def gone(stage: Stage) -> list[Finding]:
        return absence.findings(await absence.away(stage))

    columns = {}
    for kind in run.kinds:
        found = await run.on(kind, ours, name="troubles")
        columns[NAMES[kind]] = [*found, *await run.on(kind, gone, name="away")]
    return columns


SCENARIOS = {
    "kills": ("Killed while people write", kills),
    "nudges": ("Reminders under kills", reminders),
    "invites": ("Races for one-time links", links),
    "troubles": ("Everything else that goes wrong", faults),
}


async def play_all(given: argparse.Namespace, folder: Path) -> int:
    """Play what was asked for and print it; 1 if a figure is not what it must be."""
    kinds = list(KINDS) if given.database == "both" else [given.database]
    failed, begun = 0, time.monotonic()
    with nursery() as lives:
        run = Run(
            kinds, lives, folder, given.kills, given.nudges, given.links, given.away, given.seed
        )
        for name in given.only or SCENARIOS:
            title, play = SCENARIOS[name]
            columns = await play(run)
            sys.stdout.write(f"{table(title, columns)}\n")
            sys.stdout.flush()
            failed += sum(len(unmet(column)) for column in columns.values())
    seconds = round(time.monotonic() - begun)
    sys.stdout.write(f"Seed {given.seed}; {seconds} s; figures not as they must be: {failed}.\n")
    return 1 if failed else 0


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="that must hit work, a database")
    parser.add_argument("--nudges", type=int, default=10_000, help="people to be reminded")
    parser.add_argument("--links", type=int, default=200, help="one-time links to race for")
    parser.add_argument("--away", type=float, default=60, help="seconds without the database")
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--only", choices=SCENARIOS, nargs="+", help="these scenarios")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="doithoai-chaos-") as folder:
        try:
            return asyncio.run(_until_told_to_end(play_all(given, Path(folder))))
        except (asyncio.CancelledError, KeyboardInterrupt):
            return 130


async def _until_told_to_end(work: Coroutine[Any, Any, int]) -> int:
    """SIGTERM is as good as Ctrl-C: every process is ended and every database dropped."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


if __name__ == "__main__":
    sys.exit(main())
