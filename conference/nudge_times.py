"""When reminders are due: derived from milestones, never stored. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from conference.calendar import Calendar
from config.plan import MILESTONES, Audience, MilestoneName, Nudge, Offset, QuietHours

NudgeKind = Literal[
    "unit_leads_without_report",
    "unit_leads_with_unreviewed_questions",
    "members_without_question",
    "organisers_with_late_units",
    "organisers_with_units_without_lead",
]
ORGANISERS_KINDS: frozenset[NudgeKind] = frozenset(
    {"organisers_with_late_units", "organisers_with_units_without_lead"}
)
SERVED: frozenset[Audience] = frozenset(
    {
        "unit_leads_without_report",
        "unit_leads_with_unreviewed_questions",
        "members_without_question",
    }
)
"""The audiences of the plan that are reminded; the organisers' two follow from the first."""

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Round:
    """One offset of one reminder for one unit (None: members who have chosen none)."""

    kind: NudgeKind
    milestone: MilestoneName
    offset: str
    unit_code: str | None
    revision: int
    due_at: datetime
    not_after: datetime
    """When it is of no use any more."""
    moved_at: datetime | None
    """When its milestone was moved: what would have been due before that is not caught up."""

    @property
    def key(self) -> str:
        """What can exist only once; another revision of the milestone is another round."""
        return (
            f"{self.kind}:{self.milestone}:{self.offset}:{self.unit_code or '-'}:{self.revision}"
        )

    @property
    def purpose(self) -> tuple[str, str, str | None]:
        """Rounds with one purpose follow each other: of those that are late, the last is sent."""
        return self.kind, self.milestone, self.unit_code


def rounds(calendar: Calendar) -> Iterator[Round]:
    """Every round of the plan's reminders, with the milestones in force for each unit."""
    units = [unit.code for unit in calendar.plan.units]
    for nudge in calendar.plan.nudges:
        if nudge.audience == "members_without_question":
            for unit_code in (*units, None):
                for one in _rounds(calendar, nudge, "members_without_question", unit_code):
                    if one.due_at >= calendar.moment("asking_opens"):
                        yield one
        elif nudge.audience in SERVED:
            for unit_code in units:
                yield from _rounds(calendar, nudge, nudge.audience, unit_code)  # type: ignore[arg-type]
        if nudge.audience == "unit_leads_without_report":
            for unit_code in units:
                yield from _organisers_rounds(calendar, nudge, unit_code)


def _rounds(
    calendar: Calendar,
    nudge: Nudge,
    kind: NudgeKind,
    unit_code: str | None,
    *,
    only_before: bool = False,
) -> Iterator[Round]:
    name, plan = nudge.milestone, calendar.plan
    milestone = calendar.moment(name, unit_code)
    for offset in nudge.before:
        due = due_before(offset, milestone, plan.quiet_hours, plan.zone)
        if due is not None:
            yield _round(calendar, kind, name, f"-{offset_words(offset)}", unit_code, due)
    for offset in () if only_before else nudge.after:
        due = due_after(offset, milestone, plan.quiet_hours, plan.zone)
        yield _round(calendar, kind, name, f"+{offset_words(offset)}", unit_code, due)


def _round(
    calendar: Calendar,
    kind: NudgeKind,
    name: MilestoneName,
    offset: str,
    unit_code: str | None,
    due: datetime,
) -> Round:
    milestone = calendar.moment(name, unit_code)
    if due < milestone:
        not_after = milestone
    elif kind == "organisers_with_late_units":
        not_after = calendar.moment("conference_opens")
    else:
        not_after = _next_milestone(calendar, name, unit_code, due)
    return Round(
        kind,
        name,
        offset,
        unit_code,
        calendar.revision(name, unit_code),
        due,
        not_after,
        calendar.moved_at(name, unit_code),
    )


def _organisers_rounds(calendar: Calendar, nudge: Nudge, unit_code: str) -> Iterator[Round]:
    """Units that nobody leads, told whenever their lead would be; and who is late, once."""
    yield from _rounds(
        calendar, nudge, "organisers_with_units_without_lead", unit_code, only_before=True
    )
    if nudge.escalate_after is not None:
        late = Offset(exact=nudge.escalate_after)
        plan, milestone = calendar.plan, calendar.moment(nudge.milestone, unit_code)
        due = due_after(late, milestone, plan.quiet_hours, plan.zone)
        yield _round(
            calendar,
            "organisers_with_late_units",
            nudge.milestone,
            "escalation",
            unit_code,
            due,
        )


def _next_milestone(
    calendar: Calendar, name: MilestoneName, unit_code: str | None, due: datetime
) -> datetime:
    """A reminder after a milestone is of use until the next one comes (or for a day)."""
    later = (calendar.moment(one, unit_code) for one in MILESTONES[MILESTONES.index(name) + 1 :])
    return min((moment for moment in later if moment > due), default=due + _DAY)


def offset_words(offset: Offset) -> str:
    """An offset as the plan writes it."""
    if offset.at is not None:
        return f"{offset.days}d@{offset.at:%H:%M}"
    minutes = int((offset.exact or timedelta()).total_seconds() // 60)
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def due_before(
    offset: Offset, milestone: datetime, quiet: QuietHours, zone: ZoneInfo
) -> datetime | None:
    """When a reminder before a milestone is due (aware UTC).

    Quiet hours move it to the next allowed minute, but never past its milestone: then it goes
    out in the last minute before the quiet hours begin. None: a moved milestone lies before the
    offset's local hour, so there is no such moment.
    """
    due = offset.moment(milestone, zone, before=True)
    if due >= milestone:
        return None
    allowed = next_allowed(due, quiet, zone)
    return allowed if allowed < milestone else _quiet_began(due, quiet, zone) - _MINUTE


def due_after(offset: Offset, milestone: datetime, quiet: QuietHours, zone: ZoneInfo) -> datetime:
    """When a reminder after a milestone is due (aware UTC).

    A milestone moved past the offset's local hour has it on the next day. Quiet hours move it to
    the next allowed minute.
    """
    due = offset.moment(milestone, zone, before=False)
    if due < milestone:
        due = replace(offset, days=offset.days + 1).moment(milestone, zone, before=False)
    return next_allowed(due, quiet, zone)


def is_quiet(moment: datetime, quiet: QuietHours, zone: ZoneInfo) -> bool:
    """Whether a moment lies in the quiet hours: from their first minute until before their end."""
    hour = moment.astimezone(zone).time()
    if quiet.begins < quiet.ends:
        return quiet.begins <= hour < quiet.ends
    return hour >= quiet.begins or hour < quiet.ends


def next_allowed(moment: datetime, quiet: QuietHours, zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the quiet hours that it lies in (aware UTC)."""
    if not is_quiet(moment, quiet, zone):
        return moment
    local = moment.astimezone(zone)
    day = local.date() if local.time() < quiet.ends else local.date() + _DAY
    # An hour that the clocks repeat is meant as the one that the moment itself lies in.
    ends = datetime.combine(day, quiet.ends, zone).replace(fold=local.fold)
    return ends.astimezone(UTC)


def _quiet_began(moment: datetime, quiet: QuietHours, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    day = local.date() if local.time() >= quiet.begins else local.date() - _DAY
    return datetime.combine(day, quiet.begins, zone).astimezone(UTC)
