"""Logs for people or for machines; tokens, names and people's words never reach them."""

import logging
import re
import sys
from collections.abc import Iterable

from pythonjsonlogger.json import JsonFormatter

_TOKEN = re.compile(r"\b\d{5,}:[A-Za-z0-9_-]{20,}")
_QUIET = ("httpx", "httpcore", "telegram", "aiogram", "apscheduler", "alembic", "asyncio")


class _Redacted(logging.Formatter):
    """Wraps a formatter, so that what it makes of a traceback is covered too."""

    def __init__(self, inner: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        line = self._inner.format(record)
        for secret in self._secrets:
            line = line.replace(secret, "[secret]")
        return _TOKEN.sub("[token]", line)


def set_up_logging(level: str, style: str, *, secrets: Iterable[str] = ()) -> None:
    """Send all logs to standard error, one line each, without the given secrets.

    The libraries that log addresses or message texts at INFO or DEBUG stay at WARNING whatever
    the level (python-telegram-bot and httpx put the token into theirs).
    """
    inner: logging.Formatter
    if style == "json":
        inner = JsonFormatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
            json_ensure_ascii=False,
        )
    else:
        inner = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s  %(message)s", "%H:%M:%S")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacted(inner, secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
