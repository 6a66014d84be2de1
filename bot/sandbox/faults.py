"""Made-to-order failures, flood control, and the list of calls received."""

import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from bot.sandbox.checks import CODE_WORDS, Refusal

Json = dict[str, Any]

CALLS_KEPT = 10_000
ALL_PER_SECOND = 30
CHAT_PER_SECOND = 1
GROUP_PER_MINUTE = 20
DEFAULT_WORDS = {
    403: "Forbidden: bot was blocked by the user",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(slots=True)
class FaultRule:
    """One failure to produce, for the next `times` calls that match.

    Without a status, a drop or a body the rule only delays. `after_delivery` does the work first
    and then fails, as a read timeout after a delivered message does.
    """

    method: str = "*"
    chat_id: int | None = None
    status: int | None = None
    description: str | None = None
    retry_after: int | None = None
    times: int = 1
    after_delivery: bool = False
    drop: bool = False
    delay_ms: int = 0
    body: str | None = None

    def __post_init__(self) -> None:
        if self.body not in {None, "truncated", "garbage"}:
            raise ValueError(f"body: {self.body!r} is neither truncated nor garbage")
        if self.times < 1 or self.delay_ms < 0:
            raise ValueError("times is at least 1, delay_ms at least 0")

    @property
    def fails(self) -> bool:
        return self.status is not None or self.drop

    def answer(self) -> Json:
        """The API's answer for the status."""
        status = self.status or 500
        words = self.description or DEFAULT_WORDS.get(status) or CODE_WORDS.get(status, "Error")
        answer: Json = {"ok": False, "error_code": status, "description": words}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
            if self.description is None:
                answer["description"] = f"{words}: retry after {self.retry_after}"
        return answer


class Faults:
    """The rules in force; each is used up by the calls that match it, in the order given."""

    def __init__(self) -> None:
        self.rules: list[FaultRule] = []

    def add(self, rules: list[Json]) -> None:
        """Raises TypeError or ValueError where a rule has an unknown or impossible field."""
        self.rules += [FaultRule(**rule) for rule in rules]

    def listed(self) -> list[Json]:
        return [asdict(rule) for rule in self.rules]

    def strike(self, method: str, chat_id: int | None) -> FaultRule | None:
        """The rule for this call, now one time closer to its end."""
        for rule in self.rules:
            if rule.method.lower() not in {"*", method.lower()}:
                continue
            if rule.chat_id is not None and rule.chat_id != chat_id:
                continue
            rule.times -= 1
            if rule.times == 0:
                self.rules.remove(rule)
            return rule
        return None


class FloodControl:
    """Telegram's sending rates, off until switched on."""

    def __init__(self) -> None:
        self.on = False
        self._sent: dict[int, deque[float]] = {}

    def check(self, method: str, chat_id: int | None, now: float) -> None:
        """Count a call that puts something into a chat.

        Raises:
            Refusal: 429 with the whole seconds to wait.
        """
        if not self.on or chat_id is None or not method.startswith(("send", "editmessage")):
            return
        limits = [(0, ALL_PER_SECOND, 1.0), (chat_id, CHAT_PER_SECOND, 1.0)]
        if chat_id < 0:
            limits[1] = (chat_id, GROUP_PER_MINUTE, 60.0)
        for key, most, seconds in limits:
            sent = self._sent.setdefault(key, deque())
            while sent and sent[0] <= now - seconds:
                sent.popleft()
            if len(sent) >= most:
                wait = max(int(sent[0] + seconds - now) + 1, 1)
                raise Refusal(429, f"retry after {wait}", retry_after=wait)
        for key, _, _ in limits:
            self._sent[key].append(now)


class Calls:
    """The last calls received, each with its moment on the machine's monotonic clock, seconds."""

    def __init__(self) -> None:
        self._kept: deque[Json] = deque(maxlen=CALLS_KEPT)
        self._number = 0

    def add(self, method: str, params: Json, chat_id: int | None) -> Json:
        self._number += 1
        call: Json = {"number": self._number, "method": method, "chat_id": chat_id,
                      "params": params, "moment": time.monotonic(), "status": None}  # fmt: skip
        self._kept.append(call)
        return call

    def listed(self, method: str | None, after: int) -> list[Json]:
        return [
            call for call in self._kept
            if call["number"] > after and method in {None, call["method"]}
        ]  # fmt: skip

    def clear(self) -> None:
        self._kept.clear()
