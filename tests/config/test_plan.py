import hashlib
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from config.plan import (
    MILESTONES,
    ConferencePlan,
    Offset,
    PlanError,
    load_plan,
    move_conference,
    parse_plan,
)

PLANS = Path(__file__).parents[2] / "config" / "plans"
DISTRICT = PLANS / "hong-bang-2022.toml"
WARD = PLANS / "vi-du-2027.toml"
BERLIN = ZoneInfo("Europe/Berlin")


def edited(*changes: tuple[str, str], path: Path = DISTRICT) -> bytes:
    """The plan with the first place of each text replaced; the text must be there."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


def faults(content: bytes) -> list[str]:
    with pytest.raises(PlanError) as caught:
        parse_plan(content)
    assert str(caught.value) == "\n".join(caught.value.faults)
    return list(caught.value.faults)


def local_milestones(plan: ConferencePlan) -> dict[str, datetime]:
    return {name: getattr(plan.milestones, name) for name in MILESTONES}


def test_district_plan_loads_as_handed_over():
    plan = load_plan(DISTRICT)
    assert (plan.conference.code, plan.zone) == ("HB22", ZoneInfo("Asia/Ho_Chi_Minh"))
    assert [unit.kind for unit in plan.units] == ["ward"] * 9 + ["school", "workplace"]
    assert [topic.number for topic in plan.topics] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert (len(plan.departments), len(plan.agenda), len(plan.nudges)) == (9, 8, 6)
    assert plan.moment("unit_reports_due") == datetime(2022, 5, 18, 17, tzinfo=UTC)
    assert (plan.quiet_hours.begins, plan.quiet_hours.ends) == (time(21, 30), time(6, 30))
    assert plan.nudges[0].before == (
        Offset(days=7, at=time(19)),
        Offset(days=3, at=time(19)),
        Offset(days=1, at=time(12)),
        Offset(exact=timedelta(hours=3)),
    )
    assert plan.nudges[0].escalate_after == timedelta(hours=24)
    assert plan.digest == hashlib.sha256(DISTRICT.read_bytes()).hexdigest()


def test_ward_plan_has_another_shape():
    plan = load_plan(WARD)
    assert (plan.conference.code, plan.zone, len(plan.units)) == ("VD27", BERLIN, 20)
    district = load_plan(DISTRICT)
    for section in ("units", "topics"):
        codes = [{entry.code for entry in getattr(one, section)} for one in (plan, district)]
        assert codes[0] & codes[1] == set()
    assert plan.local("asking_closes").utcoffset() == timedelta(hours=1)
    assert plan.local("conference_opens").utcoffset() == timedelta(hours=2)
    assert plan.moment("conference_opens") == datetime(2027, 3, 30, 12, tzinfo=UTC)


def test_lookups_find_by_code_or_raise():
    plan = load_plan(DISTRICT)
    assert plan.unit("so-dau").short_name == "Sở Dầu"
    assert plan.topic("other").number == 0
    assert plan.department("y-te").name == "Phòng Y tế"
    for look in (plan.unit, plan.topic, plan.department):
        with pytest.raises(KeyError):
            look("nowhere")


def test_words_are_normalised_and_trimmed():
    plan = parse_plan(
        edited(('short_name = "Sở Dầu"', 'short_name = " So\u031b\u0309 Da\u0302\u0300u "'))
    )
    assert plan.unit("so-dau").short_name == "Sở Dầu"


def test_byte_order_mark_and_windows_lines_are_read():
    content = b"\xef\xbb\xbf" + DISTRICT.read_bytes().replace(b"\n", b"\r\n")
    plan = parse_plan(content)
    assert plan.units == load_plan(DISTRICT).units
    assert plan.digest == hashlib.sha256(content).hexdigest()


FAULTS = {
    "missing key": (('place = "Hồng Bàng"\n', ""), "organiser.place: is missing"),
    "unknown key": (
        ('place = "Hồng Bàng"\n', 'place = "Hồng Bàng"\nplaces = 2\n'),
        "organiser.places: is not a key that a plan has",
    ),
    "unknown section": (("[quiet_hours]", "[x]\n[quiet_hours]"), "x: is not a key that a plan has"),
    "text for number": (
        ("min_characters = 15", 'min_characters = "15"'),
        "collection.min_characters: must be a whole number",
    ),
    "number for text": (('hotline = "111"', "hotline = 111"), "safeguarding.hotline: must be text in quotes"),
    "number for bool": (("co_sign = true", "co_sign = 1"), "collection.co_sign: must be true or false"),
    "text for date": (
        ("plan_date = 2022-05-05", 'plan_date = "5/5/2022"'),
        "organiser.plan_date: must be a date, such as 2022-05-05",
    ),
    "hour for date": (
        ("plan_date = 2022-05-05", "plan_date = 2022-05-05T00:00:00"),
        "organiser.plan_date: must be a date, such as 2022-05-05",
    ),
    "key that is no word": (
        ('place = "Hồng Bàng"\n', 'place = "Hồng Bàng"\n"x\\ny" = 2\n'),
        "organiser.'x\\ny': is not a key that a plan has",
    ),
    "text for hour": (
        ("from = 21:30:00", 'from = "21:30"'),
        "quiet_hours.from: must be an hour, such as 21:30:00",
    ),
    "text for list": (("duty = []", 'duty = "x"'), "safeguarding.duty: must be a list"),
    "text for table": (
        ('[conference]\ncode = "HB22"', 'quiet_hours = "x"\n[conference]\ncode = "HB22"'),
        ("[quiet_hours]\nfrom = 21:30:00\nto = 06:30:00\n", ""),
        "quiet_hours: must be a table of keys",
    ),
    "blank": (('name = "Quận Đoàn Hồng Bàng"', 'name = " "'), "organiser.name: must not be empty"),
    "two lines": (
        ('name = "Quận Đoàn Hồng Bàng"', 'name = "a\\nb"'),
        "organiser.name: must be one line, without tabs or control characters",
    ),
    "long text": (
        ('name = "Quận Đoàn Hồng Bàng"', f'name = "{"a" * 301}"'),
        "organiser.name: must be at most 300 characters, not 301",
    ),
    "conference code": (
        ('code = "HB22"', 'code = "hb22"'),
        "conference.code: must be 2 to 8 of the characters A-Z and 0-9, not 'hb22'",
    ),
    "unit code": (
        ('code = "thuong-ly"', 'code = "thuong_ly"'),
        "units[3].code: must be 1 to 32 of the characters a-z, 0-9 and -, not 'thuong_ly'",
    ),
    "long unit code": (
        ('code = "thuong-ly"', f'code = "{"a" * 33}"'),
        f"units[3].code: must be 1 to 32 of the characters a-z, 0-9 and -, not '{'a' * 33}'",
    ),
    "newline in code": (
        ('code = "thuong-ly"', 'code = "thuong-ly\\n"'),
        "units[3].code: must be 1 to 32 of the characters a-z, 0-9 and -, not 'thuong-ly\\n'",
    ),
    "unit code twice": (
        ('code = "thuong-ly"', 'code = "so-dau"'),
        "units[3].code: 'so-dau' is already units[2].code",
    ),
    "topic code twice": (
        ('code = "other"', 'code = "youth-tasks"'),
        "topics[9].code: 'youth-tasks' is already topics[3].code",
    ),
    "topic number twice": (("number = 0", "number = 4"), "topics[9].number: 4 is already topics[3].number"),
    "department code twice": (
        ('code = "cong-an"\nname', 'code = "y-te"\nname'),
        ('"gd-dt", "kinh-te", "cong-an"', '"gd-dt"'),
        "departments[8].code: 'y-te' is already departments[7].code",
    ),
    "short name": (
        ('short_name = "Sở Dầu"', f'short_name = "{"ở" * 26}"'),
        "units[2].short_name: must be at most 25 characters, not 26",
    ),
    "label": (
        ('label = "Nội dung khác"', f'label = "{"ộ" * 41}"'),
        "topics[9].label: must be at most 40 characters, not 41",
    ),
    "lead": (
        ('lead = "ld-tb-xh"', 'lead = "ldtbxh"'),
        "topics[5].lead: 'ldtbxh' is not the code of a department",
    ),
    "support": (
        ('"gd-dt", "kinh-te"', '"gd-dt", "kinhte"'),
        "topics[7].support[1]: 'kinhte' is not the code of a department",
    ),
    "time zone": (
        ('"Asia/Ho_Chi_Minh"', '"Asia/Hai_Phong"'),
        "conference.timezone: is not a known time zone: 'Asia/Hai_Phong'",
    ),
    "time zone folder": (
        ('"Asia/Ho_Chi_Minh"', '"Asia"'),
        "conference.timezone: is not a known time zone: 'Asia'",
    ),
    "time zone path": (
        ('"Asia/Ho_Chi_Minh"', '"../../etc/passwd"'),
        "conference.timezone: is not a known time zone: '../../etc/passwd'",
    ),
    "language": (('language = "vi"', 'language = "fr"'), "conference.language: must be 'vi' or 'en'"),
    "milestone without an hour": (
        ("asking_opens = 2022-05-05T08:00:00", "asking_opens = 2022-05-05"),
        "milestones.asking_opens: must be a date and an hour, such as 2022-05-19T00:00:00",
    ),
    "milestone with an offset": (
        ("asking_opens = 2022-05-05T08:00:00", "asking_opens = 2022-05-05T08:00:00+07:00"),
        "milestones.asking_opens: must be local time in conference.timezone, without an offset",
    ),
    "milestone of another century": (
        ("asking_opens = 2022-05-05T08:00:00", "asking_opens = 0001-01-01T00:00:00"),
        "milestones.asking_opens: must lie in the years 2000 to 2099",
    ),
    "closes as it opens": (
        ("asking_closes = 2022-05-17T00:00:00", "asking_closes = 2022-05-05T08:00:00"),
        "milestones.asking_closes: must be later than milestones.asking_opens",
    ),
    "reports before closing": (
        ("asking_closes = 2022-05-17T00:00:00", "asking_closes = 2022-05-19T00:00:01"),
        "milestones.unit_reports_due: must not be earlier than milestones.asking_closes",
    ),
    "consolidation before reports": (
        ("unit_reports_due = 2022-05-19", "unit_reports_due = 2022-05-25"),
        "milestones.consolidation_due: must not be earlier than milestones.unit_reports_due",
    ),
    "answers before consolidation": (
        ("consolidation_due = 2022-05-24", "consolidation_due = 2022-05-26"),
        "milestones.answers_due: must not be earlier than milestones.consolidation_due",
    ),
    "conference before answers": (
        ("answers_due = 2022-05-25", "answers_due = 2022-05-26"),
        "milestones.conference_opens: must not be earlier than milestones.answers_due",
    ),
    "conclusion before conference": (
        ("conclusion_due = 2022-06-07", "conclusion_due = 2022-05-26"),
        "milestones.conclusion_due: must not be earlier than milestones.conference_opens",
    ),
    "characters": (
        ("min_characters = 15", "min_characters = 2000"),
        "collection.max_characters: must be more than collection.min_characters",
    ),
    "too many characters": (
        ("max_characters = 2000", "max_characters = 3501"),
        "collection.max_characters: must be less than or equal to 3500",
    ),
    "no characters": (
        ("min_characters = 15", "min_characters = 0"),
        "collection.min_characters: must be greater than or equal to 1",
    ),
    "retention": (
        ("retention_days = 180", "retention_days = 0"),
        "collection.retention_days: must be greater than or equal to 1",
    ),
    "endless retention": (
        ("retention_days = 180", "retention_days = 3651"),
        "collection.retention_days: must be less than or equal to 3650",
    ),
    "questions per day": (
        ("questions_per_person_per_day = 10", "questions_per_person_per_day = 0"),
        "collection.questions_per_person_per_day: must be greater than or equal to 1",
    ),
    "delegates": (
        ("delegates = 0", "delegates = -1"),
        "units[9].delegates: must be greater than or equal to 0",
    ),
    "quiet hours": (("to = 06:30:00", "to = 21:30:00"), "quiet_hours.to: must differ from quiet_hours.from"),
    "audience": (
        ('audience = "delegates"', 'audience = "everyone"'),
        (
            "nudges[5].audience: must be 'unit_leads_without_report', "
            "'unit_leads_with_unreviewed_questions', 'members_without_question', "
            "'organisers_with_unassigned_groups', 'departments_with_open_assignments' or 'delegates'"
        ),
    ),
    "nudge offset": (
        ('before = ["1d@19:00", "1h"]', 'before = ["1d@19:00", "1d"]'),
        """nudges[5].before[1]: must be like "3h", "30m" or "1d@19:00", not '1d'""",
    ),
    "nudge hour": (
        ('before = ["1d@19:00", "1h"]', 'before = ["1d@24:00"]'),
        """nudges[5].before[0]: must be like "3h", "30m" or "1d@19:00", not '1d@24:00'""",
    ),
    "nudge offset in other digits": (
        ('before = ["1d@19:00", "1h"]', 'before = ["١h"]'),
        """nudges[5].before[0]: must be like "3h", "30m" or "1d@19:00", not '١h'""",
    ),
    "nudge number": (
        ('after = ["2h"]', "after = [2]"),
        'nudges[4].after[0]: must be like "3h", "30m" or "1d@19:00", not 2',
    ),
    "escalation": (
        ('escalate_after = "24h"', 'escalate_after = "1d@08:00"'),
        """nudges[0].escalate_after: must be hours or minutes, such as "3h" or "30m", not '1d@08:00'""",
    ),
    "nudge never": (
        ('milestone = "conference_opens"\nbefore = ["1d@19:00", "1h"]', 'milestone = "conference_opens"'),
        "nudges[5]: must say when: before, after or both",
    ),
    "nudge too late": (
        ('before = ["1d@19:00", "1h"]', 'before = ["0d@08:00"]'),
        "nudges[5].before[0]: is not before milestones.conference_opens",
    ),
    "nudge too early": (
        ('after = ["2h"]', 'after = ["2h", "0d@16:59"]'),
        "nudges[4].after[1]: is not after milestones.answers_due",
    ),
    "nudge milestone": (
        ('milestone = "conference_opens"', 'milestone = "plan_date"'),
        (
            "nudges[5].milestone: must be 'asking_opens', 'asking_closes', 'unit_reports_due', "
            "'consolidation_due', 'answers_due', 'conference_opens' or 'conclusion_due'"
        ),
    ),
    "agenda minutes": (("minutes = 15", "minutes = 0"), "agenda[1].minutes: must be greater than or equal to 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS.values(), ids=FAULTS.keys())
def test_fault_is_named_by_its_key(case):
    *changes, fault = case
    assert faults(edited(*changes)) == [fault]


def test_every_fault_is_named_at_once():
    content = edited(
        ('code = "thuong-ly"', 'code = "so-dau"'),
        ("asking_closes = 2022-05-17", "asking_closes = 2022-05-20"),
        ('lead = "ld-tb-xh"', 'lead = "ldtbxh"'),
    )
    assert faults(content) == [
        "milestones.unit_reports_due: must not be earlier than milestones.asking_closes",
        "units[3].code: 'so-dau' is already units[2].code",
        "topics[5].lead: 'ldtbxh' is not the code of a department",
    ]


@pytest.mark.parametrize("section", ["units", "topics"])
def test_empty_list_is_a_fault(section):
    text = DISTRICT.read_text(encoding="utf-8")
    without = text.replace(f"[[{section}]]", f"[[{section}_gone]]")
    content = f"{section} = []\n{without}".encode()
    assert faults(content) == [
        f"{section}: must have at least one entry",
        f"{section}_gone: is not a key that a plan has",
    ]


@pytest.mark.parametrize(
    ("key", "usual", "moment", "words"),
    [
        ("asking_closes", "2027-03-20T00:00:00", "2027-03-28T02:30:00", "does not exist"),
        ("asking_opens", "2027-03-01T07:00:00", "2026-10-25T02:30:00", "happens twice"),
    ],
)
def test_hour_that_the_clock_change_spoils_is_a_fault(key, usual, moment, words):
    found = faults(edited((f"{key} = {usual}", f"{key} = {moment}"), path=WARD))
    assert found[0] == (
        f"milestones.{key}: {moment} {words} in Europe/Berlin, where the clocks change then"
    )


def test_syntax_fault_has_line_and_column():
    assert faults(b"[conference]\ncode = HB22\n") == ["not valid TOML: Invalid value (at line 2, column 8)"]  # fmt: skip


def test_text_in_another_encoding_is_a_fault():
    assert faults(b"title = '\xd0\xff'") == ["not UTF-8 text: byte 9 cannot be read"]


def test_file_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(PlanError) as caught:
        load_plan(tmp_path / "gone.toml")
    assert caught.value.faults == (f"{tmp_path / 'gone.toml'}: cannot be read: No such file or directory",)  # fmt: skip


OFFSETS = [
    # The clocks go forward on 28 March 2027 at 02:00, between offset and milestone.
    (Offset(exact=timedelta(hours=24)), True, datetime(2027, 3, 27, 11, tzinfo=BERLIN)),
    (Offset(days=1, at=time(12)), True, datetime(2027, 3, 27, 12, tzinfo=BERLIN)),
    (Offset(days=0, at=time(2, 30)), True, datetime(2027, 3, 28, 3, 30, tzinfo=BERLIN)),
    (Offset(exact=timedelta(minutes=30)), False, datetime(2027, 3, 28, 12, 30, tzinfo=BERLIN)),
    (Offset(days=0, at=time(19)), False, datetime(2027, 3, 28, 19, tzinfo=BERLIN)),
]


@pytest.mark.parametrize(("offset", "before", "due"), OFFSETS)
def test_offset_gives_a_moment(offset, before, due):
    milestone = datetime(2027, 3, 28, 12, tzinfo=BERLIN).astimezone(UTC)
    moment = offset.moment(milestone, BERLIN, before=before)
    assert (moment, moment.tzinfo) == (due.astimezone(UTC), UTC)


def test_moving_names_what_still_says_the_old_year(tmp_path):
    out = tmp_path / "moved.toml"
    assert move_conference(DISTRICT, out, date(2027, 3, 30)) == [
        "conference.title",
        "conference.short_title",
        "organiser.plan_date",
    ]
    assert load_plan(out).conference == load_plan(DISTRICT).conference
    assert load_plan(out).local("conference_opens").date() == date(2027, 3, 30)


def test_moving_within_the_year_names_nothing(tmp_path):
    assert move_conference(DISTRICT, tmp_path / "moved.toml", date(2022, 6, 26)) == []


def test_moving_keeps_comments_and_changes_the_code_when_asked(tmp_path):
    out = tmp_path / "moved.toml"
    move_conference(DISTRICT, out, date(2022, 6, 26), code="HB23")
    old = DISTRICT.read_text(encoding="utf-8").splitlines()
    new = out.read_text(encoding="utf-8").splitlines()
    assert [line.partition("#")[2] for line in new] == [line.partition("#")[2] for line in old]
    changed = [line.partition(" ")[0] for line, was in zip(new, old, strict=True) if line != was]
    assert changed == ["code", *MILESTONES]
    assert load_plan(out).conference.code == "HB23"


def test_moving_onto_itself_is_fine(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_bytes(WARD.read_bytes())
    move_conference(path, path, date(2027, 3, 30))
    assert path.read_bytes() == WARD.read_bytes()


@pytest.mark.parametrize(
    ("day", "code", "fault"),
    [
        (date(2027, 3, 30), "x", "conference.code: must be 2 to 8 of the characters A-Z and 0-9, not 'x'"),
        (date.max, None, "the conference's day must lie in the years 2000 to 2099"),
        (date(2000, 1, 1), None, "milestones.asking_opens: must lie in the years 2000 to 2099"),
    ],
)  # fmt: skip
def test_moving_to_a_faulty_plan_writes_nothing(tmp_path, day, code, fault):
    with pytest.raises(PlanError) as caught:
        move_conference(DISTRICT, tmp_path / "moved.toml", day, code=code)
    assert caught.value.faults[0] == fault
    assert list(tmp_path.iterdir()) == []


def test_moving_onto_a_missing_hour_is_refused_by_name(tmp_path):
    plan = tmp_path / "night.toml"
    plan.write_bytes(
        edited(("asking_closes = 2027-03-20T00:00:00", "asking_closes = 2027-03-20T02:30:00"), path=WARD)
    )  # fmt: skip
    with pytest.raises(PlanError) as caught:
        move_conference(plan, tmp_path / "moved.toml", date(2027, 4, 7))
    assert caught.value.faults == (
        "milestones.asking_closes: 2027-03-28T02:30:00 does not exist in Europe/Berlin, where the clocks change then",
    )


def test_moving_to_a_place_that_cannot_be_written_is_a_fault(tmp_path):
    out = tmp_path / "nowhere" / "moved.toml"
    with pytest.raises(PlanError) as caught:
        move_conference(DISTRICT, out, date(2022, 6, 26))
    assert caught.value.faults == (f"{out}: cannot be written: No such file or directory",)


@settings(deadline=None, max_examples=50)  # a busy disk is no fault
@given(day=st.dates(date(2001, 1, 1), date(2098, 12, 31)), path=st.sampled_from([DISTRICT, WARD]))
def test_moving_keeps_local_hours_and_distances(tmp_path_factory, day, path):
    out = tmp_path_factory.getbasetemp() / "moved.toml"
    move_conference(path, out, day)
    old, new = load_plan(path), load_plan(out)
    shift = day - old.milestones.conference_opens.date()
    assert local_milestones(new) == {
        name: moment + shift for name, moment in local_milestones(old).items()
    }
    assert new.local("conference_opens").date() == day
    for section in ("organiser", "units", "topics", "departments", "nudges", "agenda"):
        assert getattr(new, section) == getattr(old, section)


def leaves(value: object, location: tuple[str | int, ...] = ()):
    """Every key of the plan with the path by which a fault names it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*location, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from leaves(value[0], (*location, 0))
    else:
        yield location


def with_odd_value(location: tuple[str | int, ...]) -> bytes:
    document = tomlkit.parse(DISTRICT.read_text(encoding="utf-8")).unwrap()
    place = document
    for key in location[:-1]:
        place = place[key]
    place[location[-1]] = {}
    return tomlkit.dumps(document).encode()


@pytest.mark.parametrize(
    "location", list(leaves(tomllib.loads(DISTRICT.read_text(encoding="utf-8")))), ids=str
)
def test_value_of_another_kind_is_a_fault_of_its_key(location):
    found = faults(with_odd_value(location))
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in location)
    assert [fault.partition(": ")[0] for fault in found] == [path.removeprefix(".")]
