"""The command line. Heavy parts are imported by the command that needs them."""

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from socket import gaierror
from types import ModuleType

from config.settings import Settings, SettingsError, load_settings

FAILED = 1
_SWITCH_SECONDS = 0.001


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code. Whatever is wrong is said in one line."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], Awaitable[int]] = options.command
    try:
        return asyncio.run(command(options))  # type: ignore[arg-type]
    except KeyboardInterrupt:
        return 130
    except _expected_errors() as error:
        for line in _lines(error):
            sys.stderr.write(f"doithoai: {line}\n")
        return FAILED


def _lines(error: Exception) -> list[str]:
    """What the operator is told; of a database's own error only its first line holds no values."""
    original = getattr(error, "orig", None)
    if original is not None:
        return [f"the database: {str(original).partition(chr(10))[0] or type(original).__name__}"]
    if isinstance(error, ConnectionError | gaierror | TimeoutError):
        return [f"the database cannot be reached: {error}"]
    return str(error).splitlines() or [type(error).__name__]


def _expected_errors() -> tuple[type[Exception], ...]:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from bot.intake import CannotPollError  # noqa: PLC0415
    from bot.running import CannotRunError  # noqa: PLC0415
    from conference.errors import ConferenceError  # noqa: PLC0415
    from conference.opening import PlanMismatchError  # noqa: PLC0415
    from config.plan import PlanError  # noqa: PLC0415
    from storage.backup import BackupError  # noqa: PLC0415
    from storage.database import DatabaseError  # noqa: PLC0415

    return (
        SettingsError,
        PlanError,
        PlanMismatchError,
        DatabaseError,
        BackupError,
        CannotRunError,
        CannotPollError,
        ConferenceError,
        SQLAlchemyError,
        OSError,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, command: Callable[..., Awaitable[int]], words: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=words, description=words)
        sub.set_defaults(command=command)
        return sub

    add("run", _run, "start the bot: the sandbox without a token, Telegram with one")
    add("sandbox", _sandbox, "start the sandbox in a browser; refuses beside a real token")
    add("setup", _set_up, "ask for the token, the plan and the day, and write .env")
    plan = add("plan", _plan_check, "check a plan file")
    plan.add_argument("what", choices=["check"])
    plan.add_argument("file", type=Path)
    add("migrate", _migrate, "bring the database to this program's schema")
    export = add("export", _export, "write the list of questions to a file")
    export.add_argument("--format", choices=["xlsx", "csv"], default="xlsx")
    export.add_argument("--out", type=Path, required=True)
    export.add_argument("--language", choices=["vi", "en"], default=None)
    export.add_argument("filters", nargs="*", help="unit=CODE topic=NUMBER state=STATE since=DATE")
    backup = add("backup", _backup, "copy the data into a file, while the bot runs")
    backup.add_argument("file", type=Path)
    restore = add("restore", _restore, "load a backup into an empty database")
    restore.add_argument("file", type=Path)
    return parser


def _running() -> ModuleType:
    """What runs the bot: much to import, none of it garbage, then or later."""
    from bot.aiogram_types import import_aiogram  # noqa: PLC0415

    gc.disable()
    import_aiogram()
    from bot import running  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    # A thread that loads a library, or comes back from the disk, must not hold up the replies.
    sys.setswitchinterval(_SWITCH_SECONDS)
    return running


async def _run(_options: argparse.Namespace) -> int:
    running = _running()
    settings = load_settings()
    await (running.run_sandbox(settings) if settings.is_sandbox else running.run_live(settings))
    return 0


async def _sandbox(_options: argparse.Namespace) -> int:
    running = _running()
    settings = load_settings()
    if not settings.is_sandbox:
        raise running.CannotRunError(
            "the sandbox does not start beside a real token: take TELEGRAM_BOT_TOKEN out first"
        )
    await running.run_sandbox(settings)
    return 0


async def _set_up(_options: argparse.Namespace) -> int:
    from bot.clock import Clock  # noqa: PLC0415
    from bot.setup import operator_language, set_up  # noqa: PLC0415

    return await set_up(clock=Clock(), language=operator_language(os.environ))


