"""A port for those who watch: is it alive, can it do its work, and the figures."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.app import App
from bot.metrics import Metrics
from bot.trace import log_fault
from bot.web import listening
from conference.opening import conference_record

log = logging.getLogger(__name__)

LONGEST_SILENCE = 120.0
"""Seconds without a tick, which comes every 30."""
_DATABASE_SECONDS = 3.0


@contextlib.asynccontextmanager
async def watched(app: App, metrics: Metrics, host: str, port: int) -> AsyncIterator[int]:
    """Answer those who watch as long as the block lasts; yields the port.

    Raises:
        CannotListenError: the port is taken.
    """
    watch = Watch(app, metrics)
    with metrics.counting_errors():
        async with listening(watch.answer, host, port, "HEALTH_PORT") as taken:
            log.info("/health and /metrics are on %s port %s", host, taken)
            yield taken


class Watch:
    """Says how one process is."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """200 where all that was asked for is well, else 503."""
        if request.method not in {"GET", "HEAD"}:
            return web.Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET"})
        match request.path:
            case "/health":
                return _said({**self._live(), **await self._ready()})
            case "/health/live":
                return _said(self._live())
            case "/health/ready":
                return _said(await self._ready())
            case "/metrics":
                return await self._figures()
        return web.Response(status=HTTPStatus.NOT_FOUND)

    def _live(self) -> dict[str, bool]:
        """Whether ticks come; that this answers at all says that the event loop turns."""
        return {"ticks": time.monotonic() - self._app.beaten_at < LONGEST_SILENCE}

    async def _ready(self) -> dict[str, bool]:
        """Whether updates come in, and can be handled."""
        app, is_answering, is_loaded = self._app, False, False
        with contextlib.suppress(Exception):  # whatever the driver raises: it is away
            async with asyncio.timeout(_DATABASE_SECONDS), app.database.snapshot() as session:
                found = await conference_record(session)
            is_answering = True
            is_loaded = found is not None and found.code == app.plan.conference.code
        return {"database": is_answering, "plan": is_loaded, "intake": self._is_receiving}

    @property
    def _is_receiving(self) -> bool:
        """Whether updates come here, or to the process that leads."""
        is_others = self._app.intake.is_for_one and not self._app.is_leader
        return is_others or self._app.intake.is_working

    async def _figures(self) -> web.Response:
        app, is_up = self._app, False
        try:
            async with asyncio.timeout(_DATABASE_SECONDS), app.database.snapshot() as session:
                await self._metrics.read(session, app.clock)
            is_up = True
        except Exception as error:  # noqa: BLE001  drivers raise what they like
            log_fault(log, error, "the database's figures could not be read")
        shown = self._metrics.shown(
            is_leader=app.is_leader, is_receiving=self._is_receiving, is_database_up=is_up
        )
        return web.Response(body=shown, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _said(parts: dict[str, bool]) -> web.Response:
    is_well = all(parts.values())
    status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
    return web.json_response({"status": "ok" if is_well else "unwell", **parts}, status=status)
