"""The Telegram Bot API over HTTP: finished calls out, raw updates in, and what an error means.

aiogram's own session parses every answer into types; what is sent here was built by aiogram and
stored, so that only its outcome matters, and a batch of updates must survive one odd shape in it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, FormData


class ApiError(Exception):
    """A call did not succeed. The text never holds the token or what was said."""


class ApiRefusedError(ApiError):
    """The platform answered with an error."""

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(f"{code} {description}")
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
        """
        form = FormData(quote_fields=False)
        for name, value in parameters.items():
            if value is not None:
                form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        for name, path in (files or {}).items():
            form.add_field(name, path.read_bytes(), filename=path.name)
        try:
            async with self._open().post(
                f"{self._address}/{method}",
                data=form if parameters or files else None,
                timeout=ClientTimeout(total=timeout),
            ) as response:
                body = await response.read()
                status = response.status
        except ClientConnectorError as error:
            raise ApiUnreachableError(type(error).__name__, may_have_arrived=False) from None
        except (ClientError, TimeoutError, OSError) as error:
            raise ApiUnreachableError(type(error).__name__, may_have_arrived=True) from None
        except Exception as error:
            # The errors of a proxy have no common ancestor with aiohttp's.
            if self._proxy is None or not type(error).__name__.startswith("Proxy"):
                raise
            raise ApiUnreachableError(type(error).__name__, may_have_arrived=False) from None
        return _result(status, body)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _result(status: int, body: bytes) -> Any:
    try:
        answer = json.loads(body)
        if answer["ok"]:
            return answer["result"]
        parameters = answer.get("parameters") or {}
        raise ApiRefusedError(
            int(answer.get("error_code", status)),
            str(answer.get("description", "")),
            parameters.get("retry_after"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        if status >= 400:  # noqa: PLR2004  a proxy's own page, for one
            raise ApiRefusedError(status, "an answer that is not the Bot API's") from None
        raise ApiUnreachableError("an answer that cannot be read", may_have_arrived=True) from None
