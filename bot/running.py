"""`run`: the sandbox in a browser without a token, Telegram with one."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from bot.app import App, build_app
from bot.bot_api import ApiError, ApiRefusedError, ApiUnreachableError, BotApi
from bot.clock import Clock
from bot.courier import Courier, build_sender
from bot.intake import Intake
from bot.observing import Observer
from bot.sandbox_orders import SandboxOrders
from config.log import set_up_logging
from config.plan import ConferencePlan, load_plan
from config.settings import Settings
from storage.database import Database
from storage.locks import only_process
from storage.tables import DatabaseKind

log = logging.getLogger(__name__)

SANDBOX_TOKEN = "1000000001:sandbox_sandbox_sandbox_sandbox_123"  # noqa: S105  opens nothing
SANDBOX_ORGANISER = "7000000002"
_TRIES = 3
_LONGEST_PAUSE = 30
_LEAST_SECRET = 8


class CannotRunError(Exception):
    """The program cannot start or go on; one line for the operator."""


async def run_live(settings: Settings) -> None:
    """Serve Telegram until SIGTERM or Ctrl-C.

    Raises:
        CannotRunError: Telegram does not know the token, or cannot be reached.
    """
    assert settings.telegram_bot_token is not None  # noqa: S101  the caller has looked
    token = settings.telegram_bot_token.get_secret_value()
    proxy = settings.telegram_proxy.get_secret_value() if settings.telegram_proxy else None
    _log(settings, token, proxy or "", *_webhook_secrets(settings))
    app = _app(
        settings,
        load_plan(settings.plan_file),
        token=token,
        base=settings.telegram_api_base,
        proxy=proxy,
        clock=Clock(),
        organisers=settings.organiser_ids,
        kind=DatabaseKind.live,
    )
    if settings.telegram_mode == "webhook":
        _take_calls(app, settings)
    await _serve(app, settings, lambda me: f"@{me.get('username')}")


async def run_sandbox(settings: Settings) -> None:
    """Serve the sandbox: the same bot, with a local Bot API that has a page with phones."""
    plan = load_plan(settings.plan_file)
    _log(settings)
    async with _local_api(settings) as address:
        clock = _sandbox_clock(plan)
        beginning = clock.offset
        app = _app(
            settings,
            plan,
            token=SANDBOX_TOKEN,
            base=address,
            proxy=None,
            clock=clock,
            organisers=settings.organiser_ids | {SANDBOX_ORGANISER},
            kind=DatabaseKind.sandbox,
        )
        orders = SandboxOrders(app, address, beginning)
        await _serve(app, settings, lambda _me: f"sandbox, {address}", orders.run)


def _log(settings: Settings, *secrets: str) -> None:
    address = settings.database_url.get_secret_value()
    set_up_logging(settings.log_level, settings.log_format, secrets=[*secrets, address])


def _app(
    settings: Settings,
    plan: ConferencePlan,
    *,
    token: str,
    base: str,
    proxy: str | None,
    clock: Clock,
    organisers: frozenset[str],
    kind: DatabaseKind,
) -> App:
    database = Database(settings.database_address)
    return build_app(
        database=database,
        database_address=settings.database_address,
        plan=plan,
        plan_file=settings.plan_file.resolve(),
        platform=BotApi(token, base, proxy),
        courier=Courier(
            database, plan, build_sender(token, base, proxy, rate=settings.courier_rate), clock
        ),
        token=token,
        clock=clock,
        organiser_ids=organisers,
        kind=kind,
        files=settings.data_dir / f"files-{kind.value}",
        observer=_observer(settings),
    )


def _observer(settings: Settings) -> Observer:
    if settings.health_port is None:
        return Observer()
    from bot.metrics import Metrics  # noqa: PLC0415  nobody asks for them

    return Metrics()


@contextlib.asynccontextmanager
async def _watched(app: App, settings: Settings) -> AsyncIterator[None]:
    """With /health and /metrics, where the settings want them."""
    if settings.health_port is None:
        yield
        return
    from bot.health import watched  # noqa: PLC0415  needs a server
    from bot.metrics import Metrics  # noqa: PLC0415

    assert isinstance(app.observer, Metrics)  # noqa: S101  made so
    async with watched(app, app.observer, settings.health_host, settings.health_port):
        yield


def _take_calls(app: App, settings: Settings) -> None:
    """Let Telegram call instead of asking it."""
    from bot.webhook import Place, Webhook  # noqa: PLC0415  polling needs no server

    assert settings.webhook_url is not None  # noqa: S101  the settings have looked
    assert settings.webhook_secret is not None  # noqa: S101
    app.intake = Webhook(
        app.database,
        app.platform,
        app.clock,
        str(app.bot.id),
        Place(
            settings.webhook_url.get_secret_value(),
            settings.webhook_secret.get_secret_value(),
            settings.webhook_host,
            settings.webhook_port,
        ),
        stored=app.turns.wake,
        observer=app.observer,
    )


def _webhook_secrets(settings: Settings) -> list[str]:
    """What no log may show; a secret of a few letters would cover half of all words."""
    given = (settings.webhook_secret, settings.webhook_url)
    shown = [one.get_secret_value() for one in given if one is not None]
    return [one for one in shown if len(one) >= _LEAST_SECRET]


def _sandbox_clock(plan: ConferencePlan) -> Clock:
    """A clock that stands inside the asking window, five days in or at its middle.

    Used when the sandbox's database is new; later starts go on from what it remembers.
    """
    opens, closes = plan.moment("asking_opens"), plan.moment("asking_closes")
    wanted = min(opens + timedelta(days=5), opens + (closes - opens) / 2)
    clock = Clock()
    clock.offset = timedelta(seconds=round((wanted - clock()).total_seconds()))
    return clock


async def _serve(
    app: App,
    settings: Settings,
    who: Callable[[dict[str, Any]], str],
    *also: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Prepare, say who this is and where the data lies, and run until a signal comes."""
    _end_on_signals()
    try:
        with only_process(app.database.url):
            async with _watched(app, settings):
                await _prepare(app, who)
                await app.run(_show_menus(app), *(one() for one in also))
    except asyncio.CancelledError:
        log.info("stopped, as asked")
    finally:
        await app.close()


