"""The Telegram Bot API over HTTP: finished calls out, raw updates in, and what an error means.

aiogram's own session parses every answer into types; what is sent here was built by aiogram and
stored, so that only its outcome matters, and a batch of updates must survive one odd shape in it.
"""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    FormData,
)

_JSON = {"Content-Type": "application/json"}
_CONNECT_SECONDS = 10
_MOST_WORDS = 120
_CALLER_FAULT = 400
_TOO_LARGE = 413
_SERVER_FAULT = 500


class ApiError(Exception):
    """A call did not succeed. The text never holds the token or what was said."""


class ApiRefusedError(ApiError):
    """The platform answered with an error.

    As text it says the code and the beginning of the description: what follows a second colon may
    quote the message ("can't parse entities: Unsupported start tag …").
    """

    def __init__(self, code: int, description: str, retry_after: float | None = None) -> None:
        beginning = ":".join(description.split(":")[:2])
        super().__init__(f"{code} {''.join(filter(str.isprintable, beginning))}"[:_MOST_WORDS])
        self.code = code
        self.description = description
        self.retry_after = retry_after


class ApiUnreachableError(ApiError):
    """No answer, or none that can be read. `may_have_arrived`: it may have been done."""

    def __init__(self, reason: str, *, may_have_arrived: bool) -> None:
        super().__init__(reason)
        self.may_have_arrived = may_have_arrived


class Platform(Protocol):
    """What the rest of the program needs of a channel's HTTP side."""

    async def call(
        self,
        method: str,
        parameters: Mapping[str, Any],
        *,
        files: Mapping[str, Path] | None = None,
        timeout: float = 30,
    ) -> Any:
        """Make one call and return its result."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


class BotApi:
    """One bot at the Bot API.

    Args:
        token: the bot's token; it is part of every address and so never logged.
        base: the server, `https://api.telegram.org` or a local one.
        proxy: `http://…` or `socks5://…`.
    """

    def __init__(self, token: str, base: str, proxy: str | None = None) -> None:
        self._address = f"{base.rstrip('/')}/bot{token}"
        self._proxy = proxy
        self._session: ClientSession | None = None

    def _open(self) -> ClientSession:
        if self._session is None or self._session.closed:
            connector = None
            if self._proxy is not None:
                from aiohttp_socks import ProxyConnector  # noqa: PLC0415  only with a proxy

                try:
                    connector = ProxyConnector.from_url(self._proxy)
                except ValueError:
                    raise ApiUnreachableError(
                        "TELEGRAM_PROXY is no proxy address", may_have_arrived=False
                    ) from None
            self._session = ClientSession(connector=connector)
        return self._session

    async def call(
        self,
        method: str,
        parameters: Mapping[str, Any],
        *,
        files: Mapping[str, Path] | None = None,
        timeout: float = 30,
    ) -> Any:
        """Make one call and return its `result`.

        Raises:
            ApiRefusedError: the platform said no.
            ApiUnreachableError: no usable answer came.
            FileNotFoundError: a file is not there.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        if not files:
            # Many times faster to write and to read than a form, where every letter with a mark
            # becomes three signs or six.
            body = json.dumps(given, ensure_ascii=False).encode()
            return _result(*await self._post(method, body, timeout, _JSON))
        form = FormData(quote_fields=False)
        for name, value in given.items():
            form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        with contextlib.ExitStack() as stack:
            for name, path in files.items():
                content = stack.enter_context(path.open("rb"))
                form.add_field(name, content, filename=path.name)
            return _result(*await self._post(method, form, timeout))

    async def _post(
        self,
        method: str,
        body: FormData | bytes,
        timeout: float,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """The answer's status and body, whatever they are."""
        try:
            async with self._open().post(
                f"{self._address}/{method}",
                data=body,
                headers=headers,
                timeout=ClientTimeout(total=timeout, sock_connect=_CONNECT_SECONDS),
            ) as response:
                return response.status, await response.read()
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise ApiUnreachableError(type(error).__name__, may_have_arrived=False) from None
        except (ClientError, TimeoutError, OSError) as error:
            raise ApiUnreachableError(type(error).__name__, may_have_arrived=True) from None
        except Exception as error:
            # The errors of a proxy have no common ancestor with aiohttp's.
            if self._proxy is None or not type(error).__name__.startswith("Proxy"):
                raise
            raise ApiUnreachableError(type(error).__name__, may_have_arrived=False) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _result(status: int, body: bytes) -> Any:
    """The call's result, or its error; a page that a proxy put in between is no refusal."""
    try:
        answer = json.loads(body)
        if answer["ok"]:
            return answer["result"]
        retry_after = (answer.get("parameters") or {}).get("retry_after")
        raise ApiRefusedError(
            int(answer.get("error_code", status)),
            str(answer.get("description", "")),
            None if retry_after is None else float(retry_after),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        reason = f"an answer that is not the Bot API's (status {status})"
        if status == _TOO_LARGE or status >= _SERVER_FAULT:
            raise ApiRefusedError(status, reason) from None
        raise ApiUnreachableError(reason, may_have_arrived=status < _CALLER_FAULT) from None
