"""One of several programs over one database: waits for a word, then plans and sends reminders.

python -m tests.bot.planner DATABASE BASE MOMENT FOLDER
"""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from tests.chat import FrozenClock, make_app


async def main(address: str, base: str, moment: str, folder: str) -> None:
    app = make_app(
        address,
        Path(folder),
        clock=FrozenClock(datetime.fromisoformat(moment)),
        courier_base=base,
    )
    async with app.database.snapshot() as session:
        await session.connection()
    print("ready", flush=True)  # noqa: T201  its parent waits for it
    await asyncio.to_thread(sys.stdin.readline)
    await app.nudge()
    while await app.courier.send_next() is not None:
        pass
    await app.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
