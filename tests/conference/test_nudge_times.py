from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.calendar import Calendar
from conference.nudge_times import (
    due_after,
    due_before,
    is_quiet,
    next_allowed,
    offset_words,
    rounds,
)
from config.plan import Offset, QuietHours, load_plan
from storage.tables import Extension
from tests.cast import JOINED, PLAN, at, moved_plan, said
from tests.chat import PLAN_FILE

WARD = load_plan(PLAN_FILE.with_name("vi-du-2027.toml"))
BERLIN = ZoneInfo("Europe/Berlin")
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def quiet_hours(begins: str, ends: str) -> QuietHours:
    return QuietHours(**{"from": time.fromisoformat(begins), "to": time.fromisoformat(ends)})


NIGHT = quiet_hours("21:30", "06:30")


def hours(words: str) -> Offset:
    number = int(words[:-1])
    return Offset(exact=timedelta(hours=number) if words[-1] == "h" else timedelta(minutes=number))


def days(words: str) -> Offset:
    number, hour = words.split("d@")
    return Offset(days=int(number), at=time.fromisoformat(hour))


def offset_of(words: str) -> Offset:
    return days(words) if "@" in words else hours(words)


def due_in(plan, unit_code, kind=None, extensions=()):
    """(kind, offset, local due moment, local moment of no more use) of a unit's rounds."""
    return [
        (one.kind, one.offset, said(one.due_at, plan), said(one.not_after, plan))
        for one in rounds(Calendar(plan, tuple(extensions)))
        if one.unit_code == unit_code and kind in {None, one.kind}
    ]


def extension(number, milestone, unit_code, moment, granted_at=JOINED):
    return Extension(
        id=number,
        milestone=milestone,
        unit_code=unit_code,
        moment=moment,
        reason="",
        granted_at=granted_at,
    )


LEADS = "unit_leads_without_report"
UNREVIEWED = "unit_leads_with_unreviewed_questions"
MEMBERS = "members_without_question"
NO_LEAD = "organisers_with_units_without_lead"
LATE = "organisers_with_late_units"


def test_rounds_of_a_unit_in_the_district_plan():
    assert due_in(PLAN, "so-dau") == [
        (LEADS, "-7d@19:00", "12/5 19:00", "19/5 00:00"),
        (LEADS, "-3d@19:00", "16/5 19:00", "19/5 00:00"),
        (LEADS, "-1d@12:00", "18/5 12:00", "19/5 00:00"),
        (LEADS, "-3h", "18/5 21:00", "19/5 00:00"),
        (LEADS, "+0d@08:00", "19/5 08:00", "24/5 00:00"),
        (NO_LEAD, "-7d@19:00", "12/5 19:00", "19/5 00:00"),
        (NO_LEAD, "-3d@19:00", "16/5 19:00", "19/5 00:00"),
        (NO_LEAD, "-1d@12:00", "18/5 12:00", "19/5 00:00"),
        (NO_LEAD, "-3h", "18/5 21:00", "19/5 00:00"),
        (LATE, "escalation", "20/5 06:30", "26/5 08:00"),
        (UNREVIEWED, "-2d@19:00", "17/5 19:00", "19/5 00:00"),
        (MEMBERS, "-3d@19:00", "14/5 19:00", "17/5 00:00"),
        (MEMBERS, "-1d@19:00", "16/5 19:00", "17/5 00:00"),
    ]


def test_rounds_of_a_unit_in_the_ward_plan():
    assert due_in(WARD, "kp-01") == [
        (LEADS, "-3d@19:00", "19/3 19:00", "22/3 12:00"),
        (LEADS, "-1d@19:00", "21/3 19:00", "22/3 12:00"),
        (LEADS, "-3h", "22/3 09:00", "22/3 12:00"),
        (LEADS, "+0d@19:00", "22/3 19:00", "25/3 00:00"),
        (NO_LEAD, "-3d@19:00", "19/3 19:00", "22/3 12:00"),
        (NO_LEAD, "-1d@19:00", "21/3 19:00", "22/3 12:00"),
        (NO_LEAD, "-3h", "22/3 09:00", "22/3 12:00"),
        (LATE, "escalation", "23/3 06:00", "30/3 14:00"),
        (MEMBERS, "-2d@19:30", "18/3 19:30", "20/3 00:00"),
    ]


def test_members_of_no_unit_have_rounds_of_their_own_and_nobody_else_has():
    assert due_in(PLAN, None) == [
        (MEMBERS, "-3d@19:00", "14/5 19:00", "17/5 00:00"),
        (MEMBERS, "-1d@19:00", "16/5 19:00", "17/5 00:00"),
    ]


