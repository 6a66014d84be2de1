import asyncio
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest
from sqlalchemy import text

from bot.app import KEYS_KEPT, SET_ASIDE_KEPT, App, opened
from bot.bot_api import ApiRefusedError
from bot.inbox import store_updates
from bot.intake import CannotPollError
from bot.scheduler import build_scheduler
from bot.trace import trace_of
from storage.tables import InboxState, OutboxState
from tests.bot.conftest import Meddling, inbox_rows, reply_rows
from tests.chat import Chat, FrozenClock, RecordingPlatform, chat_with, make_app


class Deaf(RecordingPlatform):
    """A platform that no longer knows the token."""

    async def call(self, method, parameters, **more):
        if method == "getUpdates":
            raise ApiRefusedError(401, "Unauthorized")
        return await super().call(method, parameters, **more)


async def test_the_first_error_of_a_part_ends_the_program_as_itself(
    database_address: str, tmp_path: Path
):
    async with opened(make_app(database_address, tmp_path, platform=Deaf())) as app:
        with pytest.raises(CannotPollError):
            await app.run()


async def test_the_program_ends_when_it_is_told(database_address: str, tmp_path: Path):
    class Silent(RecordingPlatform):
        async def call(self, method, parameters, **more):
            if method == "getUpdates":
                await asyncio.Event().wait()
            return await super().call(method, parameters, **more)

    async with opened(make_app(database_address, tmp_path, platform=Silent())) as app:
        running = asyncio.ensure_future(app.run())
        for _ in range(20):
            await asyncio.sleep(0)
        running.cancel()
        done, _ = await asyncio.wait({running}, timeout=30)
        assert done == {running}
        assert running.cancelled()


async def test_keys_are_kept_while_a_platform_may_redeliver_and_no_longer(
    app: App, chat: Chat, meddling: Meddling
):
    clock = app.clock
    assert isinstance(clock, FrozenClock)

    async def fail(_handle, _event, _data):
        raise ValueError

    meddling.acts["hỏng"] = fail
    meddling.is_echo = True
    await chat.deliver(chat.text_update("hỏng"), chat.text_update("một"))
    for _ in range(3):
        clock.moment += timedelta(seconds=5)
        await app.settle()
    assert [row.state for row in await inbox_rows(app)] == [
        InboxState.set_aside,
        InboxState.done,
    ]
    assert [row.state for row in await reply_rows(app)] == [OutboxState.sent] * 2
    begun = clock.moment
    kept = []
    for age in (KEYS_KEPT - timedelta(minutes=1), KEYS_KEPT, SET_ASIDE_KEPT):
        clock.moment = begun + age
        await app.sweep()
        kept.append((len(await inbox_rows(app)), len(await reply_rows(app))))
    assert kept == [(2, 2), (1, 0), (0, 0)]


async def test_an_update_that_waits_is_never_swept(app: App, chat: Chat):
    clock = app.clock
    assert isinstance(clock, FrozenClock)
    async with app.database.transaction() as session:
        await store_updates(session, str(app.bot.id), [chat.text_update("/hoi")], clock())
    clock.moment += timedelta(days=30)
    await app.sweep()
    await app.settle()
    assert len(chat.shown) == 1


async def test_a_tick_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture):
    ran: list[int] = []
    done = asyncio.Event()

    async def tick() -> None:
        ran.append(1)
        if len(ran) == 1:
            raise ValueError("CANARY")
        done.set()

    scheduler = build_scheduler({"one": (tick, 1)})
    scheduler.start()
    await asyncio.wait_for(done.wait(), 30)
    scheduler.shutdown(wait=False)
    [line] = [r.getMessage() for r in caplog.records if r.name == "bot.scheduler"]
    assert line.startswith("a tick failed: ValueError at tests/bot/test_app.py:")


def test_a_trace_names_classes_and_places_and_no_words():
    def inner() -> None:
        try:
            int("CANARY")
        except ValueError as error:
            raise KeyError("CANARY") from error

    with pytest.raises(KeyError) as caught:
        inner()
    first, second = (place.split(":")[0] for place in trace_of(caught.value).split(" < "))
    assert (first, second) == (
        "KeyError from ValueError at tests/bot/test_app.py",
        "tests/bot/test_app.py",
    )
    assert trace_of(TimeoutError("CANARY")) == "TimeoutError"


