"""One job in a process of its own: `python -m documents REQUEST`, the request being JSON.

It prints its progress as JSON lines, the last of which says what was written. A job may take as
long as it needs here: the bot's own process only reads these lines.
"""

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from conference.listing import ListFilters
from config.plan import load_plan
from config.texts import texts_for
from documents.listing import write_list
from documents.my_data import write_my_data
from storage.database import Database


def _print(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def run(request: dict[str, Any]) -> None:
    """Do the job that the request names.

    Its keys: `kind`, `database`, `plan`, `language`, `path`, `now` (ISO, aware), `parameters`.
    """
    plan = load_plan(Path(request["plan"]))
    texts = texts_for(request["language"])
    path = Path(request["path"])
    parameters = dict(request["parameters"])
    database = Database(request["database"])
    try:
        if request["kind"] == "my_data":
            async with database.snapshot() as session:
                written = await write_my_data(
                    session, plan, texts, path, person_id=parameters["person_id"]
                )
        else:
            written = await write_list(
                database,
                plan,
                texts,
                path,
                form=parameters.pop("form"),
                filters=ListFilters(**parameters),
                now=datetime.fromisoformat(request["now"]),
                progress=lambda done, total: _print(done=done, total=total),
            )
    finally:
        await database.close()
    _print(rows=written.rows, bytes=written.bytes_)


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.stdin.read())))
