"""What those who watch are told, over real HTTP."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from bot.app import App, opened
from bot.bot_api import ApiRefusedError
from bot.health import LONGEST_SILENCE, watched
from bot.inbox import store_updates
from bot.intake import Intake
from bot.metrics import Metrics
from bot.web import CannotListenError
from storage.tables import (
    Job,
    Lane,
    NudgeRound,
    OutboxMessage,
    OutboxState,
    Person,
    PlannedNudge,
)
from tests.bot.conftest import Meddling, until
from tests.cast import at
from tests.chat import (
    TOKEN,
    Chat,
    RecordingPlatform,
    chat_with,
    make_app,
    pass_time,
    set_clock,
    store,
    stored,
)
from tests.delivery import delivering, tick

Samples = dict[str, float]


class Quiet(RecordingPlatform):
    """A platform that answers the first poll with nothing, and the next one never."""

    polls = 0

    async def call(self, method, parameters, **more):
        if method == "getUpdates":
            self.polls += 1
            if self.polls > 1:
                await asyncio.Event().wait()
            return []
        return await super().call(method, parameters, **more)


@pytest.fixture
async def app(database_address: str, tmp_path: Path) -> AsyncIterator[App]:
    app = make_app(database_address, tmp_path, platform=Quiet(), observer=Metrics())
    async with opened(app):
        yield app


class Watcher:
    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self.session, self.base = session, f"http://127.0.0.1:{port}"

    async def asks(self, path: str, method: str = "GET") -> tuple[int, str]:
        async with self.session.request(method, self.base + path) as response:
            return response.status, await response.text()

    async def health(self, path: str = "/health") -> tuple[int, dict[str, Any]]:
        status, said = await self.asks(path)
        return status, json.loads(said)

    async def figures(self) -> Samples:
        """Every figure of ours that is not nothing, with its labels."""
        _, said = await self.asks("/metrics")
        return {
            " ".join([one.name, *(f"{k}={v}" for k, v in sorted(one.labels.items()))]): one.value
            for family in text_string_to_metric_families(said)
            for one in family.samples
            if one.name.startswith("doithoai_")
            and not one.name.endswith(("_bucket", "_seconds_sum"))
            and one.value
        }


@asynccontextmanager
async def watching(app: App) -> AsyncIterator[Watcher]:
    assert isinstance(app.observer, Metrics)
    async with (
        watched(app, app.observer, "127.0.0.1", 0) as port,
        aiohttp.ClientSession() as session,
    ):
        yield Watcher(session, port)


@pytest.fixture
async def watcher(app: App) -> AsyncIterator[Watcher]:
    async with watching(app) as watcher:
        yield watcher


async def test_a_program_that_runs_is_live_and_ready(app: App, watcher: Watcher):
    assert await watcher.health() == (
        503,
        {"status": "unwell", "ticks": True, "database": True, "plan": True, "intake": False},
    )
    running = asyncio.ensure_future(app.run())
    await until(lambda: app.intake.is_working)
    assert await watcher.health() == (
        200,
        {"status": "ok", "ticks": True, "database": True, "plan": True, "intake": True},
    )
    assert await watcher.health("/health/live") == (200, {"status": "ok", "ticks": True})
    assert await watcher.health("/health/ready") == (
        200,
        {"status": "ok", "database": True, "plan": True, "intake": True},
    )
    running.cancel()
    await asyncio.wait({running})


async def test_without_its_database_it_lives_and_is_not_ready(app: App, watcher: Watcher):
    async with app.database.transaction() as session:
        await session.execute(text("ALTER TABLE conference RENAME TO away"))
        await session.execute(text("ALTER TABLE job RENAME TO gone"))
    try:
        ready = await watcher.health("/health/ready")
        live = await watcher.health("/health/live")
        figures = await watcher.figures()
    finally:
        async with app.database.transaction() as session:
            await session.execute(text("ALTER TABLE away RENAME TO conference"))
            await session.execute(text("ALTER TABLE gone RENAME TO job"))
    assert ready[0] == 503
    assert (ready[1]["database"], ready[1]["plan"]) == (False, False)
    assert live == (200, {"status": "ok", "ticks": True})
    [kind] = [name for name in figures if name.startswith("doithoai_errors_total")]
    assert kind.partition("kind=")[2] in {"OperationalError", "ProgrammingError"}
    assert "doithoai_database_up" not in figures
    assert (await watcher.figures())["doithoai_database_up"] == 1


async def test_a_database_of_another_plan_is_not_ready(app: App, watcher: Watcher):
    async with app.database.transaction() as session:
        await session.execute(text("UPDATE conference SET code = 'XX99'"))
    _, said = await watcher.health("/health/ready")
    assert (said["database"], said["plan"]) == (True, False)


async def test_a_program_whose_ticks_have_ended_is_not_live(app: App, watcher: Watcher):
    app.beaten_at -= LONGEST_SILENCE + 1
    assert await watcher.health("/health/live") == (503, {"status": "unwell", "ticks": False})
    await app.beat()
    assert await watcher.health("/health/live") == (200, {"status": "ok", "ticks": True})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/health", 405),
        ("DELETE", "/metrics", 405),
        ("GET", "/", 404),
        ("GET", "/health/", 404),
        ("GET", "/metrics/../health", 503),
        ("HEAD", "/metrics", 200),
    ],
)
async def test_nothing_else_is_answered(watcher: Watcher, method: str, path: str, status: int):
    assert (await watcher.asks(path, method))[0] == status


async def test_figures_say_what_has_happened(app: App, watcher: Watcher):
    meddling, chat, organiser = Meddling(app), chat_with(app), chat_with(app, 900)

    async def fail(_handle: Any, _event: Any, _data: Any) -> None:
        raise ValueError("CANARY")

    meddling.acts["CANARY-TROUBLE"] = fail
    await chat.join()
    await chat.send("/baocao")
    await chat.send("CANARY-TROUBLE")
    for _ in range(2):
        pass_time(app, timedelta(seconds=5))
        await app.settle()
    assert isinstance(app.platform, RecordingPlatform)
    app.platform.failures.append((None, ApiRefusedError(403, "Forbidden: bot was blocked")))
    await organiser.send("/tiendo")
    set_clock(app, at("14/5 19:00"))
    async with delivering(app):
        await tick(app)
        await tick(app)
    await leave_work(app, chat)
    pass_time(app, timedelta(seconds=90))
    assert "17/5" in chat.said
    status, said = await watcher.asks("/metrics")
    assert await watcher.figures() == {
        "doithoai_turn_seconds_count outcome=done": 4,
        "doithoai_turn_seconds_count outcome=refused": 1,
        "doithoai_turn_seconds_count outcome=failed": 2,
        "doithoai_turn_seconds_count outcome=set_aside": 1,
        "doithoai_replies_total state=sent": 6,
        "doithoai_replies_total state=failed": 1,
        "doithoai_nudges_planned_total": 1,
        "doithoai_paced_messages_total kind=nudge state=sent": 1,
        "doithoai_paced_messages_total kind=nudge state=uncertain": 1,
        "doithoai_errors_total kind=ValueError": 3,
        "doithoai_errors_total kind=ApiRefusedError": 1,
        "doithoai_inbox_waiting": 2,
        "doithoai_inbox_oldest_seconds": 90,
        "doithoai_outbox_messages lane=reply state=failed": 1,
        "doithoai_outbox_messages lane=paced state=uncertain": 1,
        "doithoai_outbox_messages lane=paced state=open": 3,
        "doithoai_outbox_messages lane=paced state=planned": 1,
        "doithoai_jobs state=queued": 1,
        "doithoai_is_leader": 1,
        "doithoai_database_up": 1,
    }
    assert status == 200
    for canary in ("CANARY", "canary", str(chat.user_id), "900", "HB22", TOKEN, "/baocao"):
        whole = rf"(?<!\d){re.escape(canary)}(?!\d)"  # a time may have its digits
        assert re.findall(rf"^doithoai.*{whole}.*$", said, re.MULTILINE) == []


async def leave_work(app: App, chat: Chat) -> None:
    """What a program that ends leaves for the next one, and what is due."""
    sending = [OutboxState.sending, *[OutboxState.due] * 3]
    [someone, *_] = await stored(app, Person)
    await store(app, NudgeRound(key="CANARY", due_at=app.clock(), planned_at=app.clock()))
    await store(
        app,
        PlannedNudge(person_id=someone.id, round_key="CANARY"),
        *(
            OutboxMessage(
                lane=Lane.paced,
                bot_id="42",
                chat_id=str(chat.user_id),
                kind="nudge",
                key=f"CANARY-{number}",
                state=state,
                created_at=app.clock(),
            )
            for number, state in enumerate(sending)
        ),
        Job(kind="export", bot_id="42", chat_id="900", language="vi", created_at=app.clock()),
    )
    await app.courier.resume()
    async with app.database.transaction() as session:
        updates = [chat.text_update("CANARY-WAITING"), chat.text_update("CANARY-WAITING")]
        await store_updates(session, str(app.bot.id), updates, app.clock())


async def test_updates_are_counted_as_they_come(app: App, chat: Chat, watcher: Watcher):
    class Once(Quiet):
        async def call(self, method, parameters, **more):
            await super().call(method, parameters, **more)
            return [chat.text_update("/hoi"), chat.text_update("/hoi")]

    poller = Intake(Once(), app.clock, "42", take=app.turns.take, observer=app.observer)
    await poller.poll()
    assert (await watcher.figures())["doithoai_updates_total"] == 2


async def test_one_that_does_not_lead_is_ready_all_the_same(
    app: App, database_address: str, tmp_path: Path
):
    if app.database.is_sqlite:
        assert app.is_leader
        return
    other = make_app(database_address, tmp_path / "other", observer=Metrics())
    async with opened(other), watching(other) as watcher:
        assert (await watcher.health())[1]["intake"] is True
        assert "doithoai_is_leader" not in await watcher.figures()


async def test_a_port_that_is_taken_is_named(app: App, watcher: Watcher):
    port = int(watcher.base.rpartition(":")[2])
    assert isinstance(app.observer, Metrics)
    with pytest.raises(CannotListenError) as error:
        async with watched(app, app.observer, "127.0.0.1", port):
            pass
    assert str(error.value).endswith("(Address already in use); set HEALTH_PORT to another")


async def test_nothing_is_counted_in_the_log_once_nobody_watches(app: App):
    before = list(logging.getLogger().handlers)
    async with watching(app):
        assert len(logging.getLogger().handlers) == len(before) + 1
    assert logging.getLogger().handlers == before
