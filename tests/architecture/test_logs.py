"""Canaries: what people write, who they are and the token never reach the logs."""

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiogram import Router
from aiogram.types import Message

from bot.app import App, opened
from bot.bot_api import ApiRefusedError, ApiUnreachableError
from bot.turn import Outcome
from config.log import set_up_logging
from tests.chat import TOKEN, Chat, FrozenClock, RecordingPlatform, chat_with, make_app

QUESTION = "CANARY-QUESTION sao cổng trường em chưa có vạch sang đường?"
PHONE = "0987 654 321"
CANARIES = (
    "CANARY-QUESTION",
    "CANARY-FIRST-NAME",
    "CANARY-LAST-NAME",
    "canary_username",
    "CANARY-CAPTION",
    "CANARY-CONTACT",
    "CANARY-UNIT",
    PHONE,
    TOKEN,
    TOKEN.partition(":")[2],
)


TURNS = [("/ask", "done", 1), ("/report", "refused", 2), ("callback_query", "done", 1)]
"""Of a short conversation: what was done, how it ended, and with how many replies."""


class _Records(logging.Handler):
    """Every record with its arguments and its traceback, whatever the formatter would cover."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = logging.Formatter("%(name)s %(message)s").format(record)
        self.lines.append(f"{line} {record.args!r}")


@pytest.fixture(params=["console", "json"])
def logs(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[_Records, io.StringIO]]:
    """All records at DEBUG, and what the program's own set-up makes of them."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    levels = {name: logging.getLogger(name).level for name in list(root.manager.loggerDict)}
    printed = io.StringIO()
    monkeypatch.setattr("sys.stderr", printed)
    set_up_logging("DEBUG", request.param, secrets=[TOKEN])
    records = _Records()
    root.addHandler(records)
    yield records, printed
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


async def got_trouble(message: Message) -> None:
    """A fault of ours whose words quote a person's."""
    raise RuntimeError(f"cannot handle {message.text}")


def break_handler(app: App) -> None:
    """Put a handler that raises before all others."""
    router = Router(name="trouble")
    router.message.register(
        got_trouble,
        lambda message: bool(message.text and "CANARY-QUESTION trouble" in message.text),
        flags={"permission": "public"},
    )
    app.dispatcher.sub_routers[0].sub_routers.insert(0, router)


async def live_through_everything(chat: Chat) -> None:
    """A conversation with everything in it that a person may say, and everything that may fail."""
    platform, clock = chat.platform, chat.app.clock
    assert isinstance(clock, FrozenClock)
    await chat.send("/start")
    await chat.press("Đồng ý")
    await chat.press("18–30")
    await chat.send("CANARY-UNIT")
    await chat.press(chat.app.plan.units[0].short_name)
    code = await chat.ask(f"{QUESTION} Gọi em số {PHONE}.")
    await chat.message(photo=_photo(), caption="CANARY-CAPTION ảnh cổng trường em đây ạ")
    await chat.message(contact={"phone_number": PHONE, "first_name": "CANARY-CONTACT"})
    await chat.send("/huy")
    await chat.send(f"/tracuu {QUESTION}")
    await chat.send(f"/CANARY-QUESTION {PHONE}")
    await chat.send("/dulieu")
    await chat.press_data("p.file")
    platform.failures.extend(
        [
            (None, ApiRefusedError(400, "Bad Request: message is too long")),
            (None, ApiUnreachableError("ClientConnectorError", may_have_arrived=False)),
            (None, ApiRefusedError(403, "Forbidden: bot was blocked by the user")),
        ]
    )
    await chat.send("/cuatoi")
    await chat.press_data(f"q.view:{code}")
    await chat.send("CANARY-QUESTION trouble: sao lại hỏng ở đây?")
    for _ in range(2):
        clock.moment += timedelta(minutes=1)
        await chat.app.settle()
    # Not an update as it should be, yet with a person's words in it.
    await chat.deliver({"message": {"chat": {"id": chat.user_id}, "text": QUESTION}})
    organiser = chat_with(chat.app, 900)
    await organiser.send("/export csv")


def turn_kinds(records: _Records) -> set[str]:
    """What the line of each turn says was done."""
    lines = [line for line in records.lines if line.startswith("bot.observing turn update=")]
    return {line.partition(" kind=")[2].split()[0] for line in lines}


def _photo() -> list[dict[str, Any]]:
    return [{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}]


async def test_canaries_reach_no_log(
    logs: tuple[_Records, io.StringIO], database_address: str, tmp_path: Path
) -> None:
    records, printed = logs
    app = make_app(database_address, tmp_path)
    assert isinstance(app.platform, RecordingPlatform)
    break_handler(app)

    async with opened(app):
        await live_through_everything(chat_with(app))

    said = "\n".join(records.lines)
    failed = re.findall(r"failed \(attempt \d of 3\): (\w+)", said)
    assert failed[:3] == ["RuntimeError"] * 3
    assert len(failed) == 4
    assert turn_kinds(records) == {
        "/start", "a.consent", "a.age", "message", "a.unit", "/ask", "a.topic", "a.send",
        "/cancel", "/status", "/privacy", "p.file", "/my", "q.view", "/export",
    }  # fmt: skip
    assert set(re.findall(r"outcome=(\w+)", said)) == set(Outcome)
    assert {canary: canary in said for canary in CANARIES} == dict.fromkeys(CANARIES, False)
    assert {canary: canary in printed.getvalue() for canary in CANARIES} == dict.fromkeys(
        CANARIES, False
    )


async def test_a_turn_is_one_line_for_machines_too(
    logs: tuple[_Records, io.StringIO], app: App
) -> None:
    _, printed = logs
    chat = chat_with(app)
    await chat.send("/hoi")
    await chat.send("/baocao")
    await chat.press_data(f"CANARY-QUESTION:{PHONE}")

    shown = [line for line in printed.getvalue().splitlines() if "bot.observing" in line]
    assert len(shown) == 3
    if not shown[0].startswith("{"):
        assert [
            re.sub(r"(\d+:\d+:\d+|(?<=update=)\d+|(?<=ms=)[\d.]+)", "…", line) for line in shown
        ] == [
            "… INFO    bot.observing  turn update=… "
            f"kind={kind} outcome={outcome} ms=… replies={replies} attempt=1"
            for kind, outcome, replies in TURNS
        ]
        return
    found = [json.loads(line) for line in shown]
    assert [(one["kind"], one["outcome"], one["replies"]) for one in found] == TURNS
    assert {
        (one["level"], one["attempt"], type(one["update"]), one["ms"] > 0) for one in found
    } == {("INFO", 1, int, True)}


def test_a_canary_in_a_log_would_be_found(logs: tuple[_Records, io.StringIO]) -> None:
    records, printed = logs

    logging.getLogger("bot.turns").debug("%s of %s", QUESTION, "CANARY-FIRST-NAME")
    logging.getLogger("bot.turns").error("token %s", TOKEN)

    said = "\n".join(records.lines)
    assert [canary in said for canary in ("CANARY-QUESTION", "CANARY-FIRST-NAME", TOKEN)] == (
        [True, True, True]
    )
    assert "CANARY-QUESTION" in printed.getvalue()
    # A token is covered even where a fault of ours would have logged it.
    assert TOKEN not in printed.getvalue()
