"""Webhook mode: the platform brings updates, and is told so only when they are stored."""

import asyncio
import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.bot_api import ApiError, ApiRefusedError, Platform
from bot.clock import Clock
from bot.inbox import ALLOWED_UPDATES, Row, row_of, store_rows
from bot.observing import Observer
from bot.trace import log_fault
from bot.waiting import Sleep
from bot.web import listening
from storage.database import Database

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  its name
MOST_CONNECTIONS = 40
"""Calls that the platform makes at once, to all processes together."""
LARGEST_BODY = 1024 * 1024
"""Bytes. A long message with another quoted in it has about 100,000; one that is refused is
brought again for a day, and its chat's next ones behind it, so that there is room to spare."""
_BODY_SECONDS = 15.0
_COMMIT_SECONDS = 30.0
"""The platform awaits an answer for 60 seconds (tdlib/telegram-bot-api#211)."""
_RETRY_AFTER = "5"
_LOOK_SECONDS = 300.0
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the platform calls (`address`, with what `secret`), and where that arrives."""

    address: str
    secret: str
    host: str
    port: int


class Webhook:
    """Keeps what is brought, and tells the turns."""

    is_for_one = False

    def __init__(
        self,
        database: Database,
        platform: Platform,
        clock: Clock,
        bot_id: str,
        place: Place,
        *,
        stored: Callable[[], None],
        observer: Observer | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._database = database
        self._platform = platform
        self._clock = clock
        self._bot_id = bot_id
        self._place = place
        self._path = urlsplit(place.address).path or "/"
        self._secret = place.secret.encode()
        self._stored = stored
        self._observer = observer or Observer()
        self._sleep = sleep
        self._arrived: list[tuple[Row, asyncio.Future[bool]]] = []
        self._committing = asyncio.Lock()
        self._is_set = False
        self._last_error = 0
        self.port: int | None = None
        """Where it listens, once it does."""

    @property
    def is_working(self) -> bool:
        """Whether it listens and the platform knows."""
        return self.port is not None and self._is_set

    async def run(self) -> None:
        """Listen for ever.

        Raises:
            CannotListenError: the port is taken.
        """
        place = self._place
        async with listening(self.answer, place.host, place.port, "WEBHOOK_PORT") as port:
            log.info("listening for the webhook's calls on %s port %s", place.host, port)
            self.port = port
            try:
                await self._stay_set()
            finally:
                self.port = None

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """200 only when the update is stored; a 2xx is what the platform forgets it for."""
        status = self._refused(request)
        if status is not None:
            return web.Response(
                status=status,
                headers={"Allow": "POST"} if status == HTTPStatus.METHOD_NOT_ALLOWED else {},
            )
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                row = self._row(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except TimeoutError:
            return web.Response(status=HTTPStatus.REQUEST_TIMEOUT)
        if row is None or await self._keep(row):
            return web.Response()
        return web.Response(
            status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": _RETRY_AFTER}
        )

    def _refused(self, request: web.BaseRequest) -> int | None:
        """The status that says no, before anything of the body is read."""
        if request.path != self._path:
            return HTTPStatus.NOT_FOUND
        if request.method != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        shown = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(shown, self._secret):
            return HTTPStatus.UNAUTHORIZED
        return (
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            if (request.content_length or 0) > LARGEST_BODY
            else None
        )

    def _row(self, body: bytes) -> Row | None:
        """What is to be stored of a call. None: nothing can be, and no repetition will mend it."""
        try:
            return row_of(self._bot_id, json.loads(body), self._clock())
        except (ValueError, RecursionError) as error:
            log.error(  # noqa: TRY400  the error quotes what was brought
                "a call with %s bytes that are no update is not kept: %s",
                len(body),
                type(error).__name__,
            )
            return None

    async def _keep(self, row: Row) -> bool:
        """Whether it is stored now. Those who come during a commit share the next one."""
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._arrived.append((row, kept))
        async with self._committing:
            if not kept.done():
                await self._commit()
        return await kept

    async def _commit(self) -> None:
        arrived, self._arrived = self._arrived, []
        is_kept = False
        try:
            async with asyncio.timeout(_COMMIT_SECONDS), self._database.transaction() as session:
                await store_rows(session, [row for row, _ in arrived])
            is_kept = True
        except Exception as error:  # noqa: BLE001  drivers raise what they like
            log_fault(log, error, f"{len(arrived)} updates could not be stored; they come again")
        finally:
            for _, kept in arrived:
                if not kept.done():
                    kept.set_result(is_kept)
        if is_kept:
            self._observer.updates_stored(len(arrived))
            self._stored()

    async def _stay_set(self) -> None:
        """Tell the platform where to call, and see now and then that it still knows."""
        pause = 1.0
        while True:
            try:
                await self._look()
                pause = _LOOK_SECONDS
            except ApiRefusedError as error:
                # Of this method's words none are a person's, and an operator needs them.
                log.warning("the webhook could not be set: %s %s", error.code, error.description)
                pause = error.retry_after or min(pause * 2, _LONGEST_PAUSE)
            except ApiError as error:
                log.warning("the webhook could not be set: %s", error)
                pause = min(pause * 2, _LONGEST_PAUSE)
            await self._sleep(pause)

    async def _look(self) -> None:
        """Set the webhook unless it is; say what the platform last complained of."""
        if self._is_set:
            found: dict[str, Any] = await self._platform.call("getWebhookInfo", {})
            if int(found.get("last_error_date") or 0) > self._last_error:
                self._last_error = int(found["last_error_date"])
                log.warning(
                    "the platform could not call the webhook (%s updates wait): %s",
                    found.get("pending_update_count"),
                    found.get("last_error_message"),
                )
            if found.get("url") == self._place.address:
                return
            log.warning("the webhook was another program's, and is set again")
            self._is_set = False
        await self._platform.call(
            "setWebhook",
            {
                "url": self._place.address,
                "secret_token": self._place.secret,
                "allowed_updates": ALLOWED_UPDATES,
                "max_connections": MOST_CONNECTIONS,
            },
        )
        self._is_set = True
