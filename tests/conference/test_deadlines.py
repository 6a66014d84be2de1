from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.deadlines import (
    Deadline,
    Phase,
    PlanWarning,
    TimeLeft,
    is_asking_open,
    last_day_within,
    phase,
    plan_warnings,
    said_as,
    time_left,
)
from conference.planning import plan_check
from config.plan import MILESTONES, Audience, load_plan, parse_plan
from config.texts import texts_for

PLANS = Path(__file__).parents[2] / "config" / "plans"
DISTRICT = PLANS / "hong-bang-2022.toml"
WARD = PLANS / "vi-du-2027.toml"
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")
EVERYBODY = frozenset(get_args(Audience))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("moment", "zone", "deadline", "last_day"),
    [
        (datetime(2022, 5, 18, 17, tzinfo=UTC), HANOI, Deadline("before_day", date(2022, 5, 19), None), date(2022, 5, 18)),
        (datetime(2022, 5, 25, 10, tzinfo=UTC), HANOI, Deadline("before_time", date(2022, 5, 25), time(17)), date(2022, 5, 25)),
        (datetime(2022, 5, 18, 16, 59, tzinfo=UTC), HANOI, Deadline("before_time", date(2022, 5, 18), time(23, 59)), date(2022, 5, 18)),
        (datetime(2027, 3, 27, 23, tzinfo=UTC), BERLIN, Deadline("before_day", date(2027, 3, 28), None), date(2027, 3, 27)),
        (datetime(2027, 3, 28, 22, tzinfo=UTC), BERLIN, Deadline("before_day", date(2027, 3, 29), None), date(2027, 3, 28)),
        (datetime(2022, 5, 19, tzinfo=UTC), HANOI, Deadline("before_time", date(2022, 5, 19), time(7)), date(2022, 5, 19)),
    ],
)  # fmt: skip
def test_moment_is_said_as_people_say_it(moment, zone, deadline, last_day):
    assert said_as(moment, zone) == deadline
    assert said_as(moment, zone).last_day == last_day


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=2, hours=3, minutes=59), TimeLeft(2, 3)),
        (timedelta(hours=24), TimeLeft(1, 0)),
        (timedelta(hours=24) - INSTANT, TimeLeft(0, 23)),
        (timedelta(minutes=59), TimeLeft(0, 0)),
        (timedelta(0), TimeLeft(0, 0)),
        (timedelta(days=-3, hours=5), TimeLeft(0, 0)),
    ],
)
def test_time_left_counts_whole_days_and_hours(left, said):
    moment = datetime(2022, 5, 18, 17, tzinfo=UTC)
    assert time_left(moment, moment - left) == said


@pytest.mark.parametrize("path", [DISTRICT, WARD], ids=lambda path: path.stem)
def test_phase_changes_exactly_at_its_milestone(path):
    plan = load_plan(path)
    borders = [
        ("asking_opens", Phase.not_open, Phase.asking),
        ("asking_closes", Phase.asking, Phase.addendum),
        ("conference_opens", Phase.addendum, Phase.closed),
    ]
    for name, before, after in borders:
        moment = plan.moment(name)
        assert (phase(plan, moment - INSTANT), phase(plan, moment)) == (before, after)
        assert is_asking_open(plan, moment - INSTANT) is (before is Phase.asking)
        assert is_asking_open(plan, moment) is (after is Phase.asking)


@pytest.mark.parametrize(
    ("days", "event", "last"),
    [
        (10, date(2022, 5, 26), date(2022, 6, 6)),  # a Sunday, so Monday (domain facts, 4.4)
        (15, date(2022, 5, 26), date(2022, 6, 10)),  # a Friday
        (10, date(2022, 5, 25), date(2022, 6, 6)),  # a Saturday, so Monday
        (10, date(2022, 5, 27), date(2022, 6, 6)),  # a Monday already
        (10, date(2027, 3, 30), date(2027, 4, 9)),
        (15, date(2027, 3, 30), date(2027, 4, 14)),
    ],
)
def test_period_ends_on_a_working_day(days, event, last):
    assert last_day_within(days, event) == last


@given(st.integers(0, 60), st.dates(date(2000, 1, 1), date(2099, 1, 1)))
def test_period_is_never_shortened_and_at_most_two_days_longer(days, event):
    last = last_day_within(days, event)
    assert last.isoweekday() <= 5
    assert 0 <= (last - event).days - days <= 2


def test_district_plan_was_published_late():
    plan = load_plan(DISTRICT)
    assert plan_warnings(plan, LONG_AGO, EVERYBODY) == [
        PlanWarning("published-late", {"day": date(2022, 5, 5), "latest": date(2022, 4, 26)})
    ]


def test_ward_plan_has_nothing_to_warn_of():
    assert plan_warnings(load_plan(WARD), LONG_AGO, EVERYBODY) == []


def changed(old: str, new: str):
    text = WARD.read_text(encoding="utf-8")
    assert old in text
    return parse_plan(text.replace(old, new, 1).encode())


CONCLUSION = {"latest": date(2027, 4, 9), "extended": date(2027, 4, 14)}


