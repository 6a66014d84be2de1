"""Kill the program until something is lost, and print what was.

python -m tests.chaos --kills 300 --database both --seed 1
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.conversation import control_findings, conversation, findings
from tests.chaos.findings import Finding, table, unmet
from tests.chaos.ledger import KINDS
from tests.chaos.lives import Nursery, nursery
from tests.chaos.stage import stage_for

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


async def kills(
    kinds: list[str], nursery: Nursery, folder: Path, hits: int, seed: int
) -> dict[str, list[Finding]]:
    """People write, lives are killed: on each database, and the usual way beside them."""
    columns: dict[str, list[Finding]] = {}
    for kind in kinds:
        async with stage_for(kind, nursery, folder / f"kills-{kind}", seed) as stage:
            score = await conversation(stage, hits=hits, most=3 * hits)
            columns[NAMES[kind]] = findings(score, hits=hits)
    async with stage_for(
        "sqlite", nursery, folder / "kills-control", seed, is_control=True
    ) as stage:
        score = await conversation(stage, hits=max(5, hits // 5), most=hits)
        columns["control"] = control_findings(score)
    return columns


SCENARIOS = {"kills": ("Killed while people write", kills)}


async def run(given: argparse.Namespace, folder: Path) -> int:
    """Play every scenario that was asked for; 1 if a figure is not what it must be."""
    kinds = list(KINDS) if given.database == "both" else [given.database]
    failed = 0
    begun = time.monotonic()
    with nursery() as lives:
        for name in given.only or SCENARIOS:
            title, play = SCENARIOS[name]
            columns = await play(kinds, lives, folder, given.kills, given.seed)
            sys.stdout.write(f"{table(title, columns)}\n")
            sys.stdout.flush()
            failed += sum(len(unmet(column)) for column in columns.values())
    seconds = round(time.monotonic() - begun)
    sys.stdout.write(f"seed {given.seed}, {seconds} s; figures not as they must be: {failed}\n")
    return 1 if failed else 0


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="that must hit work, a database")
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--only", choices=SCENARIOS, nargs="+", help="these scenarios")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="doithoai-chaos-") as folder:
        return asyncio.run(run(given, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
