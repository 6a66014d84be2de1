"""The conference in numbers, for the organisers: how many questions, where from, about what, when.

Held and withdrawn questions are not counted: the first are with the duty officer, the others
with nobody.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from conference.calendar import calendar_of
from config.plan import ConferencePlan, MilestoneName
from storage.statistics import asked_moments, author_counts, cell_counts, count_reported

MARKED: tuple[MilestoneName, ...] = ("asking_closes", "unit_reports_due")
"""The deadlines by which the questions come in."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """The numbers at one moment. Units and topics are (code, name) in the plan's order."""

    questions: int
    people: int
    """Who asked these questions; those who have been forgotten since cannot be counted."""
    authorless: int
    """Questions whose author has been forgotten."""
    units: tuple[tuple[str, str], ...]
    topics: tuple[tuple[str, str], ...]
    cells: Mapping[tuple[str, str], int]
    """Questions by unit and topic; nothing for none."""
    days: Mapping[date, int]
    """Questions by day of the conference's own time zone; nothing for none."""
    units_asked: int
    units_reported: int
    deadlines: tuple[tuple[MilestoneName, datetime], ...]
    """The deadlines in force for all units: a name and an aware moment."""

    def of_unit(self, code: str) -> int:
        """A unit's questions."""
        return sum(count for (unit, _), count in self.cells.items() if unit == code)

    def of_topic(self, code: str) -> int:
        """A topic's questions."""
        return sum(count for (_, topic), count in self.cells.items() if topic == code)


async def statistics(session: AsyncSession, plan: ConferencePlan) -> Statistics:
    """Count, in the caller's snapshot. `plan` is the plan as loaded."""
    units = {unit.code: unit.short_name for unit in plan.units}
    topics = {topic.code: topic.label for topic in plan.topics}
    codes = list(units)
    cells: dict[tuple[str, str], int] = {}
    for row in await cell_counts(session):
        cells[row.unit_code, row.topic_code] = row.questions
        # What a later plan has dropped comes after what it has.
        units.setdefault(row.unit_code, row.unit)
        topics.setdefault(row.topic_code, row.topic)
    days: Counter[date] = Counter()
    async for moment in asked_moments(session):
        days[moment.astimezone(plan.zone).date()] += 1
    people, authorless = await author_counts(session)
    calendar = await calendar_of(session, plan)
    asked = {unit for unit, _ in cells}
    return Statistics(
        questions=sum(cells.values()),
        people=people,
        authorless=authorless,
        units=tuple(units.items()),
        topics=tuple(topics.items()),
        cells=cells,
        days=days,
        units_asked=sum(code in asked for code in codes),
        units_reported=await count_reported(session, codes),
        deadlines=tuple((name, calendar.moment(name)) for name in MARKED),
    )