def test_every_key_of_both_plans_is_another_and_fits_its_column():
    for plan in (PLAN, WARD):
        keys = [one.key for one in rounds(Calendar(plan))]
        assert len(keys) == len(set(keys))
        assert max(map(len, keys)) <= 160 - len("nudge::") - len(str(2**63))


# The milestone's local moment, the offset, and when its reminder goes out; quiet from 21:30 to 6:30.
BEFORE = [
    ("19/5 00:00", "3h", "18/5 21:00"),
    ("19/5 00:00", "2h", "18/5 21:29"),  # 22:00 is quiet, and 6:30 is past the milestone
    ("19/5 00:00", "150m", "18/5 21:29"),  # 21:30, the first quiet minute
    ("19/5 00:00", "151m", "18/5 21:29"),  # 21:29, still allowed
    ("19/5 00:00", "30m", "18/5 21:29"),
    ("19/5 05:00", "3h", "18/5 21:29"),  # 2:00, and the milestone comes before the morning
    ("19/5 06:30", "3h", "18/5 21:29"),  # 6:30 is the milestone itself: too late
    ("19/5 06:31", "3h", "19/5 06:30"),  # the next allowed minute is a minute before it
    ("19/5 08:00", "3h", "19/5 06:30"),
    ("19/5 09:30", "3h", "19/5 06:30"),  # 6:30 exactly, allowed as it is
    ("19/5 09:31", "3h", "19/5 06:31"),
    ("19/5 12:00", "3h", "19/5 09:00"),
    ("19/5 12:00", "14h", "19/5 06:30"),  # 22:00 the evening before
    ("19/5 12:00", "90m", "19/5 10:30"),
    ("19/5 00:00", "1d@12:00", "18/5 12:00"),
    ("19/5 17:00", "1d@12:00", "18/5 12:00"),
    ("19/5 00:00", "7d@19:00", "12/5 19:00"),
    ("19/5 08:00", "0d@07:00", "19/5 07:00"),
    ("19/5 08:00", "0d@06:00", "19/5 06:30"),
    ("19/5 06:30", "0d@06:00", "18/5 21:29"),
    ("19/5 08:00", "1d@23:00", "19/5 06:30"),
    ("19/5 00:00", "1d@23:00", "18/5 21:29"),
    ("19/5 08:00", "1d@00:00", "18/5 06:30"),
    ("19/5 08:00", "0d@08:00", None),  # an extension has moved the milestone to or before it
    ("19/5 08:00", "0d@19:00", None),
]


@pytest.mark.parametrize(("milestone", "offset", "due"), BEFORE)
def test_reminder_before_a_milestone_is_due(milestone, offset, due):
    found = due_before(offset_of(offset), at(milestone), NIGHT, HANOI)
    assert (found and said(found)) == due


AFTER = [
    ("19/5 00:00", "0d@08:00", "19/5 08:00"),
    ("19/5 00:00", "0d@06:00", "19/5 06:30"),
    ("19/5 00:00", "0d@22:00", "20/5 06:30"),
    ("19/5 08:00", "0d@08:00", "19/5 08:00"),
    ("19/5 09:00", "0d@08:00", "20/5 08:00"),  # moved past the hour: not before it is over
    ("19/5 09:00", "1d@08:00", "20/5 08:00"),
    ("19/5 00:00", "24h", "20/5 06:30"),
    ("19/5 12:00", "24h", "20/5 12:00"),
    ("19/5 12:00", "2h", "19/5 14:00"),
    ("19/5 20:00", "2h", "20/5 06:30"),
]


@pytest.mark.parametrize(("milestone", "offset", "due"), AFTER)
def test_reminder_after_a_milestone_is_due(milestone, offset, due):
    assert said(due_after(offset_of(offset), at(milestone), NIGHT, HANOI)) == due


# Quiet hours that lie within one day.
@pytest.mark.parametrize(
    ("milestone", "offset", "due"),
    [
        ("19/5 18:00", "5h", "19/5 14:00"),
        ("19/5 14:00", "1h", "19/5 11:59"),
        ("19/5 13:30", "1h", "19/5 11:59"),
        ("19/5 14:01", "1h", "19/5 14:00"),
        ("19/5 00:00", "1h", "18/5 23:00"),
    ],
)
def test_quiet_hours_within_a_day(milestone, offset, due):
    noon = quiet_hours("12:00", "14:00")
    assert said(due_before(offset_of(offset), at(milestone), noon, HANOI)) == due


