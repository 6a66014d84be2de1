"""What the benchmarks' command lines have in common."""

import argparse
import asyncio
import dataclasses
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from benchmarks.databases import POSTGRESQL, SQLITE
from benchmarks.sizes import FULL, QUICK, Size
from benchmarks.table import Row, report

Rows = Callable[[str, Size], Awaitable[list[Row]]]
"""The rows of one benchmark on one database (`sqlite` or a server's address)."""


def run_until_ended(work: Coroutine[Any, Any, bool]) -> bool:
    """Run it; a SIGTERM, too, ends the bots it has started and drops its databases."""

    async def watched() -> bool:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    return asyncio.run(watched())


def command(rows: Rows, words: str | None) -> None:
    """A benchmark of its own, with the options that all of them have."""
    parser = argparse.ArgumentParser(description=(words or "").splitlines()[0])
    add_options(parser)
    given = parser.parse_args()

    async def measure() -> bool:
        found = []
        for where in given.database or [SQLITE]:
            found += await rows(where, size_of(given))
        return report(found, given.json)

    sys.exit(0 if run_until_ended(measure()) else 1)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that all of them have."""
    parser.add_argument(
        "--database",
        action="append",
        help=f"`sqlite`, or a PostgreSQL server's address such as {POSTGRESQL}; may be repeated",
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: only to see it run")
    parser.add_argument(
        "--size",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="one size of benchmarks/sizes.py, such as messages=1000; may be repeated",
    )
    parser.add_argument("--json", type=Path, help="where the judged figures are kept")


def size_of(given: argparse.Namespace) -> Size:
    """The sizes that the options ask for; `BENCH_QUICK` in the environment counts as `--quick`."""
    size = QUICK if given.quick or os.environ.get("BENCH_QUICK") else FULL
    wanted = dict(one.split("=", 1) for one in given.size)
    return dataclasses.replace(
        size, **{name: type(getattr(size, name))(value) for name, value in wanted.items()}
    )
