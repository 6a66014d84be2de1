"""Every figure of speed and size, one after another: `make bench`, or `BENCH_QUICK=1 make bench`.

    python benchmarks/bench.py --json figures.json

On SQLite, and on PostgreSQL as well where a server is reached. The exit code is 1 when a figure
is not what it must be, or a benchmark came to nothing.
"""

import argparse
import dataclasses
import os
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import asyncpg

from benchmarks import courier, disturbance, planning, scale, turns, xlsx
from benchmarks.commands import Rows, add_options, run_until_ended, size_of
from benchmarks.databases import POSTGRESQL, SQLITE, kind
from benchmarks.sizes import Size
from benchmarks.table import Row, report

ALL: dict[str, Rows] = {
    "turns": turns.rows_of,
    "scale": scale.rows,
    "disturbance": disturbance.rows,
    "planning": planning.rows,
    "courier": courier.rows,
    "xlsx": xlsx.rows,
}
_SHORTER = 4
"""On the second database the courier, whose time is the messages', sends so much less."""
_SQLITE_ONLY = {"xlsx"}
"""What the database has next to no part in."""


async def places() -> list[str]:
    """SQLite, and PostgreSQL if there is a server to make databases on."""
    address = os.environ.get("TEST_POSTGRESQL_URL", POSTGRESQL)
    try:
        server = await asyncpg.connect(address)
    except (OSError, asyncpg.PostgresError) as error:
        print(f"PostgreSQL is left out: {type(error).__name__}", flush=True)
        return [SQLITE]
    await server.close()
    return [SQLITE, address]


async def main(given: argparse.Namespace) -> bool:
    size = size_of(given)
    rows: list[Row] = []
    is_whole = True
    for where in given.database or await places():
        for name in given.only.split(","):
            if where != SQLITE and name in _SQLITE_ONLY:
                continue
            began = time.monotonic()
            try:
                rows += await ALL[name](where, _size_on(where, size))
            except Exception:  # noqa: BLE001  the other figures are still worth having
                traceback.print_exc()
                is_whole = False
            print(f"{name}, {kind(where)}: {time.monotonic() - began:.0f} s", flush=True)
    return report(rows, given.json) and is_whole


def _size_on(where: str, size: Size) -> Size:
    if where == SQLITE:
        return size
    return dataclasses.replace(size, messages=size.messages // _SHORTER)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--only", default=",".join(ALL), help="some of the benchmarks")
    sys.exit(0 if run_until_ended(main(parser.parse_args())) else 1)