# Clocks go from 2:00 to 3:00 on 28 March 2027, and from 3:00 back to 2:00 on 31 October 2027.
CLOCK_CHANGES = [
    # A local hour keeps the wall clock, an exact offset the duration.
    ("2027-03-29T12:00+02:00", "1d@19:00", "2027-03-28T19:00+02:00"),
    ("2027-03-29T12:00+02:00", "2d@19:00", "2027-03-27T19:00+01:00"),
    ("2027-03-28T12:00+02:00", "14h", "2027-03-27T21:00+01:00"),
    ("2027-03-28T12:00+02:00", "13h", "2027-03-28T06:00+02:00"),
    ("2027-03-28T12:00+02:00", "16h", "2027-03-27T19:00+01:00"),
    ("2027-10-31T12:00+01:00", "16h", "2027-10-30T21:00+02:00"),
    # At night, and the milestone comes before the morning.
    ("2027-03-28T04:00+02:00", "3h", "2027-03-27T21:59+01:00"),
    ("2027-10-31T04:00+01:00", "3h", "2027-10-30T21:59+02:00"),
    # At night, with a morning to wait for.
    ("2027-03-28T09:00+02:00", "5h", "2027-03-28T06:00+02:00"),
    ("2027-10-31T09:00+01:00", "7h", "2027-10-31T06:00+01:00"),
]


@pytest.mark.parametrize(("milestone", "offset", "due"), CLOCK_CHANGES)
def test_reminder_across_a_change_of_the_clocks(milestone, offset, due):
    found = due_before(
        offset_of(offset), datetime.fromisoformat(milestone), WARD.quiet_hours, BERLIN
    )
    assert found.astimezone(BERLIN).isoformat(timespec="minutes") == due


def test_quiet_hours_that_end_in_a_repeated_hour_end_in_the_one_meant():
    quiet = quiet_hours("22:00", "02:30")
    first = datetime(2027, 10, 31, 0, 15, tzinfo=UTC)  # 2:15, summer time
    second = datetime(2027, 10, 31, 1, 15, tzinfo=UTC)  # 2:15 again, winter time
    assert next_allowed(first, quiet, BERLIN) == first + timedelta(minutes=15)
    assert next_allowed(second, quiet, BERLIN) == second + timedelta(minutes=15)


MOMENTS = st.integers(0, 365 * 24 * 60).map(
    lambda minutes: datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
HOURS = st.times().map(lambda hour: hour.replace(second=0, microsecond=0))
# An hour at least between the two, so that there is a minute before and one after.
QUIET = st.tuples(HOURS, HOURS).filter(
    lambda both: (
        60 <= ((both[1].hour - both[0].hour) * 60 + both[1].minute - both[0].minute) % 1440 <= 1380
    )
)
EXACT = st.integers(1, 30 * 24 * 60).map(lambda minutes: Offset(exact=timedelta(minutes=minutes)))
AT_AN_HOUR = st.builds(
    lambda number, hour: Offset(days=number, at=hour), st.integers(0, 20), HOURS
)


@given(MOMENTS, QUIET, st.one_of(EXACT, AT_AN_HOUR), st.sampled_from([BERLIN, HANOI]))
def test_no_reminder_is_due_in_quiet_hours_nor_past_its_milestone(moment, quiet, offset, zone):
    hours_of_quiet = QuietHours(**{"from": quiet[0], "to": quiet[1]})
    before = due_before(offset, moment, hours_of_quiet, zone)
    after = due_after(offset, moment, hours_of_quiet, zone)
    if before is not None:
        assert before < moment
        assert not is_quiet(before, hours_of_quiet, zone)
    assert after >= moment
    assert not is_quiet(after, hours_of_quiet, zone)


@given(MOMENTS, QUIET, st.sampled_from([BERLIN, HANOI]))
def test_next_allowed_moment_is_the_first_one(moment, quiet, zone):
    hours_of_quiet = QuietHours(**{"from": quiet[0], "to": quiet[1]})
    found = next_allowed(moment, hours_of_quiet, zone)
    assert found >= moment
    if found > moment:
        assert is_quiet(found - timedelta(minutes=1), hours_of_quiet, zone)


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        ("0d@00:30", "0d@00:30"),
        ("90m", "90m"),
        ("120m", "2h"),
        ("25h", "25h"),
        ("12d@07:05", "12d@07:05"),
    ],
)
def test_offset_is_written_as_in_the_plan(offset, words):
    assert offset_words(offset_of(offset)) == words


