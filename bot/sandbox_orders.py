"""The bot's side of the sandbox: its clock is turned, sample questions come, all begins anew.

The one thing that is not as in life. Only the sandbox runs this.
"""

import asyncio
import csv
import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from sqlalchemy import update
from sqlmodel import SQLModel, col

from bot.app import App
from bot.trace import log_fault
from conference.asking import submit_question
from conference.calendar import Calendar, calendar_of
from conference.errors import ConferenceError
from conference.joining import actor_of
from conference.nudge_times import rounds
from conference.roles import CONSENT_VERSION
from config.plan import MILESTONES
from storage.questions import question_by_code
from storage.tables import AgeBand, ConferenceRecord, Person, QuestionState

log = logging.getLogger(__name__)

SAMPLES = Path(__file__).parent / "sandbox" / "sample-questions.csv"
_CHANNEL = "sample"
_POLL = 5.0
"""Seconds; so soon the page also knows of what has changed in the chats, as a moved milestone."""
_BANDS = (AgeBand.from_18_to_30, AgeBand.from_16_to_17, AgeBand.under_16, AgeBand.over_30)


@dataclass(slots=True)
class SandboxOrders:
    """Asks the local Bot API's page for orders and carries them out.

    Args:
        address: the local Bot API.
        beginning: the clock's offset of a new sandbox, to which starting over returns.
    """

    app: App
    address: str
    beginning: timedelta
    samples: dict[str, Any] | None = None
    done: int = 0
    """The number of the last order that was carried out."""
    _told: dict[str, Any] = field(default_factory=dict)

    async def run(self) -> None:
        """Carry out orders for ever."""
        async with ClientSession(timeout=ClientTimeout(total=_POLL + 10)) as http:
            while True:
                await self._tell()
                try:
                    async with http.get(
                        f"{self.address}/sandbox/orders",
                        params={"after": self.done, "wait": _POLL},
                    ) as answer:
                        found = (await answer.json())["orders"]
                except (ClientError, TimeoutError):
                    await asyncio.sleep(1)
                    continue
                for order in found:
                    try:
                        await self.carry_out(order)
                    except Exception as error:  # noqa: BLE001  the next order may well succeed
                        log_fault(log, error, f"sandbox order {order['number']} failed")
                    self.done = order["number"]

    async def carry_out(self, order: dict[str, Any]) -> None:
        """Do one thing that the page asks for."""
        if order["kind"] == "clock":
            await self.turn_clock(order.get("to", "day"))
        elif order["kind"] == "samples":
            await self.load_samples()
        elif order["kind"] == "reset":
            await self.start_over()

    async def turn_clock(self, to: str) -> None:
        """Forward to the next reminder or deadline, or by a day; then what is due happens."""
        now = self.app.clock()
        calendar = await self._calendar()
        target = {
            "nudge": _next_nudge(calendar, now),
            "deadline": _next_deadline(calendar, now)[1],
        }.get(to, now + timedelta(days=1))
        if target is None:
            return
        self.app.clock.offset += target - now
        await self._keep_clock()
        await self._tell()  # or a reminder might be sent before the page knows what time it is
        await self.app.nudge()
        await self.app.sweep()
        self.app.courier.wake()

    async def start_over(self) -> None:
        """Forget everything and stand where a new sandbox stands."""
        async with self.app.database.transaction() as session:
            for table in reversed(SQLModel.metadata.sorted_tables):
                await session.execute(table.delete())
        self.app.clock.offset = self.beginning
        self.samples = None
        await self.app.open_conference()
        await self.app.publish_menus()

    async def load_samples(self) -> None:
        """Let invented people ask the sample questions, by the same rules as everyone."""
        plan, clock = self.app.plan, self.app.clock
        codes = {topic.number: topic.code for topic in plan.topics}
        with SAMPLES.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        opens, now = plan.moment("asking_opens"), clock()
        refused: list[dict[str, Any]] = []
        counts: Counter[str] = Counter()
        async with self.app.database.transaction() as session:
            for number, row in enumerate(rows):
                actor = await actor_of(session, _CHANNEL, f"sample-{number}")
                if actor.person is None:
                    session.add(_invented(number, opens))
                    await session.flush()
                    actor = await actor_of(session, _CHANNEL, f"sample-{number}")
                try:
                    async with session.begin_nested():
                        receipt = await submit_question(
                            session,
                            actor,
                            plan=plan,
                            unit_code=row["unit"],
                            topic_code=codes.get(int(row["topic_no"]), ""),
                            text=row["text"],
                            now=_spread(opens, now, number, len(rows)),
                        )
                except ConferenceError as error:
                    fault = error.details.get("fault")
                    code = f"{error.code}.{fault}" if fault else error.code
                    refused.append({"number": number + 1, "text": row["text"], "why": code})
                    continue
                question = await question_by_code(session, receipt.question.code)
                is_held = question is not None and question.state is QuestionState.held
                counts["held" if is_held else "taken"] += 1
        self.samples = {"taken": counts["taken"], "held": counts["held"], "refused": refused}
        self.app.courier.wake()

    async def _keep_clock(self) -> None:
        seconds = round(self.app.clock.offset.total_seconds())
        async with self.app.database.transaction() as session:
            await session.execute(
                update(ConferenceRecord)
                .where(col(ConferenceRecord.code) == self.app.plan.conference.code)
                .values(clock_offset_seconds=seconds)
            )

    async def _calendar(self) -> Calendar:
        async with self.app.database.snapshot() as session:
            return await calendar_of(session, self.app.plan)

    async def told(self) -> dict[str, Any]:
        """How things stand: the clock, what comes next, what became of the samples."""
        now, zone = self.app.clock(), self.app.plan.zone
        calendar = await self._calendar()
        nudge = _next_nudge(calendar, now)
        name, deadline = _next_deadline(calendar, now)
        return {
            "order": self.done,
            "zone": zone.key,
            "now": now.astimezone(zone).isoformat(timespec="seconds"),
            "shift": self.app.clock.offset.total_seconds(),
            "nudge": nudge.astimezone(zone).isoformat(timespec="minutes") if nudge else None,
            "deadline": deadline.astimezone(zone).isoformat(timespec="minutes")
            if deadline
            else None,
            "milestone": name,
            "samples": self.samples,
        }

    async def _tell(self) -> None:
        """Tell the page what is new."""
        told = await self.told()
        news = {**told, "now": None}
        if news == self._told:
            return
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=_POLL)) as http,
                http.post(f"{self.address}/sandbox/told", json=told) as answer,
            ):
                await answer.read()
        except (ClientError, TimeoutError) as error:
            log.warning("the sandbox's page could not be told: %s", type(error).__name__)
        else:
            self._told = news


def _next_nudge(calendar: Calendar, now: datetime) -> datetime | None:
    return min((one.due_at for one in rounds(calendar) if one.due_at > now), default=None)


def _next_deadline(calendar: Calendar, now: datetime) -> tuple[str | None, datetime | None]:
    later = [(calendar.moment(name), name) for name in MILESTONES if calendar.moment(name) > now]
    if not later:
        return None, None
    moment, name = min(later)
    return name, moment


def _invented(number: int, opens: datetime) -> Person:
    """Somebody nobody can write to: the samples' authors have no phone."""
    return Person(
        channel=_CHANNEL,
        external_id=f"sample-{number}",
        age_band=_BANDS[number % len(_BANDS)],
        consent_version=CONSENT_VERSION,
        consented_at=opens,
        created_at=opens,
        unreachable_at=opens,
    )


def _spread(opens: datetime, now: datetime, number: int, total: int) -> datetime:
    """Questions come over the days since asking opened, not all at once."""
    return max(opens, opens + (now - opens) * number / max(total, 1)) if now > opens else now
