"""The courier at its rate, alone: a broadcast's messages as they arrive at the Bot API.

python benchmarks/courier.py --size messages=1000
"""

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import bots
from benchmarks.commands import command
from benchmarks.databases import kind, new_database
from benchmarks.disturbance import begin_broadcast
from benchmarks.phones import LocalApi, local_api
from benchmarks.seeding import chats, seed
from benchmarks.sizes import Size
from benchmarks.table import Row, at_least, at_most, most_in_a_second
from config.plan import load_plan

_SLOWEST = 3
"""A courier that takes so many times as long as allowed is not waited for."""


async def rows(where: str, size: Size) -> list[Row]:
    """The share of the rate, and the fullest second."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doithoai-courier-")))
        plan_file = bots.plan_for_today(folder)
        address = await stack.enter_async_context(new_database(where, folder))
        await seed(address, load_plan(plan_file), people=size.messages, questions=0)
        api = await stack.enter_async_context(local_api())
        settings = bots.our_settings(api.base, address, plan_file)
        await stack.enter_async_context(bots.running("ours", api, folder, settings))
        moments = await _arrivals(api, size.messages)
    seconds = moments[-1] - moments[0]
    beside = f"{len(moments):,} of {size.messages:,} messages in {seconds:.1f} s"
    allowed = f"{bots.COURIER_RATE} a second"
    return [
        Row(
            f"courier: share of the allowed rate ({allowed})",
            at_least(95, "%"),
            at_least(98, "%"),
            100 * (len(moments) - 1) / seconds / bots.COURIER_RATE,
            beside,
            kind(where),
        ),
        Row(
            f"courier: most messages in any one second ({allowed})",
            at_most(bots.COURIER_RATE, ""),
            None,
            most_in_a_second(moments),
            beside,
            kind(where),
        ),
    ]


async def _arrivals(api: LocalApi, messages: int) -> list[float]:
    """When each message of one broadcast arrived."""
    meant = set(chats(messages))
    api.welcome(meant)
    await begin_broadcast(api, api.phone(bots.ORGANISER))

    def found() -> list[float]:
        return [moment for moment, chat in api.arrived if chat in meant]

    async with asyncio.timeout(60 + _SLOWEST * messages / bots.COURIER_RATE):
        while len(found()) < messages:  # noqa: ASYNC110  another process sends them
            await asyncio.sleep(1)
    return found()


if __name__ == "__main__":
    command(rows, __doc__)
