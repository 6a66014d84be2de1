"""Turns a second of the whole asking conversation, beside three small bots in the same run.

    python benchmarks/turns.py --people 50 --rounds 4 --runs 3
    python benchmarks/turns.py --rounds 1 --runs 1 --only ours,floor    # less than a minute
    python benchmarks/turns.py --runs 1 --only ours --profile ours.prof

Every person is a newcomer: /hoi, consent, age, unit, topic, the words, send. Each step waits for
the answer to the one before it. The peers get the same messages and presses. Each bot is a process
of its own, started anew for each run, in turn; ours keeps everything in its database, which has
its schema before the clock starts.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import bots
from benchmarks.commands import run_until_ended
from benchmarks.databases import POSTGRESQL, SQLITE, kind, new_database
from benchmarks.phones import WARM_UP, Say, local_api
from benchmarks.sizes import Size
from benchmarks.table import (
    Row,
    at_least,
    at_most,
    environment,
    head,
    median,
    percentile,
    ratio,
    report,
    show,
)

MEGABYTE = 1e6
COLUMNS = (
    "bot", "turns/s", "× floor", "× ptb", "p50 ms", "p95 ms", "CPU ms a turn", "× floor",
    "bot busy", "API busy", "ready s", "× floor", "first answer s", "× floor", "MB", "× floor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """One bot under the crowd, once."""

    rate: float
    """Updates answered a second."""
    p50: float
    p95: float
    """Seconds from an update to its answer."""
    cpu: float
    """The bot's processor time for one update, in seconds."""
    busy: float
    """Share of a processor that the bot used."""
    api_busy: float
    """Share of a processor that the Bot API with its people used: near 1 it is the limit."""
    ready: float
    """Seconds from the start of the process to its first request for updates."""
    answered: float
    """Seconds from the start to the answer for somebody who wrote while no bot was running."""
    memory: float


async def one_run(
    name: str,
    folder: Path,
    people: int,
    rounds: int,
    *,
    address: str = "",
    plan: Path | None = None,
    profile: Path | None = None,
) -> Run:
    """Start one bot, let the crowd ask, and end it.

    Args:
        address: of ours, a database with its schema.
        plan: of ours.
        profile: where ours leaves cProfile's figures.
    """
    async with local_api() as api:
        settings = bots.our_settings(api.base, address, plan) if plan else None
        [early] = api.newcomers(1)
        answered = asyncio.ensure_future(api.take(early, Say("/hoi")))
        async with bots.running(name, api, folder, settings, profile=profile) as bot:
            await answered
            await api.crowd(WARM_UP, WARM_UP)
            began, own, used = time.perf_counter(), time.process_time(), bot.cpu_seconds
            took = await api.crowd(people, people * rounds)
            seconds = time.perf_counter() - began
            used = bot.cpu_seconds - used
            return Run(
                rate=len(took) / seconds,
                p50=percentile(took, 0.5),
                p95=percentile(took, 0.95),
                cpu=used / len(took),
                busy=used / seconds,
                api_busy=(time.process_time() - own) / seconds,
                ready=bot.ready_seconds,
                answered=answered.result(),
                memory=bot.peak_memory,
            )


