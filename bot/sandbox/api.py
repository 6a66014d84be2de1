"""A local Telegram Bot API: `python -m bot.sandbox.api --port N --data FILE`.

The bot talks to it as it talks to Telegram; people live in the page it serves at `/` and behind
the control side at `/sandbox/`. It holds Telegram's checks, limits and error texts, listens on
loopback only, and keeps its chats in one SQLite file.
"""

import argparse
import asyncio
import contextlib
import ipaddress
import json
import logging
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web

from bot.sandbox import chats, control, orders, trouble
from bot.sandbox.checks import Params, Refusal, Upload
from bot.sandbox.control import SANDBOX, Sandbox, explain, guard, seed_people
from bot.sandbox.faults import Calls, FaultRule, Faults, FloodControl
from bot.sandbox.methods import METHODS, unknown
from bot.sandbox.store import NotASandboxFileError, Store
from bot.sandbox.updates import Polling
from bot.sandbox.webhook import Deliveries

Json = dict[str, Any]

TOKEN = re.compile(r"(\d+):[A-Za-z0-9_-]{30,}")
REQUEST_LIMIT = 60 * 1024 * 1024
GARBAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"

log = logging.getLogger(__name__)


def make_app(
    store_path: str | Path,
    *,
    token: str | None = None,
    clock: Callable[[], float] = time.time,
) -> web.Application:
    """The server, for a process of its own or inside a test.

    Args:
        store_path: the SQLite file, made where there is none.
        token: the only token to accept; any well-formed one when None.
        clock: seconds since the epoch, for dates and the life of updates and button presses.

    Raises:
        NotASandboxFileError: the file belongs to something else.
    """
    store = Store(store_path, clock)
    with store.transaction():
        seed_people(store)
    sandbox = Sandbox(
        store, Polling(store), Deliveries(store), Faults(), FloodControl(), Calls(), token
    )
    app = web.Application(middlewares=[guard, explain], client_max_size=REQUEST_LIMIT)
    app[SANDBOX] = sandbox
    app.router.add_route("GET", "/bot{token}/{method}", bot_call)
    app.router.add_route("POST", "/bot{token}/{method}", bot_call)
    app.router.add_get("/file/bot{token}/{path:.+}", bot_file)
    app.add_routes(control.routes)
    app.add_routes(trouble.routes)
    app.add_routes(orders.routes)
    app.cleanup_ctx.append(_delivering)
    app.on_shutdown.append(_end_waiting)
    app.on_cleanup.append(_close)
    return app


async def _delivering(app: web.Application) -> AsyncIterator[None]:
    running = asyncio.get_running_loop().create_task(app[SANDBOX].deliveries.run())
    yield
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _end_waiting(app: web.Application) -> None:
    store = app[SANDBOX].store
    store.closing = True
    store.wake()


async def _close(app: web.Application) -> None:
    app[SANDBOX].store.close()


async def bot_call(request: web.Request) -> web.StreamResponse:
    """One call of a Bot API method, with whatever fault was ordered for it."""
    sandbox = request.app[SANDBOX]
    method = request.match_info["method"]
    try:
        _authorise(sandbox, request.match_info["token"])
        params = await _params(request)
    except Refusal as refusal:
        return _answer(_refused(refusal))
    chat_id = params.integer("chat_id") or None
    call = sandbox.calls.add(method, _shown(params), chat_id)
    rule = sandbox.faults.strike(method, chat_id)
    if rule and rule.delay_ms:
        await asyncio.sleep(rule.delay_ms / 1000)
    if rule and rule.fails and not rule.after_delivery:
        answer = rule.answer()
    else:
        answer = await _perform(request, sandbox, method.lower(), params)
        if rule and rule.fails:
            answer = rule.answer()
    call["status"] = answer.get("error_code", 200)
    return await _spoiled(request, answer, rule) if rule else _answer(answer)


def _authorise(sandbox: Sandbox, token: str) -> None:
    shape = TOKEN.fullmatch(token)
    if shape is None or (sandbox.token is not None and token != sandbox.token):
        raise Refusal(401)
    number = int(shape[1])
    if chats.bot_id(sandbox.store) != number:
        with sandbox.store.transaction():
            sandbox.store.put_setting("bot_id", number)


