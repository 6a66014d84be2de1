"""An error as one line for the log: its class and where it came from, never its words."""

import logging
import traceback
from pathlib import Path

from storage.faults import fault_of

_ROOT = Path(__file__).parent.parent
_MOST_PLACES = 4


def trace_of(error: BaseException) -> str:
    """`KeyError at handlers/start.py:12 < bot/turns.py:190`, the innermost place first.

    An error's own text may quote what a person wrote: SQLAlchemy shows a statement's parameters,
    pydantic the value it refused. Only this project's files are named.
    """
    kinds = [type(error).__name__]
    cause = error.__cause__
    while cause is not None and len(kinds) < _MOST_PLACES:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__
    places = []
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
            places.append(f"{path.relative_to(_ROOT).as_posix()}:{frame.lineno}")
    where = " < ".join(places[:_MOST_PLACES])
    return " from ".join(kinds) + (f" at {where}" if where else "")


def log_fault(log: logging.Logger, error: BaseException, what: str) -> None:
    """Log what went wrong (ids, no words) with the error's trace, instead of `log.exception`.

    What is the machine's fault is said in words that an operator understands.
    """
    fault = fault_of(error)
    log.error(
        "%s: %s%s",
        what,
        f"{fault}: " if fault else "",
        trace_of(error),
        extra=kind_of(error),
    )


def kind_of(error: BaseException) -> dict[str, str]:
    """A log record's field by which errors are counted."""
    return {"error": type(error).__name__}
