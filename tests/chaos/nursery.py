"""A process that has imported everything and opened nothing, from which lives are forked.

Importing takes seconds; a kill test needs hundreds of lives. The nursery has one thread and no
event loop, so that a fork of it is as good as a fresh interpreter. Orders come in as lines of
JSON; what a child prints and how it ends go out as lines of JSON. Its end is the end of its
children, and it ends itself when whoever started it is gone.
"""

import ctypes
import json
import os
import selectors
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Be killed when the parent process ends, however it ends (Linux)."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    """Take orders until the input ends."""
    die_with_parent()
    # A Ctrl-C is for whoever started this; the children end when this does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from tests.chaos import life

    life.warm_up()
    _say({"event": "ready"})
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin.fileno(), selectors.EVENT_READ, None)
    orders = b""
    while True:
        for key, _ in selector.select():
            if key.data is not None:
                _hear(selector, key.fd, key.data)
                continue
            read = os.read(key.fd, 65536)
            if not read:
                return
            *whole, orders = (orders + read).split(b"\n")
            for line in whole:
                _fork(selector, json.loads(line), life)


def _fork(selector: selectors.BaseSelector, order: dict[str, Any], life: Any) -> None:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        selector.close()
        os.close(reading)
        life.begin(order, writing)  # never returns
    os.close(writing)
    selector.register(reading, selectors.EVENT_READ, (order["number"], pid, [b""]))
    _say({"event": "born", "number": order["number"], "pid": pid})


def _hear(selector: selectors.BaseSelector, fd: int, child: tuple[int, int, list[bytes]]) -> None:
    number, pid, rest = child
    read = os.read(fd, 65536)
    *whole, rest[0] = (rest[0] + read).split(b"\n")
    for line in whole:
        _say({"event": "line", "number": number, "line": line.decode(errors="replace")})
    if read:
        return
    selector.unregister(fd)
    os.close(fd)
    _, status = os.waitpid(pid, 0)
    _say({"event": "end", "number": number, "code": os.waitstatus_to_exitcode(status)})


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