async def test_ticks_go_on_when_the_clock_is_set_back_an_hour(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    back = timedelta()
    ran = asyncio.Event()

    wall = time.time

    class WallClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.fromtimestamp(wall(), tz) + back

    async def tick() -> None:
        ran.set()

    for module in (apscheduler.schedulers.base, apscheduler.triggers.interval):
        monkeypatch.setattr(module, "datetime", WallClock)
    monkeypatch.setattr("bot.scheduler.time.time", lambda: wall() + back.total_seconds())
    scheduler = build_scheduler({"one": (tick, 1)})
    scheduler.start()
    await asyncio.wait_for(ran.wait(), 10)

    back = -timedelta(hours=1)
    for _ in range(3):
        ran.clear()
        await asyncio.wait_for(ran.wait(), 10)

    scheduler.shutdown(wait=False)
    lines = [r.getMessage() for r in caplog.records if r.name == "bot.scheduler"]
    assert lines == ["the clock was set back by 3600 seconds"]


async def test_traces_that_a_reader_kept_go_once_it_has_read(app: App, tmp_path: Path):
    if not app.database.is_sqlite:
        return
    file = Path(app.database.url.database or "")
    chat = chat_with(app)
    await chat.send("CANARY sao cổng trường em chưa có vạch sang đường ạ?")

    def traces() -> int:
        return sum(one.read_bytes().count(b"CANARY sao") for one in file.parent.glob("*.db*"))

    assert traces() > 0
    async with app.database.snapshot() as session:
        await session.execute(text("SELECT * FROM conference"))
        await chat.press("Không đồng ý")
        assert app.database.owes_traces
    await app.beat()
    assert not app.database.owes_traces
    assert traces() == 0


async def test_what_nobody_waits_for_lets_a_reply_go_first_for_a_while(
    database_address: str, tmp_path: Path
):
    class Slow(RecordingPlatform):
        is_sending, may_end = asyncio.Event(), asyncio.Event()

        async def call(self, method, parameters, **more):
            if method == "sendMessage":
                self.is_sending.set()
                await self.may_end.wait()
            return await super().call(method, parameters, **more)

    platform = Slow()
    async with opened(make_app(database_address, tmp_path, platform=platform)) as app:
        asking = asyncio.ensure_future(chat_with(app).send("/hoi"))
        await asyncio.wait_for(platform.is_sending.wait(), 30)
        lull = asyncio.ensure_future(app.lull(at_most=60))
        await app.lull(at_most=0.02)  # not for ever
        assert app.sender.is_busy
        done, _ = await asyncio.wait({lull}, timeout=0.2)
        assert not done
        platform.may_end.set()
        await asyncio.wait_for(lull, 30)
        await asking


async def test_nobody_is_waited_for_whom_the_platform_has_put_off(
    database_address: str, tmp_path: Path
):
    class Counting:
        waits: list[float] = []  # noqa: RUF012  one for all
        has_begun = asyncio.Event()

        async def __call__(self, closing: asyncio.Event, seconds: float) -> None:
            self.waits.append(seconds)
            self.has_begun.set()
            await asyncio.wait_for(closing.wait(), 60)

    platform = RecordingPlatform()
    too_many = ApiRefusedError(429, "Too Many Requests: retry after 600", 600)
    platform.failures.append(("sendMessage", too_many))
    async with opened(make_app(database_address, tmp_path, platform=platform)) as app:
        app.sender.wait = waiting = Counting()
        asking = asyncio.ensure_future(chat_with(app).send("/hoi"))
        await asyncio.wait_for(waiting.has_begun.wait(), 30)
        assert waiting.waits == [600]
        assert not app.sender.is_busy
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.wait_for(app.lull(at_most=60, at_least=0.05), 30)
        assert loop.time() - begun >= 0.05
        await app.sender.finish(30)
        await asking
