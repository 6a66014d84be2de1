"""What a forked child does: the program itself, with named points at which it may be killed.

Nothing of the program is changed: at the named points a child kills itself with SIGKILL, which no
code of it can notice. They stand around each commit of the database that writes and around each
call that sends something, replies and paced messages alike.
"""

import asyncio
import importlib
import logging
import os
import signal
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import apscheduler.schedulers.base
from sqlalchemy import event

import bot.app
import bot.bot_api
import bot.courier
import bot.delivery
import bot.running
import bot.turn
from bot.app import App
from bot.cli import main as run_command
from bot.clock import Clock
from conference.safeguarding import danger_signs
from config.texts import LANGUAGES, texts_for
from handlers.commands import menu
from storage.database import Database
from tests.chaos import control, senders
from tests.chaos.nursery import die_with_parent

POINTS = ("before commit", "after commit", "before send", "after send", "before confirming")
_SPOKEN = ("send", "edit", "delete")
_LATE = (
    "anyio._backends._asyncio", "anyio.streams.tls", "apscheduler.triggers.interval",
    "asyncpg", "encodings.utf_8_sig", "httpcore", "socksio", "storage.inline_sqlite",
)  # fmt: skip
_MOST_PAGES = 4_294_967_294
_writers: list[Any] = []
"""SQLite's connections that write: one, unless the pool has opened another."""
_is_full: list[bool] = [False]
_moved = [timedelta()]
"""By how much the machine's clock has been set."""


def warm_up() -> None:
    """Load now what a life would otherwise load in its first second, and open nothing.

    Modules that are imported where they are first needed, phrases, texts: the same in every life.
    """
    for name in _LATE:
        importlib.import_module(name)
    danger_signs("")
    for language in LANGUAGES:
        for address in ("youth", "child"):
            menu(texts_for(language, address))


def begin(order: dict[str, Any], writing: int) -> None:
    """Live as ordered, in the forked child; never returns.

    Args:
        order: `what` to run, its `folder`, `log`, `settings` (environment), and what to meddle
            with: `point` and `count` (be killed when that point is reached so often), `rate` of the
            courier, `ticks` (the scheduler's, so many times faster), `haste` (waiting divided by so
            much), `clock` (seconds from the real time).
        writing: the pipe for what it prints.
    """
    code = 1
    try:
        die_with_parent()
        os.chdir(order["folder"])
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for source, target in ((log, 2), (writing, 1), (os.open(os.devnull, os.O_RDONLY), 0)):
            os.dup2(source, target)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.update(order.get("settings", {}))
        code = _KINDS[order["what"]](order)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _bot(order: dict[str, Any]) -> int:
    """`python -m bot run`, with the means to kill it at a point and to hurry it."""
    fall = _Fall(order.get("point"), order.get("count", 1))
    _mark_replies()
    _tell_who_leads()
    _stand_at_commits(fall)
    _stand_at_calls(fall, order.get("haste", 1))
    _meddle_with_app(order)
    return run_command(["run"])


def _control(order: dict[str, Any]) -> int:
    return asyncio.run(control.serve(**order["control"]))


def _sender(order: dict[str, Any]) -> int:
    return asyncio.run(senders.serve(**order["sender"]))


_KINDS: dict[str, Callable[[dict[str, Any]], int]] = {
    "bot": _bot,
    "control": _control,
    "sender": _sender,
}


