"""The program as its operator knows it: processes, signals, one line for what is wrong."""

import asyncio
import contextlib
import errno
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from bot.clock import Clock
from bot.sandbox.control import SANDBOX
from conference.opening import load_plan_into
from config.plan import load_plan, move_conference
from storage.database import Database
from storage.tables import DatabaseKind
from tests.bot.conftest import until
from tests.bot_api import BotApi, serving
from tests.chat import IN_THE_ASKING_WINDOW, PLAN_FILE, TOKEN

ROOT = Path(__file__).parent.parent.parent
CANARY = "CANARY-QUESTION"


def environment() -> dict[str, str]:
    """This process's own, without anybody's settings of the bot."""
    ours = ("TELEGRAM_", "WEBHOOK_", "DATABASE_", "PLAN_", "SANDBOX_", "DATA_", "ORGANISER_")
    ours += ("LOG_", "HEALTH_", "COURIER_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(ROOT)}


@dataclass
class Program:
    """`python -m bot run` in a folder of its own."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "run",
                cwd=self.folder,
                env={**environment(), **self.settings},
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )

    async def ready(self) -> list[str]:
        """The two lines that are printed when it serves."""
        assert self.process is not None
        assert self.process.stdout is not None
        async with asyncio.timeout(120):
            return [(await self.process.stdout.readline()).decode().strip() for _ in range(2)]

    async def end(self, number: int) -> int:
        """Send a signal; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        async with asyncio.timeout(60):
            return await self.process.wait()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


class Phone:
    """Somebody in the local Bot API."""

    def __init__(self, platform: BotApi, session: aiohttp.ClientSession, number: int) -> None:
        self.platform, self.session, self.number = platform, session, number

    async def does(self, what: str, **body: Any) -> None:
        address = f"{self.platform.base}/sandbox/people/{self.number}/{what}"
        async with self.session.post(address, json=body) as response:
            assert response.status < 300, await response.text()

    async def sees(self, count: int) -> list[dict[str, Any]]:
        """The bot's messages, once there are so many of them."""
        address = f"{self.platform.base}/sandbox/chats/{self.number}/messages"
        async with asyncio.timeout(60):
            while True:
                async with self.session.get(address) as response:
                    messages = (await response.json())["messages"]
                said = [one for one in messages if one["from"]["is_bot"]]
                if len(said) >= count:
                    return said
                await asyncio.sleep(0.02)

    async def press(self, message: dict[str, Any], label: str) -> None:
        rows = message["reply_markup"]["inline_keyboard"]
        [data] = [b["callback_data"] for row in rows for b in row if b["text"] == label]
        await self.does("presses", message_id=message["message_id"], data=data)

    async def labels(self, message_id: int, wanted: str) -> dict[str, Any]:
        """The message, once it has this button; the platform may call again only after a minute."""
        async with asyncio.timeout(150):
            while True:
                for one in await self.sees(1):
                    rows = one.get("reply_markup", {}).get("inline_keyboard", [])
                    if one["message_id"] == message_id and wanted in [
                        b["text"] for row in rows for b in row
                    ]:
                        return one
                await asyncio.sleep(0.02)


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[BotApi]:
    async with serving(tmp_path) as platform:
        yield platform


def live(folder: Path, base: str, address: str, **settings: str) -> Program:
    return Program(
        folder,
        {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE": base,
            "DATABASE_URL": address,
            "LOG_LEVEL": "DEBUG",
            **settings,
        },
    )


async def test_ended_in_order_or_killed_the_bot_goes_on_where_it_was(
    platform: BotApi, database_address: str, tmp_path: Path
):
    loop = asyncio.get_running_loop()
    plan = tmp_path / "plan.toml"
    move_conference(PLAN_FILE, plan, (Clock()() + timedelta(days=15)).date())
    bot = live(tmp_path / "home", platform.base, database_address, PLAN_FILE=str(plan))
    async with aiohttp.ClientSession() as session:
        phone = Phone(platform, session, platform.newcomer())
        await bot.start()
        [who, where] = await bot.ready()
        assert (who.startswith("doithoai: @"), "HB22" in where) == (True, True)
        await phone.does("messages", text=f"{CANARY} sao cổng trường em chưa có vạch sang đường?")
        [screen] = await phone.sees(1)
        begun = loop.time()
        assert await bot.end(signal.SIGTERM) == 0
        assert loop.time() - begun < 10
        await phone.press(screen, "Đồng ý")

        await bot.start()
        await bot.ready()
        screen = await phone.labels(screen["message_id"], "18–30")
        platform.will(method="editMessageText", delay_ms=60_000)
        await phone.press(screen, "18–30")
        before = len(edits(platform))
        await until(lambda: len(edits(platform)) > before)
        assert await bot.end(signal.SIGKILL) == -signal.SIGKILL

        await bot.start()
        await bot.ready()
        await phone.labels(screen["message_id"], "Sở Dầu")
        first, *repeated = (call["params"] for call in edits(platform)[before:])
        assert repeated == [first]

        platform.will(status=429, retry_after=600)
        await phone.does("messages", text="/trogiup")
        await until(lambda: "429 Too Many Requests" in bot.log)
        begun = loop.time()
        assert await bot.end(signal.SIGINT) == 0
        assert loop.time() - begun < 10
    assert [mark for mark in (CANARY, "CANARY-NAME", TOKEN[3:]) if mark in bot.log] == []
    assert "Traceback" not in bot.log


async def test_called_by_the_platform_the_bot_answers_each_call_once(
    platform: BotApi, database_address: str, tmp_path: Path, unused_tcp_port_factory
):
    plan = tmp_path / "plan.toml"
    move_conference(PLAN_FILE, plan, (Clock()() + timedelta(days=15)).date())
    unused_tcp_port, watched = unused_tcp_port_factory(), unused_tcp_port_factory()
    url = f"http://127.0.0.1:{unused_tcp_port}/calls/CANARY-PATH"
    bot = live(
        tmp_path / "home",
        platform.base,
        database_address,
        PLAN_FILE=str(plan),
        TELEGRAM_MODE="webhook",
        WEBHOOK_URL=url,
        WEBHOOK_SECRET="CANARY-SECRET",
        WEBHOOK_PORT=str(unused_tcp_port),
        HEALTH_PORT=str(watched),
    )
    async with aiohttp.ClientSession() as session:
        phone = Phone(platform, session, platform.newcomer())
        await phone.does("messages", text=f"{CANARY} sao cổng trường em chưa có vạch sang đường?")
        await bot.start()
        await bot.ready()
        [screen] = await phone.sees(1)
        assert await bot.end(signal.SIGKILL) == -signal.SIGKILL
        await phone.press(screen, "Đồng ý")
        await phone.does("messages", text="/trogiup")

        await bot.start()
        await bot.ready()
        async with asyncio.timeout(150):  # the platform may call again only after a minute
            while await inbox_states(database_address) != ["done"] * 3:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        # Its buttons are taken off as soon as the next message is answered: read what was sent.
        await until(lambda: any("18–30" in str(edit["params"]) for edit in edits(platform)))
        async with session.post(url, json={"update_id": 1}) as response:
            assert response.status == 401
        async with session.get(f"http://127.0.0.1:{watched}/health") as response:
            assert (response.status, (await response.json())["status"]) == (200, "ok")
        async with session.get(f"http://127.0.0.1:{watched}/metrics") as response:
            figures = await response.text()
        assert re.findall(r"^doithoai_(?:updates_total|is_\w+) .*$", figures, re.MULTILINE) == [
            "doithoai_updates_total 2.0",
            "doithoai_is_leader 1.0",
            "doithoai_is_receiving 1.0",
        ]
        assert await bot.end(signal.SIGTERM) == 0
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.post(url)
    calls = platform.server.app[SANDBOX].calls
    asked = [len(calls.listed(name, 0)) for name in ("setWebhook", "getUpdates", "deleteWebhook")]
    assert asked == [2, 0, 0]
    said = [text for _, text in platform.arrived() if "/hoi" in text]
    assert (len(said), await inbox_states(database_address)) == (1, ["done"] * 3)
    canaries = (CANARY, "CANARY-NAME", "CANARY-SECRET", "CANARY-PATH", TOKEN[3:])
    assert [mark for mark in canaries if mark in bot.log] == []
    assert "Traceback" not in bot.log


async def inbox_states(address: str) -> list[str]:
    database = Database(address)
    async with database.snapshot() as session:
        states = [str(one) for one in await session.scalars(text("SELECT state FROM inbox"))]
    await database.close()
    return states


def edits(platform: BotApi) -> list[dict[str, Any]]:
    return platform.server.app[SANDBOX].calls.listed("editMessageText", 0)


async def test_the_sandbox_starts_and_ends(tmp_path: Path):
    bot = Program(tmp_path / "home", {"SANDBOX_PORT": "0", "LOG_LEVEL": "DEBUG"})
    await bot.start()
    [who, where] = await bot.ready()
    address = who.removeprefix("doithoai: sandbox, ")
    assert where.endswith("data in data/sandbox.db")
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        assert response.status == 200
    assert await bot.end(signal.SIGTERM) == 0
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(address)
    assert "Traceback" not in bot.log
    files = [path for path in (tmp_path / "home" / "data").iterdir() if path.suffix == ".db"]
    assert {oct(path.stat().st_mode & 0o077) for path in files if path.name == "sandbox.db"} == {
        "0o0"
    }


# Importing takes seconds, so that one process runs all the commands, each from the beginning.
COMMANDS = """
import contextlib, io, json, os, sys
from bot.cli import main
results = []
for arguments, settings in json.load(sys.stdin):
    os.environ.update(settings)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = main(arguments)
    for name in settings:
        del os.environ[name]
    results.append([code, said.getvalue()])
json.dump(results, sys.stdout)
"""


async def test_what_is_wrong_is_said_in_one_line(
    platform: BotApi, migrated_sqlite: Path, tmp_path: Path, unused_tcp_port: int
):
    async def database(name: str, code: str | None = None) -> str:
        path = tmp_path / f"{name}.db"
        shutil.copy(migrated_sqlite, path)
        kept = Database(f"sqlite:///{path}")
        async with kept.transaction() as session:
            if code is None:
                await session.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))
            else:
                await load_plan_into(
                    session,
                    plan.model_copy(
                        update={"conference": plan.conference.model_copy(update={"code": code})}
                    ),
                    kind=DatabaseKind.live,
                    now=IN_THE_ASKING_WINDOW,
                )
        await kept.close()
        return f"sqlite:///{path}"

    plan = load_plan(PLAN_FILE)
    bad = tmp_path / "plan.toml"
    bad.write_text(PLAN_FILE.read_text().replace('code = "HB22"', "code = 22"))
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"no database at all" * 100)
    token = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_BASE": platform.base}
    called = {
        **token,
        "TELEGRAM_MODE": "webhook",
        "WEBHOOK_URL": "https://bot.example/x",
        "WEBHOOK_SECRET": "s",
    }
    nobody = {**token, "TELEGRAM_API_BASE": f"http://127.0.0.1:{unused_tcp_port}"}
    server = f"postgresql://x:SECRET@127.0.0.1:{unused_tcp_port}/x"
    commands: dict[str, tuple[list[str], dict[str, str]]] = {
        "token": (["run"], {**token, "TELEGRAM_BOT_TOKEN": "1:short"}),
        "shape": (["run"], {**token, "TELEGRAM_BOT_TOKEN": "short"}),
        "unreachable": (["run"], nobody),
        "no secret": (["run"], {**called, "WEBHOOK_SECRET": ""}),
        "odd secret": (["run"], {**called, "WEBHOOK_SECRET": "bí-mật"}),
        "no address": (["run"], {**called, "WEBHOOK_URL": ""}),
        "not secure": (
            ["run"],
            {
                **called,
                "TELEGRAM_API_BASE": "https://api.telegram.org",
                "WEBHOOK_URL": "http://x/",
            },
        ),
        "port": (["run"], {**token, "HEALTH_PORT": str(platform.server.port)}),
        "plan": (["run"], {**token, "PLAN_FILE": str(bad)}),
        "no plan": (["run"], {**token, "PLAN_FILE": str(tmp_path / "no.toml")}),
        "newer": (["run"], {**token, "DATABASE_URL": await database("newer")}),
        "other": (["run"], {**token, "DATABASE_URL": await database("other", "XX99")}),
        "garbage": (["run"], {**token, "DATABASE_URL": f"sqlite:///{garbage}"}),
        "no server": (["run"], {**token, "DATABASE_URL": server}),
        "live data": (
            ["run"],
            {"SANDBOX_PORT": "0", "DATABASE_URL": await database("lived", "HB22")},
        ),
        "token beside": (["sandbox"], token),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        COMMANDS,
        cwd=tmp_path,
        env=environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(300):
        out, _ = await process.communicate(json.dumps(list(commands.values())).encode())
    found = {
        name: (code, said) for name, (code, said) in zip(commands, json.loads(out), strict=True)
    }
    assert found == {
        name: (1, f"doithoai: {words}\n")
        for name, words in {
            "token": "Telegram does not know this TELEGRAM_BOT_TOKEN",
            "shape": "TELEGRAM_BOT_TOKEN: Value error, "
            "it does not look like a bot token (digits:letters)",
            "unreachable": "the Bot API at TELEGRAM_API_BASE cannot be reached "
            "(ClientConnectorError)",
            "no secret": "WEBHOOK_SECRET: Value error, TELEGRAM_MODE=webhook needs it",
            "odd secret": "WEBHOOK_SECRET: Value error, "
            "1 to 256 letters, digits, _ and - are expected",
            "no address": "WEBHOOK_URL: Value error, TELEGRAM_MODE=webhook needs it",
            "not secure": "WEBHOOK_URL: Value error, it must begin with https://",
            "port": f"cannot listen on 127.0.0.1 port {platform.server.port} "
            "(Address already in use); set HEALTH_PORT to another",
            "plan": "conference.code: must be text in quotes",
            "no plan": f"{tmp_path / 'no.toml'}: cannot be read: No such file or directory",
            "newer": "the database is of a newer version (revision ffff); update the program",
            "other": "the database is of conference XX99, the plan of HB22: "
            "a conference's code never changes; use another database",
            "garbage": "the database: file is not a database",
            "no server": "the database cannot be reached: "
            f"[Errno {errno.ECONNREFUSED}] Connect call failed ('127.0.0.1', {unused_tcp_port})",
            "live data": "the database is the live program's; the sandbox one does not open it",
            "token beside": "the sandbox does not start beside a real token: "
            "take TELEGRAM_BOT_TOKEN out first",
        }.items()
    }


async def test_a_platform_that_has_trouble_at_the_start_is_waited_for(
    platform: BotApi, tmp_path: Path
):
    bot = live(tmp_path / "home", platform.base, f"sqlite:///{tmp_path / 'bot.db'}")
    platform.will(method="getMe", status=500)
    platform.will(method="getMe", status=429, retry_after=1)
    await bot.start()
    [who, _] = await bot.ready()
    assert who.startswith("doithoai: @")
    assert bot.log.count("the Bot API has trouble, and is asked again") == 2
    assert await bot.end(signal.SIGTERM) == 0


async def test_while_another_holds_the_file_it_still_ends_in_order(
    platform: BotApi, tmp_path: Path
):
    loop, file = asyncio.get_running_loop(), tmp_path / "bot.db"
    bot = live(tmp_path / "home", platform.base, f"sqlite:///{file}")
    await bot.start()
    await bot.ready()
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with aiohttp.ClientSession() as session:
            phone = Phone(platform, session, platform.newcomer())
            await phone.does("messages", text=f"{CANARY} sao cổng trường em chưa có đèn?")
        await until(lambda: "the database is held by somebody else" in bot.log)
        begun = loop.time()
        assert await bot.end(signal.SIGTERM) == 0
        assert loop.time() - begun < 15
    assert [mark for mark in (CANARY, "Traceback", "parameters") if mark in bot.log] == []