@pytest.mark.parametrize(
    ("due", "moments"),
    [
        ("19/5 00:00", ["12/5 19:00", "16/5 19:00", "18/5 12:00", "18/5 21:00", "19/5 08:00"]),
        ("19/5 01:00", ["12/5 19:00", "16/5 19:00", "18/5 12:00", "18/5 21:29", "19/5 08:00"]),
        ("19/5 06:00", ["12/5 19:00", "16/5 19:00", "18/5 12:00", "18/5 21:29", "19/5 08:00"]),
        ("19/5 07:00", ["12/5 19:00", "16/5 19:00", "18/5 12:00", "19/5 06:30", "19/5 08:00"]),
        ("19/5 08:00", ["12/5 19:00", "16/5 19:00", "18/5 12:00", "19/5 06:30", "19/5 08:00"]),
    ],
)
def test_rounds_of_leads_move_with_the_milestone(due, moments):
    """By the plan and by an extension alike."""
    granted = extension(7, "unit_reports_due", None, at(due))
    assert [row[2] for row in due_in(PLAN, "so-dau", LEADS, [granted])] == moments
    moved = moved_plan("unit_reports_due", due)
    assert [row[2] for row in due_in(moved, "so-dau", LEADS)] == moments


def test_extension_past_the_hour_of_a_reminder_after_it_puts_that_off_to_the_next_day():
    granted = extension(7, "unit_reports_due", None, at("20/5 17:00"))
    assert due_in(PLAN, "so-dau", LEADS, [granted])[-1] == (
        LEADS,
        "+0d@08:00",
        "21/5 08:00",
        "24/5 00:00",
    )


def test_members_are_not_reminded_to_ask_before_asking_opens():
    plan = moved_plan("asking_opens", "14/5 19:01")
    assert due_in(plan, "so-dau", MEMBERS) == [(MEMBERS, "-1d@19:00", "16/5 19:00", "17/5 00:00")]


def test_extension_moves_the_rounds_of_its_unit_alone_and_gives_them_a_revision():
    granted = extension(7, "unit_reports_due", "so-dau", at("21/5"), at("18/5 15:00"))
    calendar = Calendar(PLAN, (granted,))
    before = {one.key: one for one in rounds(Calendar(PLAN))}
    after = {one.key: one for one in rounds(calendar)}

    gone = {key for key in before if key not in after}
    assert gone == {key for key in before if ":unit_reports_due:" in key and ":so-dau:" in key}
    assert {
        (one.unit_code, one.revision, one.moved_at)
        for key, one in after.items()
        if key not in before
    } == {("so-dau", 7, at("18/5 15:00"))}
    assert [row[1:] for row in due_in(PLAN, "so-dau", LEADS, [granted])] == [
        ("-7d@19:00", "14/5 19:00", "21/5 00:00"),
        ("-3d@19:00", "18/5 19:00", "21/5 00:00"),
        ("-1d@12:00", "20/5 12:00", "21/5 00:00"),
        ("-3h", "20/5 21:00", "21/5 00:00"),
        ("+0d@08:00", "21/5 08:00", "24/5 00:00"),
    ]
    assert due_in(PLAN, "so-dau", LATE, [granted]) == [
        (LATE, "escalation", "22/5 06:30", "26/5 08:00")
    ]


def test_last_extension_that_applies_is_in_force():
    for_one = extension(1, "unit_reports_due", "so-dau", at("22/5"))
    for_all = extension(2, "unit_reports_due", None, at("21/5"))
    calendar = Calendar(PLAN, (for_one, for_all))
    assert (
        calendar.moment("unit_reports_due", "so-dau"),
        calendar.revision("unit_reports_due", "so-dau"),
    ) == (at("21/5"), 2)
    calendar = Calendar(PLAN, (for_all, for_one))
    assert (
        calendar.moment("unit_reports_due", "so-dau"),
        calendar.revision("unit_reports_due", "so-dau"),
    ) == (at("22/5"), 1)
    assert (
        calendar.moment("unit_reports_due", "ha-ly"),
        calendar.revision("unit_reports_due", "ha-ly"),
    ) == (at("21/5"), 2)
    assert calendar.moment("unit_reports_due") == at("21/5")
    assert calendar.moment("asking_closes", "so-dau") == at("17/5")
    assert calendar.revision("asking_closes", "so-dau") == 0
    assert calendar.plan_for("so-dau").moment("unit_reports_due") == at("22/5")
    assert calendar.plan_for().moment("unit_reports_due") == at("21/5")
    assert Calendar(PLAN).plan_for("so-dau") is PLAN