async def _plan_check(options: argparse.Namespace) -> int:
    from bot.clock import Clock  # noqa: PLC0415
    from bot.setup import operator_language  # noqa: PLC0415
    from conference.nudge_times import SERVED  # noqa: PLC0415
    from conference.planning import plan_check  # noqa: PLC0415
    from config.texts import texts_for  # noqa: PLC0415

    faults, warnings = plan_check(options.file, now=Clock()(), served_audiences=SERVED)
    texts = texts_for(operator_language(os.environ))
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    for warning in warnings:
        words = texts.plain(f"plan-warning-{warning.code}", **warning.parameters)
        sys.stdout.write(f"! {words}\n")
    if not faults:
        sys.stdout.write(f"{texts.plain('plan-usable', file=options.file.name)}\n")
    return FAILED if faults else 0


async def _migrate(_options: argparse.Namespace) -> int:
    from storage.database import Database  # noqa: PLC0415
    from storage.migrating import migrate  # noqa: PLC0415

    database = Database(load_settings().database_address)
    try:
        await migrate(database)
    finally:
        await database.close()
    sys.stdout.write("the database is at this program's schema\n")
    return 0


def _require_database(settings: Settings) -> None:
    """Reading commands never make a database: a mistyped address would look like no data."""
    from storage.database import DatabaseError, database_url  # noqa: PLC0415

    url = database_url(settings.database_address)
    is_file = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    if is_file and not Path(url.database or "").is_file():
        raise DatabaseError(f"there is no database at {url.database}")


def _say_which(settings: Settings) -> None:
    """Without a token the data meant is the sandbox's; whoever expected the bot's should know."""
    if settings.is_sandbox:
        sys.stderr.write(
            "doithoai: TELEGRAM_BOT_TOKEN is not set, so this is the sandbox's data\n"
        )


async def _export(options: argparse.Namespace) -> int:
    from bot.clock import Clock  # noqa: PLC0415
    from conference.listing import ListRequestError, parse_request  # noqa: PLC0415
    from conference.opening import conference_record  # noqa: PLC0415
    from config.plan import load_plan  # noqa: PLC0415
    from config.texts import texts_for  # noqa: PLC0415
    from documents.listing import write_list  # noqa: PLC0415
    from storage.database import Database  # noqa: PLC0415
    from storage.migrating import migrate  # noqa: PLC0415

    settings = load_settings()
    _require_database(settings)
    _say_which(settings)
    plan = load_plan(settings.plan_file)
    texts = texts_for(options.language or plan.conference.language)
    database = Database(settings.database_address)
    clock = Clock()
    try:
        await migrate(database)
        async with database.snapshot() as session:
            conference = await conference_record(session)
        if conference is not None:
            clock.offset = timedelta(seconds=conference.clock_offset_seconds)
        now = clock()
        try:
            _, filters = parse_request(
                " ".join(options.filters), plan, today=now.astimezone(plan.zone).date()
            )
        except ListRequestError as error:
            words = texts.plain(
                f"refused-list-{error.details['fault']}",
                word=error.details["word"],
                unit=plan.units[0].code,
                topic=plan.topics[0].number,
            )
            sys.stderr.write(f"doithoai: {words}\n")
            return FAILED
        written = await write_list(
            database,
            plan,
            texts,
            options.out,
            form=options.format,
            filters=filters,
            now=now,
        )
    finally:
        await database.close()
    sys.stdout.write(f"{written.path}: {written.rows} questions, {written.bytes_} bytes\n")
    return 0


async def _backup(options: argparse.Namespace) -> int:
    from storage.backup import backup  # noqa: PLC0415
    from storage.database import Database  # noqa: PLC0415

    settings = load_settings()
    _require_database(settings)
    _say_which(settings)
    database = Database(settings.database_address)
    try:
        report = await backup(database, options.file)
    finally:
        await database.close()
    sys.stdout.write(f"{report}\n")
    return 0


async def _restore(options: argparse.Namespace) -> int:
    from storage.backup import restore  # noqa: PLC0415
    from storage.database import Database  # noqa: PLC0415

    settings = load_settings()
    _say_which(settings)
    database = Database(settings.database_address)
    try:
        report = await restore(options.file, database)
    finally:
        await database.close()
    sys.stdout.write(f"{report}\n")
    return 0
