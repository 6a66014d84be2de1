"""The clock of a conference: what a moment means to people, which phase it is, what the law asks.

Pure: `now` is an argument, and every moment is aware. Local days are those of the plan's zone.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from config.plan import MILESTONES, Audience, ConferencePlan

PLAN_DAYS_BEFORE = 30
"""Youth Law 57/2020/QH14 art. 10.2: the plan is public at the latest so many days before."""
CONCLUSION_DAYS = 10
"""Youth Law art. 10.3: the conclusion is public within so many days of the dialogue."""
CONCLUSION_DAYS_IF_COMPLEX = 15
"""Youth Law art. 10.3, for matters that are complex and of several fields."""

_SATURDAY = 5


class Deadline(NamedTuple):
    """A deadline as people say it; it is over once its moment has come.

    `before_day`: "trước ngày 19/5", so the 19th is too late. `before_time`: before that hour of
    `day`. Both are local.
    """

    kind: Literal["before_day", "before_time"]
    day: date
    hour: time | None

    @property
    def last_day(self) -> date:
        """The last day on which there is still time."""
        return self.day - timedelta(days=1) if self.kind == "before_day" else self.day


class TimeLeft(NamedTuple):
    """Whole days of 24 hours and whole hours on top; nothing negative."""

    days: int
    hours: int


class Phase(StrEnum):
    """Where a conference stands in the collecting of questions."""

    not_open = "not_open"
    asking = "asking"
    addendum = "addendum"
    """Asking has closed and the conference has not opened: later questions go to an addendum."""
    closed = "closed"


@dataclass(frozen=True, slots=True)
class PlanWarning:
    """Something an operator should know about a plan; it blocks nothing.

    Its words are the Fluent message `plan-warning-<code>` with `parameters`.
    """

    code: str
    parameters: dict[str, str | date] = field(default_factory=dict)


def said_as(moment: datetime, zone: ZoneInfo) -> Deadline:
    """Midnight is said as the day before which, any other hour as itself (plan, section III.5)."""
    local = moment.astimezone(zone)
    if local.time() == time():
        return Deadline("before_day", local.date(), None)
    return Deadline("before_time", local.date(), local.time())


def time_left(moment: datetime, now: datetime) -> TimeLeft:
    left = max(moment - now, timedelta())
    return TimeLeft(left.days, left.seconds // 3600)


def phase(plan: ConferencePlan, now: datetime) -> Phase:
    if now < plan.moment("asking_opens"):
        return Phase.not_open
    if now < plan.moment("asking_closes"):
        return Phase.asking
    if now < plan.moment("conference_opens"):
        return Phase.addendum
    return Phase.closed


def is_asking_open(plan: ConferencePlan, now: datetime) -> bool:
    return phase(plan, now) is Phase.asking


def last_day_within(days: int, event: date) -> date:
    """The last day of a period of `days` after an event (Civil Code 2015 art. 147-148).

    The day of the event does not count; a period that would end on a weekend ends with the next
    working day. Public holidays, which the law treats alike, are not known here: their days are
    decided year by year, so a period ending on one may truly be longer.
    """
    last = event + timedelta(days=days)
    until_monday = 7 - last.weekday() if last.weekday() >= _SATURDAY else 0
    return last + timedelta(days=until_monday)


def plan_warnings(
    plan: ConferencePlan, now: datetime, served_audiences: AbstractSet[Audience]
) -> list[PlanWarning]:
    """Where the law's clock is missed, what is already past, and who will get no reminders."""
    warnings = _law_warnings(plan)
    for name in MILESTONES:
        if plan.moment(name) <= now:
            key, day = f"milestones.{name}", plan.local(name).date()
            warnings.append(PlanWarning("milestone-past", {"key": key, "day": day}))
    for position, nudge in enumerate(plan.nudges):
        if nudge.audience not in served_audiences:
            key = f"nudges[{position}].audience"
            warnings.append(
                PlanWarning("audience-not-served", {"key": key, "audience": nudge.audience})
            )
    return warnings


def _law_warnings(plan: ConferencePlan) -> list[PlanWarning]:
    warnings = []
    conference = plan.local("conference_opens").date()
    published = plan.organiser.plan_date
    latest = conference - timedelta(days=PLAN_DAYS_BEFORE)
    if published > latest:
        warnings.append(PlanWarning("published-late", {"day": published, "latest": latest}))
    concluded = said_as(plan.moment("conclusion_due"), plan.zone).last_day
    usual = last_day_within(CONCLUSION_DAYS, conference)
    extended = last_day_within(CONCLUSION_DAYS_IF_COMPLEX, conference)
    if concluded > usual:
        code = "conclusion-late" if concluded > extended else "conclusion-only-if-complex"
        warnings.append(
            PlanWarning(code, {"day": concluded, "latest": usual, "extended": extended})
        )
    return warnings
