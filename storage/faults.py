"""Which errors are the machine's and not an update's: trying again later is all that helps."""

import errno
import sqlite3
from collections.abc import Iterator
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class Fault(StrEnum):
    """What is wrong, as an operator would say it."""

    disk_full = "the disk is full"
    database_away = "the database cannot be reached"
    database_busy = "the database is held by somebody else"


_FULL = {errno.ENOSPC, errno.EDQUOT}
# https://sqlite.org/rescode.html: an extended code has the primary one in its lowest byte.
_SQLITE = {
    sqlite3.SQLITE_FULL: Fault.disk_full,
    sqlite3.SQLITE_BUSY: Fault.database_busy,
    sqlite3.SQLITE_LOCKED: Fault.database_busy,
    sqlite3.SQLITE_IOERR: Fault.database_away,
    sqlite3.SQLITE_CANTOPEN: Fault.database_away,
    sqlite3.SQLITE_READONLY: Fault.database_away,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html, by the longest beginning first.
_POSTGRESQL = (
    ("53100", Fault.disk_full),
    ("53", Fault.database_away),
    ("57P", Fault.database_away),
    ("58", Fault.database_away),
    ("08", Fault.database_away),
    ("25006", Fault.database_away),
    ("40", Fault.database_busy),
    ("55P03", Fault.database_busy),
)


def fault_of(error: BaseException) -> Fault | None:
    """The fault behind an error; None: it is the doing of whoever ran into it."""
    for one in _chain(error):
        fault = _fault_of_one(one)
        if fault is not None:
            return fault
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in seen:
        seen.append(following)
        yield following
        following = getattr(following, "orig", None) or following.__cause__


def _fault_of_one(error: BaseException) -> Fault | None:
    if isinstance(error, sqlite3.Error):
        return _SQLITE.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return next((fault for begins, fault in _POSTGRESQL if state.startswith(begins)), None)
    if isinstance(error, OSError) and error.errno in _FULL:
        return Fault.disk_full
    is_cut = isinstance(error, DBAPIError) and error.connection_invalidated
    if is_cut or isinstance(error, PoolTimeoutError | ConnectionError):
        return Fault.database_away
    return None