class _Fall:
    """SIGKILL at the n-th time that a named point is reached."""

    def __init__(self, point: str | None, count: int) -> None:
        self._point, self._left = point, count

    def at(self, point: str) -> None:
        if point != self._point:
            return
        self._left -= 1
        if self._left == 0:
            os.write(1, f"fell {point}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)


def _tell_who_leads() -> None:
    """Say it where whoever kills hears it."""

    def heard(record: logging.LogRecord) -> bool:
        if record.getMessage() == "this process leads":
            os.write(1, b"leads\n")
        return True

    logging.getLogger("bot.leadership").addFilter(heard)


def _mark_replies() -> None:
    """Give every reply a number that travels with it, so that each can be counted on arrival.

    The Bot API overlooks a parameter that it does not know.
    """
    make = bot.turn.Call.__init__

    def marked(
        self: Any, method: str, parameters: dict[str, str], *rest: Any, **more: Any
    ) -> None:
        make(self, method, {**parameters, "mark": uuid.uuid4().hex}, *rest, **more)

    bot.turn.Call.__init__ = marked  # type: ignore[method-assign]


def _stand_at_commits(fall: _Fall) -> None:
    make = Database.__init__

    def opened(connection: Any, _record: object) -> None:
        _writers.append(connection)

    def made(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        if self.is_sqlite:
            event.listen(self._writer.sync_engine, "connect", opened)
        dialect = self._writer.sync_engine.dialect
        commit = dialect.do_commit

        def committed(connection: Any) -> None:
            fall.at("before commit")
            commit(connection)
            fall.at("after commit")

        dialect.do_commit = committed

    Database.__init__ = made  # type: ignore[method-assign]


def _stand_at_calls(fall: _Fall, haste: float) -> None:
    call = bot.bot_api.BotApi.call
    is_polled: list[str] = []

    async def called(
        self: Any, method: str, parameters: Any, *, timeout: float = 30, **named: Any
    ) -> Any:
        if method == "getUpdates":
            offset = parameters.get("offset", "")
            if is_polled != [offset]:
                fall.at("before confirming")
                is_polled[:] = [offset]
            if haste != 1:
                parameters, timeout = {**parameters, "timeout": "1"}, 3
            return await call(self, method, parameters, timeout=timeout, **named)
        is_said = method.startswith(_SPOKEN) and method != "deleteWebhook"
        if is_said:
            fall.at("before send")
        result = await call(self, method, parameters, timeout=timeout / haste, **named)
        if is_said:
            fall.at("after send")
        return result

    bot.bot_api.BotApi.call = called  # type: ignore[method-assign]
    send = bot.delivery.ExtBot.send_message

    async def sent(self: Any, *arguments: Any, **named: Any) -> Any:
        fall.at("before send")
        result = await send(self, *arguments, **named)
        fall.at("after send")
        return result

    bot.delivery.ExtBot.send_message = sent  # type: ignore[method-assign]


def _meddle_with_app(order: dict[str, Any]) -> None:
    """The clock, the courier's rate, and waiting: what a test must not spend its minutes on."""
    offset = timedelta(seconds=order.get("clock", 0))
    bot.running.Clock = lambda: _MovedClock(offset)  # type: ignore[assignment, misc]
    if "rate" in order:
        build = bot.courier.build_sender
        bot.running.build_sender = (  # type: ignore[attr-defined]
            lambda *given, **named: build(*given, **{**named, "rate": order["rate"]})
        )
    faster = order.get("ticks", 1)
    build_scheduler = bot.app.build_scheduler
    bot.app.build_scheduler = lambda ticks: build_scheduler(  # type: ignore[attr-defined]
        {name: (tick, max(1, seconds // faster)) for name, (tick, seconds) in ticks.items()}
    )
    put_together = bot.running.build_app

    def built(**parts: Any) -> App:
        app = put_together(**parts)
        haste = order.get("haste", 1)
        if haste != 1:
            _hurry(app, haste)
        signal.signal(signal.SIGUSR1, lambda *_: _turn_back())
        signal.signal(signal.SIGUSR2, lambda *_: _fill())
        return app

    bot.running.build_app = built


def _hurry(app: App, haste: float) -> None:
    """Every pause after a trouble divided by `haste`."""
    wait = app.sender.wait

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / haste)

    async def waited(news: asyncio.Event, seconds: float) -> None:
        await wait(news, seconds / haste)

    app.sender.wait = waited
    app.intake._sleep = sleep
    app.courier.sleep = sleep


class _MovedClock(Clock):
    """The program's clock on a machine whose time somebody sets."""

    def __call__(self) -> datetime:
        return super().__call__() + _moved[0]


class _MovedDatetime(datetime):
    """The scheduler's, which reads the machine's time itself."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.now(tz) + _moved[0]  # noqa: TID251  this stands for the machine's clock


def _turn_back() -> None:
    """SIGUSR1: somebody sets the machine's clock back by an hour."""
    real = time.time
    _moved[0] -= timedelta(hours=1)
    time.time = lambda: real() - 3600
    apscheduler.schedulers.base.datetime = _MovedDatetime


def _fill() -> None:
    """SIGUSR2: the database may not grow any more; a second time: it may again.

    What follows is SQLite's own SQLITE_FULL, as on a disk without room.
    """
    _is_full[0] = not _is_full[0]
    for connection in _writers:
        connection.execute(f"PRAGMA max_page_count = {1 if _is_full[0] else _MOST_PAGES}")
