"""One job in a process of its own: `python -m documents REQUEST`, the request being JSON.

It prints its progress as JSON lines. The last one lists the `files` to hand over, in order, each
with its `path`, how it is `shown_as` (`photo` or `document`) and its `caption`: plain text. A job
may take as long as it needs here: the bot's own process only reads these lines, and when both have
something to do, the bot goes first.
"""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from conference.listing import ListFilters
from config.plan import load_plan
from config.texts import texts_for
from documents.charts import write_statistics
from documents.listing import write_list
from documents.my_data import write_my_data
from documents.poster import write_poster
from documents.written_file import Handout
from storage.database import Database

_GIVES_WAY = 10
"""Niceness: a tenth of a processor that the bot wants too, so that no job starves."""


def _give_way() -> None:
    """Let the replies have the processor first."""
    if hasattr(os, "nice"):
        os.nice(_GIVES_WAY)
    if hasattr(os, "SCHED_BATCH"):
        # A job that comes back from the disk does not push aside whoever runs.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    with contextlib.suppress(OSError):
        # Linux may share processors out between sessions first, and a job is one of its own.
        Path("/proc/self/autogroup").write_text(str(_GIVES_WAY), encoding="ascii")


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
    now = datetime.fromisoformat(request["now"])
    form = parameters.pop("form", "")
    database = Database(request["database"])
    try:
        if request["kind"] == "export":
            written = await write_list(
                database,
                plan,
                texts,
                path,
                form=form,
                filters=ListFilters(**parameters),
                now=now,
                progress=lambda done, total: _print(done=done, total=total),
            )
            files = [Handout(written.path)]
        else:
            async with database.snapshot() as session:
                if request["kind"] == "my_data":
                    written = await write_my_data(session, plan, texts, path, **parameters)
                    files = [Handout(written.path)]
                elif request["kind"] == "stats":
                    files = await write_statistics(session, plan, texts, path, now=now)
                else:
                    files = await write_poster(
                        session,
                        plan,
                        texts,
                        path,
                        unit_code=parameters["unit"],
                        link=parameters["link"],
                    )
    finally:
        await database.close()
    _print(files=[asdict(one) | {"path": str(one.path)} for one in files])


if __name__ == "__main__":
    _give_way()
    asyncio.run(run(json.loads(sys.stdin.read())))
