"""Replies while a broadcast goes out and while everything is exported, against idle; memory.

    python benchmarks/disturbance.py --database sqlite

Newcomers ask at a fixed 20 updates a second, the same beside nothing, the broadcast and
the export. Then a crowd talks all at once while the export runs, and the same crowd talks to
floor: the most memory that the main processes have held.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import bots
from benchmarks.commands import command
from benchmarks.databases import kind, new_database
from benchmarks.phones import WARM_UP, LocalApi, Phone, Replies, Say, local_api, steady_load
from benchmarks.seeding import chats, seed
from benchmarks.sizes import Size
from benchmarks.table import Row, at_most, percentile
from config.plan import load_plan

_BREATH = 2.0
"""Seconds in which what went on before comes to its end."""


async def rows(where: str, size: Size) -> list[Row]:
    """Three rows over one database."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doithoai-beside-")))
        plan_file = bots.plan_for_today(folder)
        address = await stack.enter_async_context(new_database(where, folder))
        await seed(address, load_plan(plan_file), people=size.reached, questions=size.listed)

        @contextlib.asynccontextmanager
        async def ours() -> AsyncIterator[tuple[LocalApi, bots.Bot]]:
            async with local_api() as api:
                settings = bots.our_settings(api.base, address, plan_file)
                async with bots.running("ours", api, folder, settings) as bot:
                    yield api, bot

        async with ours() as (api, _):
            beside = await _replies(api, size)
        async with ours() as (api, bot):
            organiser = api.phone(bots.ORGANISER)
            async with asyncio.TaskGroup() as group:
                group.create_task(_export(api, organiser))
                group.create_task(api.crowd(size.at_once, size.at_once * size.rounds))
            memory = bot.peak_memory
        async with local_api() as api, bots.running("floor", api, folder) as floor:
            await api.crowd(size.at_once, size.at_once * size.rounds)
            floors = floor.peak_memory
    idle = percentile(beside["idle"], 0.95)
    return [
        *(
            Row(
                f"p95 of the replies while {what}, of idle",
                at_most(1.5),
                at_most(1.2),
                percentile(beside[name], 0.95) / idle,
                f"{percentile(beside[name], 0.95) * 1000:.0f} ms of {idle * 1000:.0f} ms, "
                f"{len(beside[name])} and {len(beside['idle'])} replies",
                kind(where),
            )
            for name, what in (
                ("broadcast", f"a broadcast to {size.reached:,} runs"),
                ("export", f"{size.listed:,} questions are exported"),
            )
        ),
        Row(
            f"peak memory during an export of {size.listed:,} questions, of floor's",
            at_most(1.5),
            at_most(1.3),
            memory / floors,
            f"{memory / 1e6:.0f} MB, floor {floors / 1e6:.0f} MB; main process",
            kind(where),
        ),
    ]


async def _replies(api: LocalApi, size: Size) -> dict[str, list[float]]:
    """The answers' seconds beside nothing, beside a broadcast, and beside an export."""
    organiser = api.phone(bots.ORGANISER)
    api.welcome(chats(size.reached))
    await api.crowd(WARM_UP, WARM_UP)
    found: dict[str, list[float]] = {"idle": [], "broadcast": [], "export": []}

    async def quiet() -> None:
        await asyncio.sleep(size.window)

    async def broadcast() -> None:
        await begin_broadcast(api, organiser)
        stop = organiser.button("b.stop:")
        await asyncio.sleep(size.window)
        await api.take(organiser, stop)

    async def export() -> None:
        await _export(api, organiser)

    async with steady_load(api, size.per_second) as replies:
        await asyncio.sleep(_BREATH)
        for _ in range(size.windows):
            for name, work in (("idle", quiet), ("broadcast", broadcast), ("export", export)):
                await asyncio.sleep(_BREATH)
                began = time.monotonic()
                await work()
                found[name] += await _between(replies, began, time.monotonic())
    return found


async def _between(replies: Replies, began: float, ended: float) -> list[float]:
    # Those asked just before the end are answered a little later.
    await asyncio.sleep(_BREATH)
    return replies.between(began, ended)


async def begin_broadcast(api: LocalApi, organiser: Phone) -> None:
    await api.take(organiser, Say("/thongbao Hội nghị diễn ra lúc 8 giờ, mời các bạn đến sớm."))
    await api.take(organiser, organiser.button("b.to:"))
    await api.take(organiser, organiser.button("b.send:"))


async def _export(api: LocalApi, organiser: Phone) -> None:
    await api.take(organiser, Say("/xuat xlsx"))
    await api.see_file(organiser)


if __name__ == "__main__":
    command(rows, __doc__)
