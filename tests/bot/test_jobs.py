import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.app import App, opened
from bot.inbox import store_updates
from bot.jobs import FILES_KEPT
from config.plan import load_plan
from config.texts import texts_for
from storage.tables import Job, JobState
from tests.bot.conftest import reply_rows, until
from tests.chat import (
    ORGANISER,
    PLAN_FILE,
    Chat,
    FrozenClock,
    RecordingPlatform,
    chat_with,
    make_app,
)

WORDS = texts_for("vi")
FAILED = WORDS.plain("job-failed")
FINISHED = WORDS.plain("job-finished")
CSV = "danh-sach-cau-hoi-HB22-2022-05-10.csv"
XLSX = "danh-sach-cau-hoi-HB22-2022-05-10.xlsx"

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a FIFO holds the job up")


class LivePlatform(RecordingPlatform):
    """Telegram's side for an app that really runs: updates come by long polling."""

    def __init__(self) -> None:
        super().__init__()
        self.incoming: asyncio.Queue[dict] = asyncio.Queue()

    async def call(self, method, parameters, **more):
        if method == "getUpdates":
            return [await self.incoming.get()]
        return await super().call(method, parameters, **more)


@dataclass
class Held:
    """A running app whose job's process stands still until the plan is let through."""

    app: App
    platform: LivePlatform
    running: asyncio.Task[None]
    pipe: Path

    async def begun(self) -> int:
        """Wait until the job's process asks for the plan; returns the open end of the pipe."""
        while True:
            try:
                return os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                await asyncio.sleep(0.01)

    def let_through(self, end: int) -> None:
        os.set_blocking(end, True)
        with os.fdopen(end, "wb") as plan:
            plan.write(PLAN_FILE.read_bytes())

    async def stop(self) -> None:
        self.running.cancel()
        await asyncio.wait({self.running})


@contextlib.asynccontextmanager
async def held(address: str, folder: Path) -> AsyncIterator[Held]:
    pipe = folder / "plan.toml"
    os.mkfifo(pipe)
    platform = LivePlatform()
    app = make_app(address, folder, plan=load_plan(PLAN_FILE), plan_file=pipe, platform=platform)
    async with opened(app):
        it = Held(app, platform, asyncio.ensure_future(app.run()), pipe)
        try:
            yield it
        finally:
            await it.stop()


async def jobs(app: App) -> list[Job]:
    async with app.database.snapshot() as session:
        return list(await session.scalars(select(Job).order_by(Job.id)))


_OTHERS: set[int] = set()
"""Living processes that earlier tests' fixtures have started, such as a browser."""


@pytest.fixture(autouse=True)
def _others() -> None:
    _OTHERS.clear()
    _OTHERS.update(children())