async def _prepare(app: App, who: Callable[[dict[str, Any]], str]) -> None:
    me = await _whoami(app)
    app.introduce(me)
    if app.kind is DatabaseKind.sandbox and not await app.leadership.stand():
        # Its phones are its own: nobody else would answer them.
        raise CannotRunError("another sandbox runs on this database")
    await app.prepare()
    if isinstance(app.intake, Intake):
        await _leave_no_webhook(app)
    sys.stdout.write(
        f"doithoai: {who(me)}\n"
        f"doithoai: {app.plan.conference.short_title} ({app.plan.conference.code}), "
        f"data in {_shown(app.database.url)}\n"
    )
    sys.stdout.flush()


def _end_on_signals() -> None:
    """The first SIGTERM or Ctrl-C ends the program in order, a second one at once."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  called from a coroutine
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)

    def end() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)
        task.cancel()

    # Windows has no signal handlers on a loop; there the process is simply ended.
    with contextlib.suppress(NotImplementedError):
        for number in numbers:
            loop.add_signal_handler(number, end)


async def _leave_no_webhook(app: App) -> None:
    """A webhook would be in the way of polling, which then says so itself."""
    try:
        await app.platform.call("deleteWebhook", {})
    except ApiError as error:
        log.warning("the webhook could not be deleted: %s", error)


async def _show_menus(app: App) -> None:
    """Publish the command menus, beside the polling; the bot serves without them."""
    try:
        await app.publish_menus()
    except ApiError as error:
        log.warning("the menus could not be set: %s", error)


async def _whoami(app: App) -> dict[str, Any]:
    """What getMe says. A platform that is there and has trouble is waited for.

    Raises:
        CannotRunError: the token is unknown, or nobody listens at the address.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            me: dict[str, Any] = await app.platform.call("getMe", {}, timeout=10)
        except ApiRefusedError as error:
            if error.code in {401, 404}:
                raise CannotRunError("Telegram does not know this TELEGRAM_BOT_TOKEN") from None
            log.warning("the Bot API has trouble, and is asked again: %s", error)
            pause = error.retry_after or min(attempt, _LONGEST_PAUSE)
        except ApiUnreachableError as error:
            if error.may_have_arrived:
                log.warning("the Bot API gave no answer, and is asked again: %s", error)
            elif attempt >= _TRIES:
                raise CannotRunError(
                    f"the Bot API at TELEGRAM_API_BASE cannot be reached ({error})"
                ) from None
            pause = min(attempt, _LONGEST_PAUSE)
        else:
            return me
        await asyncio.sleep(pause)


def _shown(url: URL) -> str:
    """Where the data lies, without a password."""
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string()


@contextlib.asynccontextmanager
async def _local_api(settings: Settings) -> AsyncIterator[str]:
    """The local Bot API in a process of its own; yields its address and ends it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.sandbox.api",
        "--port",
        str(settings.sandbox_port),
        "--data",
        str(settings.data_dir / "sandbox-chats.db"),
        "--token",
        SANDBOX_TOKEN,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        # A Ctrl-C is for the bot, which then ends the server in order.
        start_new_session=True,
    )
    assert child.stdout is not None  # noqa: S101  it is a pipe
    try:
        line = (await child.stdout.readline()).decode().strip()
        if not line.startswith("ready "):
            raise CannotRunError(
                f"the sandbox could not listen on port {settings.sandbox_port}; "
                "set SANDBOX_PORT to another"
            )
        yield line.removeprefix("ready ")
    finally:
        if child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), timeout=5)
            except TimeoutError:
                child.kill()
                await child.wait()