@pytest.mark.parametrize(
    ("due", "warnings"),
    [
        ("2027-04-09T23:59:59", []),
        ("2027-04-10T00:00:00", []),
        ("2027-04-10T00:00:01", [PlanWarning("conclusion-only-if-complex", {"day": date(2027, 4, 10), **CONCLUSION})]),
        ("2027-04-15T00:00:00", [PlanWarning("conclusion-only-if-complex", {"day": date(2027, 4, 14), **CONCLUSION})]),
        ("2027-04-16T00:00:00", [PlanWarning("conclusion-late", {"day": date(2027, 4, 15), **CONCLUSION})]),
    ],
)  # fmt: skip
def test_conclusion_later_than_the_law_allows_is_warned_of(due, warnings):
    plan = changed("conclusion_due = 2027-04-10T00:00:00", f"conclusion_due = {due}")
    assert plan_warnings(plan, LONG_AGO, EVERYBODY) == warnings


@pytest.mark.parametrize(
    ("day", "codes"), [("2027-02-28", []), ("2027-03-01", ["published-late"])]
)
def test_thirty_days_before_is_still_in_time(day, codes):
    plan = changed("plan_date = 2027-02-22", f"plan_date = {day}")
    assert [warning.code for warning in plan_warnings(plan, LONG_AGO, EVERYBODY)] == codes


def test_milestones_already_past_are_warned_of():
    plan = load_plan(WARD)
    closes = plan.moment("asking_closes")
    opened = PlanWarning(
        "milestone-past", {"key": "milestones.asking_opens", "day": date(2027, 3, 1)}
    )
    closed = PlanWarning(
        "milestone-past", {"key": "milestones.asking_closes", "day": date(2027, 3, 20)}
    )
    assert plan_warnings(plan, closes - INSTANT, EVERYBODY) == [opened]
    assert plan_warnings(plan, closes, EVERYBODY) == [opened, closed]


def test_audiences_not_served_are_warned_of():
    plan = load_plan(WARD)
    served = EVERYBODY - {"members_without_question", "delegates"}
    assert plan_warnings(plan, LONG_AGO, served) == [
        PlanWarning("audience-not-served", {"key": "nudges[1].audience", "audience": "members_without_question"}),
        PlanWarning("audience-not-served", {"key": "nudges[3].audience", "audience": "delegates"}),
    ]  # fmt: skip


def test_plan_check_gives_faults_or_warnings(tmp_path):
    now = datetime(2028, 1, 1, tzinfo=UTC)
    faults, warnings = plan_check(WARD, now=now, served_audiences=EVERYBODY)
    assert faults == []
    assert [w.parameters["key"] for w in warnings] == [f"milestones.{name}" for name in MILESTONES]
    broken = tmp_path / "broken.toml"
    broken.write_text("x = ", encoding="utf-8")
    assert plan_check(broken, now=now, served_audiences=EVERYBODY) == (
        ["not valid TOML: Invalid value (at end of document)"],
        [],
    )


SAID = [
    ("published-late", "vi", "organiser.plan_date: kế hoạch đề ngày 1 tháng 3, 2027. Luật Thanh niên (Điều 10.2) yêu cầu công bố kế hoạch đối thoại chậm nhất 30 ngày trước hội nghị, tức là ngày 28 tháng 2, 2027. Nếu UBND đã công bố kế hoạch sớm hơn thì không sao."),
    ("published-late", "en", "organiser.plan_date: the plan is dated Mar 1, 2027. The Youth Law (art. 10.2) wants a dialogue's plan public at least 30 days before, by Feb 28, 2027. An earlier plan of the People's Committee would do."),
    ("conclusion-only-if-complex", "vi", "milestones.conclusion_due: hạn ra kết luận là hết ngày 1 tháng 3, 2027. Luật Thanh niên (Điều 10.3) cho đến hết ngày 28 tháng 2, 2027; chỉ vấn đề phức tạp, liên quan nhiều lĩnh vực mới được đến hết ngày 2 tháng 3, 2027."),
    ("conclusion-only-if-complex", "en", "milestones.conclusion_due: the conclusion may take until the end of Mar 1, 2027. The Youth Law (art. 10.3) allows until Feb 28, 2027; only complex matters of several fields have until Mar 2, 2027."),
    ("conclusion-late", "vi", "milestones.conclusion_due: hạn ra kết luận là hết ngày 1 tháng 3, 2027, quá thời hạn của Luật Thanh niên (Điều 10.3): hết ngày 28 tháng 2, 2027, hoặc 2 tháng 3, 2027 nếu phức tạp."),
    ("conclusion-late", "en", "milestones.conclusion_due: the conclusion may take until the end of Mar 1, 2027, past what the Youth Law (art. 10.3) allows: Feb 28, 2027, or Mar 2, 2027 for complex matters."),
    ("milestone-past", "vi", "milestones.x: mốc ngày 1 tháng 3, 2027 đã qua."),
    ("milestone-past", "en", "milestones.x: Mar 1, 2027 is already past."),
    ("audience-not-served", "vi", 'milestones.x: chương trình chưa biết nhắc nhóm "delegates", nên các lời nhắc này sẽ không được gửi.'),
    ("audience-not-served", "en", 'milestones.x: the program sends no reminders to "delegates" yet, so these will not go out.'),
]  # fmt: skip


@pytest.mark.parametrize(("code", "language", "words"), SAID)
def test_warning_has_words_in_both_languages(code, language, words):
    parameters = {
        "key": "milestones.x",
        "audience": "delegates",
        "day": date(2027, 3, 1),
        "latest": date(2027, 2, 28),
        "extended": date(2027, 3, 2),
    }
    assert texts_for(language).plain(f"plan-warning-{code}", **parameters) == words