def children() -> dict[int, list[str]]:
    """The living processes that this test has started, and their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) not in _OTHERS:
            with contextlib.suppress(OSError):
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == os.getpid():
                    words = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                    found[int(entry.name)] = [word.decode() for word in words]
    return found


async def test_exports_arrive_one_after_the_other(app: App, organiser: Chat, tmp_path: Path):
    member = chat_with(app)
    await member.join()
    await member.ask("Đồ ăn bán trước cổng trường do ai kiểm tra?")
    app.workshop.progress_every = 0
    organiser.platform.calls.clear()
    await organiser.deliver(
        organiser.text_update("/export csv"), organiser.text_update("/export xlsx")
    )
    assert [(chat, name) for chat, name, _ in organiser.platform.documents] == [
        (str(ORGANISER), CSV),
        (str(ORGANISER), XLSX),
    ]
    [_, content] = organiser.platform.documents[0][2].decode("utf-8-sig").splitlines()
    assert "Đồ ăn bán trước cổng trường do ai kiểm tra?" in content
    edits = [p["text"] for method, p in organiser.platform.calls if method == "editMessageText"]
    assert edits == [WORDS.plain("job-progress", percent=100), FINISHED] * 2
    assert [(job.state, job.attempts, job.error) for job in await jobs(app)] == [
        (JobState.finished, 1, None)
    ] * 2
    files = sorted(path for path in (tmp_path / "files").rglob("*") if path.is_file())
    assert [path.name for path in files] == [CSV, XLSX]
    assert [oct(path.stat().st_mode & 0o777) for path in files] == ["0o600"] * 2
    assert [oct(path.parent.stat().st_mode & 0o777) for path in files] == ["0o700"] * 2

    clock = app.clock
    assert isinstance(clock, FrozenClock)
    clock.moment += FILES_KEPT - timedelta(seconds=1)
    await app.workshop.sweep()
    assert [path.exists() for path in files] == [True] * 2
    clock.moment += timedelta(seconds=2)
    await app.workshop.sweep()
    assert list((tmp_path / "files").iterdir()) == []


async def test_a_process_that_fails_is_started_once_more_and_then_the_fault_is_ours(
    app: App, organiser: Chat, tmp_path: Path, caplog
):
    app.workshop.plan_file = tmp_path / "CANARY.toml"
    await organiser.send("/export csv")
    assert organiser.said == FAILED
    [job] = await jobs(app)
    assert (job.state, job.attempts) == (JobState.failed, 2)
    assert job.error is not None
    assert job.error.startswith("exit 1: ")
    lines = [r.getMessage() for r in caplog.records if r.name == "bot.jobs"]
    assert lines == [f"job {job.id} (export) failed: {job.error}"] * 2
    assert "CANARY" not in caplog.text
    assert organiser.platform.documents == []


@pytest.mark.parametrize("database_address", ["sqlite"], indirect=True)
async def test_a_process_that_hangs_and_a_file_too_large_are_our_faults(
    database_address: str, tmp_path: Path
):
    async with held(database_address, tmp_path) as it:
        await it.stop()
        it.app.workshop.longest = 0.1
        organiser = chat_with(it.app, ORGANISER)
        await organiser.send("/export csv")
        assert organiser.said == FAILED
        assert children() == {}
        it.app.workshop.longest = 60
        it.app.workshop.largest = 10
        it.app.workshop.plan_file = PLAN_FILE
        await organiser.send("/export csv")
        assert organiser.said == FAILED
        assert [(job.state, job.error) for job in await jobs(it.app)] == [
            (JobState.failed, "it took too long"),
            (JobState.failed, "a file is too large to be sent"),
        ]
    assert it.platform.documents == []


async def test_a_job_of_a_kind_that_nobody_makes_is_our_fault(app: App, organiser: Chat):
    async with app.database.transaction() as session:
        await store_updates(
            session, str(app.bot.id), [organiser.text_update("/export csv")], app.clock()
        )
    await app.turns.run_waiting()
    async with app.database.transaction() as session:
        await session.execute(update(Job).values(kind="wish"))
    await app.settle()
    assert [(job.state, job.error) for job in await jobs(app)] == [(JobState.failed, "KeyError")]
    assert organiser.said == FAILED


async def test_everybody_is_answered_while_a_job_runs(database_address: str, tmp_path: Path):
    loop = asyncio.get_running_loop()
    async with held(database_address, tmp_path) as it:
        organiser, member = chat_with(it.app, ORGANISER), chat_with(it.app)
        it.platform.incoming.put_nowait(organiser.text_update("/export csv"))
        end = await it.begun()
        assert list(children().values()) == [[os.sys.executable, "-m", "documents"]]
        took = []
        for chat in (member, organiser):
            begun = loop.time()
            it.platform.incoming.put_nowait(chat.text_update("/hoi"))
            shown = len(chat.shown)
            await until(lambda chat=chat, shown=shown: len(chat.shown) > shown)
            took.append(loop.time() - begun)
        begun = loop.time()
        [yes] = [data for label, data in member.screen.buttons if label == "Đồng ý"]
        press = member.callback(yes, member.screen.message_id)
        it.platform.incoming.put_nowait({"update_id": 9000, "callback_query": press})
        await until(lambda: "18–30" in member.labels)
        took.append(loop.time() - begun)
        assert [job.state for job in await jobs(it.app)] == [JobState.running]
        assert max(took) < 5
        it.let_through(end)
        await until(lambda: it.platform.documents)
    assert [name for _, name, _ in it.platform.documents] == [CSV]


async def test_a_job_that_is_cut_off_is_done_after_the_restart(
    database_address: str, tmp_path: Path
):
    loop = asyncio.get_running_loop()
    async with held(database_address, tmp_path) as it:
        organiser = chat_with(it.app, ORGANISER)
        it.platform.incoming.put_nowait(organiser.text_update("/export csv"))
        end = await it.begun()
        begun = loop.time()
        await it.stop()
        assert loop.time() - begun < 5
        assert children() == {}
        os.close(end)
        assert [job.state for job in await jobs(it.app)] == [JobState.running]
    async with opened(make_app(database_address, tmp_path, platform=it.platform)) as again:
        await again.settle()
        assert [(job.state, job.attempts) for job in await jobs(again)] == [(JobState.finished, 2)]
    assert [name for _, name, _ in it.platform.documents] == [CSV]


async def test_nothing_is_made_for_somebody_who_is_forgotten_meanwhile(
    database_address: str, tmp_path: Path
):
    async with held(database_address, tmp_path) as it:
        organiser = chat_with(it.app, ORGANISER)
        it.platform.incoming.put_nowait(organiser.text_update("/export csv"))
        end = await it.begun()
        it.platform.incoming.put_nowait(organiser.text_update("/xoa"))
        await until(lambda: len(organiser.labels) == 2)
        [sure, _] = [data for _, data in organiser.screen.buttons]
        press = organiser.callback(sure, organiser.screen.message_id)
        it.platform.incoming.put_nowait({"update_id": 9000, "callback_query": press})
        await until(lambda: organiser.labels == [])
        it.let_through(end)
        await until(lambda: list((tmp_path / "files").iterdir()) == [])
        await it.stop()
        assert await jobs(it.app) == []
        assert await reply_rows(it.app) == []
    assert it.platform.documents == []