async def _params(request: web.Request) -> Params:
    """Parameters from the address, then from the body, which wins."""
    given: Json = dict(request.query)
    files: dict[str, Upload] = {}
    try:
        if request.content_type == "application/json" and request.can_read_body:
            body = await request.json()
            given |= body if isinstance(body, dict) else {}
        elif request.method == hdrs.METH_POST:
            for name, part in (await request.post()).items():
                if isinstance(part, web.FileField):
                    files[name] = Upload(part.filename, part.content_type, part.file.read())
                elif isinstance(part, str):
                    given[name] = part
    except web.HTTPRequestEntityTooLarge:
        raise Refusal(413) from None
    except ValueError:
        raise Refusal(400, "can't parse the request body") from None
    return Params(given, files)


def _shown(params: Params) -> Json:
    files = {
        name: {"name": file.name, "size": len(file.content)} for name, file in params.files.items()
    }
    return {**params.given, **files}


async def _perform(request: web.Request, sandbox: Sandbox, method: str, params: Params) -> Json:
    store = sandbox.store
    try:
        if method == "getupdates":
            result: Any = await sandbox.polling.get_updates(params, lambda: _gone(request))
        else:
            sandbox.flood.check(method, params.integer("chat_id") or None, store.clock())
            with store.transaction():
                result = METHODS.get(method, unknown)(store, params)
            if method == "setwebhook":
                sandbox.polling.end()
                sandbox.deliveries.wake()
    except Refusal as refusal:
        return _refused(refusal)
    except Exception:
        log.exception("%s failed", method)
        return {"ok": False, "error_code": 500, "description": "Internal Server Error"}
    return {"ok": True, "result": result}


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _refused(refusal: Refusal) -> Json:
    answer: Json = {
        "ok": False,
        "error_code": refusal.status,
        "description": refusal.description,
    }
    if refusal.retry_after is not None:
        answer["parameters"] = {"retry_after": refusal.retry_after}
    return answer


def _answer(answer: Json) -> web.Response:
    status = answer.get("error_code", 200)
    return web.json_response(answer, status=status, dumps=_compact)


def _compact(answer: Json) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


async def _spoiled(request: web.Request, answer: Json, rule: FaultRule) -> web.StreamResponse:
    """The answer as the rule wants it: whole, cut, garbled, or never."""
    if rule.drop:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    if rule.body == "garbage":
        return web.Response(
            body=GARBAGE, status=answer.get("error_code", 200), content_type="text/html"
        )
    if rule.body == "truncated":
        whole = _compact(answer).encode()
        cut = web.StreamResponse(
            status=answer.get("error_code", 200),
            headers={"Content-Type": "application/json", "Content-Length": str(len(whole))},
        )
        await cut.prepare(request)
        await cut.write(whole[: len(whole) // 2])
        if request.transport is not None:
            request.transport.close()
        return cut
    return _answer(answer)


async def bot_file(request: web.Request) -> web.Response:
    """A file by the path getFile gave."""
    sandbox = request.app[SANDBOX]
    try:
        _authorise(sandbox, request.match_info["token"])
    except Refusal as refusal:
        return _answer(_refused(refusal))
    row = sandbox.store.row(
        "SELECT content, mime FROM upload WHERE path = ?", request.match_info["path"]
    )
    if row is None:
        return _answer(_refused(Refusal(404)))
    return web.Response(body=row["content"], content_type=row["mime"])


async def serve(app: web.Application, host: str, port: int) -> None:
    """Listen, print the one line that says where, and go on until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        # Windows has no signal handlers on a loop; there the process is simply ended.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        shown = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"ready http://{shown}:{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await runner.cleanup()


def _loopback(host: str) -> str:
    try:
        is_loopback = ipaddress.ip_address(
            "127.0.0.1" if host == "localhost" else host
        ).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise argparse.ArgumentTypeError(f"{host} is not a loopback address")
    return host


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; 0 when it was told to end, 2 for a wrong argument, 1 where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox.api", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0 takes any free port")
    parser.add_argument("--data", required=True, help="the SQLite file with chats and ids")
    parser.add_argument("--host", type=_loopback, default="127.0.0.1")
    parser.add_argument("--token", help="the only token to accept")
    given = parser.parse_args(arguments)
    try:
        Path(given.data).parent.mkdir(parents=True, exist_ok=True)
        asyncio.run(serve(make_app(given.data, token=given.token), given.host, given.port))
    except NotASandboxFileError as error:
        sys.stderr.write(f"{error} is not a sandbox file\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"cannot listen on {given.host}:{given.port}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
