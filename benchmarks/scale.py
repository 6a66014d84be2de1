"""Turns a second with a million stored questions and 200,000 people, against a thousand.

    python benchmarks/scale.py --database sqlite

The same crowd of newcomers asks in both databases, in turn.
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import bots
from benchmarks.commands import command
from benchmarks.databases import kind, new_database
from benchmarks.seeding import seed
from benchmarks.sizes import Size
from benchmarks.table import Row, at_least, median, ratio
from benchmarks.turns import Run, one_run
from config.plan import load_plan


async def rows(where: str, size: Size) -> list[Row]:
    """The one row."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doithoai-scale-")))
        plan_file = bots.plan_for_today(folder)
        plan = load_plan(plan_file)
        small, large = [
            await stack.enter_async_context(new_database(where, folder)) for _ in range(2)
        ]
        await seed(small, plan, people=size.few_people, questions=size.few_questions)
        seconds = await seed(large, plan, people=size.many_people, questions=size.many_questions)
        os.sync()  # or the first commits would wait for the disk to take what was just filled in
        found: dict[str, list[Run]] = {small: [], large: []}
        for _ in range(size.runs):
            for address, runs in found.items():
                run = await one_run(
                    "ours", folder, size.at_once, size.rounds, address=address, plan=plan_file
                )
                runs.append(run)
        few, many = (median(found[one], lambda run: run.rate) for one in (small, large))
        return [
            Row(
                f"turns a second with {size.many_questions:,} stored questions and "
                f"{size.many_people:,} people, of those with {size.few_questions:,}",
                at_least(0.9),
                at_least(1.0),
                ratio(found[large], found[small], lambda run: run.rate),
                f"{many:.0f}/s of {few:.0f}/s; CPU of a turn "
                f"{ratio(found[large], found[small], lambda run: run.cpu):.2f} ×; "
                f"filled in {seconds:.0f} s",
                kind(where),
            )
        ]


if __name__ == "__main__":
    command(rows, __doc__)
