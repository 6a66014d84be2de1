import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.bot_api import ApiRefusedError, ApiUnreachableError, BotApi

TOKEN = "42:test_token_test_token_test_token_test"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """A Bot API that answers as told."""

    def __init__(self) -> None:
        self.answer: Answer = told({"ok": True, "result": True})
        self.base = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        return await self.answer(request)


def told(body, status: int = 200) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(body=content, status=status)

    return answer


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"ok": tr')
    return await hang_up(request)


async def never(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", server.serve)
    async with TestServer(app) as running:
        server.base = str(running.make_url(""))
        yield server


@pytest.fixture
async def api(server: Server) -> AsyncIterator[BotApi]:
    api = BotApi(TOKEN, server.base)
    yield api
    await api.close()


REFUSED = {
    "400": (
        told({"ok": False, "error_code": 400, "description": "Bad Request: a"}, 400),
        400,
        None,
    ),
    "429": (
        told(
            {
                "ok": False,
                "error_code": 429,
                "description": "Too Many Requests: retry after 7",
                "parameters": {"retry_after": 7},
            },
            429,
        ),
        429,
        7.0,
    ),
    "status differs": (
        told({"ok": False, "error_code": 403, "description": "Forbidden"}),
        403,
        None,
    ),
    "502 of a proxy": (told(b"<html>502 Bad Gateway</html>", 502), 502, None),
    "413 of a proxy": (told(b"<html>413</html>", 413), 413, None),
}
UNANSWERED = {
    "403 of a proxy": (told(b"<html>Forbidden</html>", 403), False),
    "404 of a proxy": (told(b"not found", 404), False),
    "garbage": (told(b"<html>Welcome</html>"), True),
    "no object": (told([1, 2]), True),
    "no result": (told({"ok": True}), True),
    "not even text": (told(b"\xff\xfe\x00"), True),
    "odd parameters": (told({"ok": False, "error_code": "x", "parameters": [1]}), True),
    "hung up": (hang_up, True),
    "cut off": (cut_off, True),
    "never": (never, True),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_refusal_says_code_and_pause(server: Server, api: BotApi, kind: str):
    server.answer, code, retry_after = REFUSED[kind]
    with pytest.raises(ApiRefusedError) as error:
        await api.call("sendMessage", {"chat_id": "1"})
    assert (error.value.code, error.value.retry_after) == (code, retry_after)


@pytest.mark.parametrize("kind", UNANSWERED)
async def test_without_an_answer_it_is_said_whether_it_may_have_arrived(
    server: Server, api: BotApi, kind: str
):
    server.answer, may_have_arrived = UNANSWERED[kind]
    with pytest.raises(ApiUnreachableError) as error:
        await api.call("sendMessage", {"chat_id": "1"}, timeout=0.5)
    assert error.value.may_have_arrived is may_have_arrived


async def test_where_nobody_listens_nothing_has_arrived(unused_tcp_port: int):
    api = BotApi(TOKEN, f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(ApiUnreachableError) as error:
        await api.call("sendMessage", {"chat_id": "1"})
    await api.close()
    assert error.value.may_have_arrived is False
    assert TOKEN not in str(error.value)


async def test_the_words_of_a_refusal_do_not_quote_the_message(server: Server, api: BotApi):
    words = 'Bad Request: can\'t parse entities: Unsupported start tag "CANARY"'
    server.answer = told({"ok": False, "error_code": 400, "description": words}, 400)
    with pytest.raises(ApiRefusedError) as error:
        await api.call("sendMessage", {"chat_id": "1", "text": "<CANARY>"})
    assert error.value.description == words
    assert str(error.value) == "400 Bad Request: can't parse entities"


async def test_a_large_file_arrives_whole_under_its_name(
    server: Server, api: BotApi, tmp_path: Path
):
    path = tmp_path / "danh-sách câu hỏi.csv"
    path.write_bytes(b"0123456789abcdef" * 2**20)
    got: dict[str, tuple[str, int] | str] = {}

    async def take(request: web.Request) -> web.StreamResponse:
        for name, part in (await request.post()).items():
            if isinstance(part, web.FileField):
                content = part.file.read()
                part.file.close()
                assert content == path.read_bytes()
                got[name] = (part.filename, len(content))
            else:
                assert isinstance(part, str)
                got[name] = part
        return web.json_response({"ok": True, "result": {"message_id": 5}})

    server.answer = take
    sent = await api.call("sendDocument", {"chat_id": "7"}, files={"document": path})
    assert sent == {"message_id": 5}
    assert got == {"chat_id": "7", "document": (path.name, 2**24)}


async def test_a_file_that_is_not_there_is_said_so(api: BotApi, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        await api.call("sendDocument", {"chat_id": "7"}, files={"document": tmp_path / "no"})