async def compare(
    names: Sequence[str],
    where: str,
    people: int,
    rounds: int,
    runs: int,
    profile: Path | None = None,
) -> dict[str, list[Run]]:
    """Every bot so many times, in turn (A B C A B C …), each time with nothing kept before."""
    found: dict[str, list[Run]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            with tempfile.TemporaryDirectory(prefix="doithoai-turns-") as temporary:
                folder = Path(temporary)
                if name == "ours":
                    plan = bots.plan_for_today(folder)
                    async with new_database(where, folder) as address:
                        await bots.migrate(address, plan)
                        run = await one_run(
                            name,
                            folder,
                            people,
                            rounds,
                            address=address,
                            plan=plan,
                            profile=profile,
                        )
                else:
                    run = await one_run(name, folder, people, rounds)
            found[name].append(run)
    return found


def show_runs(found: dict[str, list[Run]]) -> None:
    """What each bot did, as medians, and its ratios to the others."""
    head(COLUMNS)
    for name, runs in found.items():
        floor, ptb = found.get("floor"), found.get("ptb")
        show(
            [
                name,
                f"{median(runs, lambda run: run.rate):.0f}",
                f"{ratio(runs, floor, lambda run: run.rate):.2f}" if floor else "",
                f"{ratio(runs, ptb, lambda run: run.rate):.2f}" if ptb else "",
                f"{median(runs, lambda run: run.p50) * 1000:.0f}",
                f"{median(runs, lambda run: run.p95) * 1000:.0f}",
                f"{median(runs, lambda run: run.cpu) * 1000:.2f}",
                f"{ratio(runs, floor, lambda run: run.cpu):.2f}" if floor else "",
                f"{median(runs, lambda run: run.busy):.0%}",
                f"{median(runs, lambda run: run.api_busy):.0%}",
                f"{median(runs, lambda run: run.ready):.2f}",
                f"{ratio(runs, floor, lambda run: run.ready):.2f}" if floor else "",
                f"{median(runs, lambda run: run.answered):.2f}",
                f"{ratio(runs, floor, lambda run: run.answered):.2f}" if floor else "",
                f"{median(runs, lambda run: run.memory) / MEGABYTE:.0f}",
                f"{ratio(runs, floor, lambda run: run.memory):.2f}" if floor else "",
            ]
        )


def rows(found: dict[str, list[Run]], database: str) -> list[Row]:
    """What must hold of these runs, as far as those it is measured by took part."""
    ours, floor, ptb = (found.get(name) for name in ("ours", "floor", "ptb"))
    if ours is None or floor is None:
        return []
    rates = ", ".join(
        f"{name} {median(runs, lambda run: run.rate):.0f}/s" for name, runs in found.items()
    )
    # Said of SQLite: on a server every statement is a round trip, and a bare bot has none.
    is_asked = database == kind(SQLITE)
    p95, floors = (median(runs, lambda run: run.p95) for runs in (ours, floor))
    judged = [
        Row(
            "turns a second, whole asking conversation, everything durable, of floor's",
            at_least(0.25) if is_asked else None,
            at_least(0.4) if is_asked else at_least(0.25),
            ratio(ours, floor, lambda run: run.rate),
            rates,
            database,
        ),
        Row(
            "p95 of the replies, 50 at once",
            at_most(1.5, "s"),
            at_most(round(2 * floors, 3), "s"),
            p95,
            f"floor {floors:.2f} s",
            database,
        ),
        Row(
            "start to ready, of floor's",
            at_most(1.3),
            at_most(1.15),
            ratio(ours, floor, lambda run: run.ready),
            f"ours {median(ours, lambda run: run.ready):.2f} s, "
            f"floor {median(floor, lambda run: run.ready):.2f} s",
            database,
        ),
        Row(
            "start to the first answer, of floor's",
            at_most(1.3),
            at_most(1.15),
            ratio(ours, floor, lambda run: run.answered),
            f"ours {median(ours, lambda run: run.answered):.2f} s, "
            f"floor {median(floor, lambda run: run.answered):.2f} s",
            database,
        ),
    ]
    if ptb is not None:
        judged.insert(
            1,
            Row(
                "the same, of ptb's",
                at_least(0.7) if is_asked else None,
                None if is_asked else at_least(0.7),
                ratio(ours, ptb, lambda run: run.rate),
                rates,
                database,
            ),
        )
    return judged


async def rows_of(where: str, size: Size) -> list[Row]:
    """The rows of all four bots; what each of them did is printed before."""
    found = await compare(bots.BOTS, where, size.at_once, size.rounds, size.runs)
    print(f"\n{kind(where)}; {size.at_once} people at once\n")
    show_runs(found)
    return rows(found, kind(where))


async def main(given: argparse.Namespace) -> bool:
    database = kind(given.database)
    profile = given.profile.resolve() if given.profile else None
    print(
        f"{database}; {environment()}; {given.people} people at once, "
        f"{given.rounds} conversations each, medians of {given.runs}\n"
    )
    found = await compare(
        given.only.split(","), given.database, given.people, given.rounds, given.runs, profile
    )
    show_runs(found)
    return report(rows(found, database), given.json)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=50, help="at once")
    parser.add_argument("--rounds", type=int, default=4, help="conversations for each of them")
    parser.add_argument("--runs", type=int, default=3, help="of each bot, in turn")
    parser.add_argument("--only", default=",".join(bots.BOTS), help="some of the bots")
    parser.add_argument(
        "--database", default=SQLITE, help=f"`sqlite` or a server, such as {POSTGRESQL}"
    )
    parser.add_argument("--profile", type=Path, help="where ours leaves cProfile's figures")
    parser.add_argument("--json", type=Path, help="where the judged figures are kept")
    sys.exit(0 if run_until_ended(main(parser.parse_args())) else 1)
