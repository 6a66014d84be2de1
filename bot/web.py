"""Listening for HTTP. Nothing is logged of who asks and for what: a path may be a secret."""

import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from socket import gaierror
from typing import TypeAlias

from aiohttp import web

from bot.trace import log_fault

log = logging.getLogger(__name__)

Answer: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_END_SECONDS = 5.0
"""So long an answer under way may take when the program ends."""

_SILENT = logging.getLogger(f"{__name__}.aiohttp")
"""aiohttp quotes a request that it cannot read, and with it a header or a body."""
_SILENT.disabled = True


class CannotListenError(OSError):
    """The address is taken or is none of this machine's; one line for the operator."""


def _reason(error: OSError) -> str:
    is_name = isinstance(error, gaierror)
    return "no such address" if is_name or error.errno is None else os.strerror(error.errno)


@contextlib.asynccontextmanager
async def listening(answer: Answer, host: str, port: int, setting: str) -> AsyncIterator[int]:
    """Answer on this port (0: any free one) as long as the block lasts; yields the port.

    Args:
        answer: what to answer; if it raises, the answer is 500.
        host: an address of this machine.
        port: where.
        setting: the setting that the operator has to change when the port is taken.

    Raises:
        CannotListenError: it cannot be listened there.
    """

    async def guarded(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await answer(request)
        except (ConnectionError, web.RequestPayloadError):
            return web.Response(status=HTTPStatus.BAD_REQUEST)  # who asked has gone
        except Exception as error:  # noqa: BLE001  aiohttp would log its words
            log_fault(log, error, "an HTTP request could not be answered")
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)

    server = web.Server(guarded, access_log=None, logger=_SILENT)
    runner = web.ServerRunner(server, shutdown_timeout=_END_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise CannotListenError(
                f"cannot listen on {host} port {port} ({_reason(error)}); set {setting} to another"
            ) from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
