"""The conference plan: a TOML file as checked values.

Everything that names a place, a body, a unit, a topic or a moment comes from here. `load_plan`
reads a file or raises `PlanError` with one line per fault, each beginning with the key's path
(positions in lists count from 0). `move_conference` writes a copy of a plan for another day.

Milestones stand in the file as local time in `conference.timezone`. A moment at 00:00 is
exclusive: "trước ngày 19/5" is 19 May 00:00, so the last usable day is the 18th.
"""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeVar, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import tomlkit
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationError,
)
from pydantic_core import ErrorDetails

MilestoneName = Literal[
    "asking_opens",
    "asking_closes",
    "unit_reports_due",
    "consolidation_due",
    "answers_due",
    "conference_opens",
    "conclusion_due",
]
MILESTONES: tuple[MilestoneName, ...] = get_args(MilestoneName)
"""The milestones in the order in which they must come."""

Audience = Literal[
    "unit_leads_without_report",
    "unit_leads_with_unreviewed_questions",
    "members_without_question",
    "organisers_with_unassigned_groups",
    "departments_with_open_assignments",
    "delegates",
]

YEARS = range(2000, 2100)


class PlanError(Exception):
    """A plan that cannot be used. `faults` has one line per fault, and `str` is those lines."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def _line(at_most: int = 300, *, blank: bool = False) -> AfterValidator:
    def check(text: str) -> str:
        text = unicodedata.normalize("NFC", text).strip()
        if not text and not blank:
            raise ValueError("must not be empty")
        if len(text) > at_most:
            raise ValueError(f"must be at most {at_most} characters, not {len(text)}")
        if any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in text):
            raise ValueError("must be one line, without tabs or control characters")
        return text

    return AfterValidator(check)


def _written_as(pattern: str, words: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {words}, not {text!r}")
        return text

    return AfterValidator(check)


def _zone_name(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"is not a known time zone: {text!r}") from None
    return text


def _local_moment(moment: object) -> datetime:
    if not isinstance(moment, datetime):
        raise ValueError("must be a date and an hour, such as 2022-05-19T00:00:00")  # noqa: TRY004
    if moment.tzinfo is not None:
        raise ValueError("must be local time in conference.timezone, without an offset")
    if moment.year not in YEARS:
        raise ValueError(f"must lie in the years {YEARS.start} to {YEARS.stop - 1}")
    return moment


@dataclass(frozen=True, slots=True)
class Offset:
    """How far from a milestone something is due.

    Either `exact`, a duration ("3h", "30m"), or the local hour `at` so many `days` from the
    milestone's own local date ("1d@19:00"). A local hour keeps the wall clock when the clocks
    change; an hour that the change skips counts as that much later, one that it repeats as the
    first of the two.
    """

    exact: timedelta | None = None
    days: int = 0
    at: time | None = None

    def moment(self, milestone: datetime, zone: ZoneInfo, *, before: bool) -> datetime:
        """The due moment (aware UTC) before or after `milestone` (aware)."""
        if self.at is None:
            distance = self.exact or timedelta()
            return milestone.astimezone(UTC) + (-distance if before else distance)
        days = timedelta(days=-self.days if before else self.days)
        day = milestone.astimezone(zone).date() + days
        return datetime.combine(day, self.at, zone).astimezone(UTC)


def _duration(text: object) -> timedelta:
    if isinstance(text, str) and (found := re.fullmatch(r"([1-9][0-9]{0,2})([hm])", text)):
        number = int(found[1])
        return timedelta(hours=number) if found[2] == "h" else timedelta(minutes=number)
    raise ValueError(f'must be hours or minutes, such as "3h" or "30m", not {text!r}')


def _offset(text: object) -> Offset:
    hour = r"([0-9]{1,3})d@([01][0-9]|2[0-3]):([0-5][0-9])"
    if isinstance(text, str) and (found := re.fullmatch(hour, text)):
        return Offset(days=int(found[1]), at=time(int(found[2]), int(found[3])))
    try:
        return Offset(exact=_duration(text))
    except ValueError:
        raise ValueError(f'must be like "3h", "30m" or "1d@19:00", not {text!r}') from None


Line = Annotated[str, _line()]
Blank = Annotated[str, _line(blank=True)]
Code = Annotated[str, _written_as("[a-z0-9-]{1,32}", "1 to 32 of the characters a-z, 0-9 and -")]
LocalMoment = Annotated[datetime, PlainValidator(_local_moment)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Conference(_Section):
    code: Annotated[str, _written_as("[A-Z0-9]{2,8}", "2 to 8 of the characters A-Z and 0-9")]
    """The prefix of every tracking code."""
    title: Line
    short_title: Line
    host_title: Line
    venue: Line
    timezone: Annotated[str, AfterValidator(_zone_name)]
    language: Literal["vi", "en"]


class Organiser(_Section):
    name: Line
    parent: Line
    issuing_body: Line
    standing_board: Line
    place: Line
    doc_symbol: Line
    signing_body: Line
    signer_title: Line
    signer_name: Blank = ""
    plan_number: Blank = ""
    plan_date: date
    contact: Blank = ""


class Milestones(_Section):
    """Local time in `conference.timezone`, naive as in the file; `plan.moment` gives UTC."""

    asking_opens: LocalMoment
    asking_closes: LocalMoment
    unit_reports_due: LocalMoment
    consolidation_due: LocalMoment
    answers_due: LocalMoment
    conference_opens: LocalMoment
    conclusion_due: LocalMoment


class Collection(_Section):
    delegates_per_ward: int = Field(default=0, ge=0, le=1000)
    min_characters: int = Field(ge=1)
    max_characters: int = Field(le=3500)
    """At most 3500, so that a preview with its frame fits one Telegram message of 4096."""
    questions_per_person_per_day: int = Field(ge=1, le=1000)
    co_sign: bool = False
    retention_days: int = Field(ge=1, le=3650)
    """Days after the conference, then identities may be erased once an organiser confirms."""


class Safeguarding(_Section):
    hotline: Line
    duty: tuple[Line, ...] = Field(default=(), strict=False)
    """Who is invited as a duty officer; the organisers when empty."""


class QuietHours(_Section):
    """Local hours in which no paced message leaves; the end may lie on the next day."""

    begins: time = Field(alias="from")
    ends: time = Field(alias="to")


class Nudge(_Section):
    audience: Audience
    milestone: MilestoneName
    before: tuple[Annotated[Offset, PlainValidator(_offset)], ...] = Field(
        default=(), strict=False
    )
    after: tuple[Annotated[Offset, PlainValidator(_offset)], ...] = Field(default=(), strict=False)
    escalate_after: Annotated[timedelta, PlainValidator(_duration)] | None = None
    """How long after the milestone the organisers are told who is late."""


class Unit(_Section):
    code: Code
    name: Line
    short_name: Annotated[str, _line(25)]
    kind: Code
    delegates: int | None = Field(default=None, ge=0, le=1000)


class Topic(_Section):
    number: int = Field(ge=0, le=999)
    code: Code
    label: Annotated[str, _line(40)]
    lead: Code | None = None
    """The department proposed to answer; an organiser confirms it."""
    support: tuple[Code, ...] = Field(default=(), strict=False)


class Department(_Section):
    code: Code
    name: Line


class AgendaItem(_Section):
    title: Line
    responsible: Line
    minutes: int = Field(ge=1, le=1440)
    speaking: bool = False


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


_T = TypeVar("_T", bound=_Coded)


def _by_code(entries: tuple[_T, ...], code: str) -> _T:
    for entry in entries:
        if entry.code == code:
            return entry
    raise KeyError(code)


class ConferencePlan(_Section):
    """One conference. `load_plan` and `parse_plan` make it and check it across its sections."""

    conference: Conference
    organiser: Organiser
    milestones: Milestones
    collection: Collection
    safeguarding: Safeguarding
    quiet_hours: QuietHours
    nudges: tuple[Nudge, ...] = Field(default=(), strict=False)
    units: tuple[Unit, ...] = Field(min_length=1, strict=False)
    topics: tuple[Topic, ...] = Field(min_length=1, strict=False)
    departments: tuple[Department, ...] = Field(default=(), strict=False)
    agenda: tuple[AgendaItem, ...] = Field(default=(), strict=False)
    _digest: str = PrivateAttr(default="")

    @property
    def digest(self) -> str:
        """The SHA-256 of the file's bytes, in hexadecimal."""
        return self._digest

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.conference.timezone)

    def local(self, milestone: MilestoneName) -> datetime:
        """The milestone as an aware moment in the plan's zone."""
        moment: datetime = getattr(self.milestones, milestone)
        return moment.replace(tzinfo=self.zone)

    def moment(self, milestone: MilestoneName) -> datetime:
        """The milestone as an aware UTC moment."""
        return self.local(milestone).astimezone(UTC)

    def unit(self, code: str) -> Unit:
        """Raises KeyError when the plan has no such unit."""
        return _by_code(self.units, code)

    def topic(self, code: str) -> Topic:
        """Raises KeyError when the plan has no such topic."""
        return _by_code(self.topics, code)

    def department(self, code: str) -> Department:
        """Raises KeyError when the plan has no such department."""
        return _by_code(self.departments, code)


def load_plan(path: Path) -> ConferencePlan:
    """The plan in a file. Raises PlanError when it cannot be read or has faults."""
    return parse_plan(_content(path))


def parse_plan(content: bytes) -> ConferencePlan:
    """The plan in a file's bytes. Raises PlanError."""
    try:
        plan = ConferencePlan.model_validate(tomllib.loads(_text(content)))
    except tomllib.TOMLDecodeError as error:
        raise PlanError([f"not valid TOML: {error}"]) from None
    except ValidationError as error:
        raise PlanError([_worded(fault) for fault in error.errors()]) from None
    faults = [f"{path}: {words}" for check in _CHECKS for path, words in check(plan)]
    if faults:
        raise PlanError(faults)
    plan._digest = hashlib.sha256(content).hexdigest()  # noqa: SLF001  private to this module
    return plan


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PlanError([f"{path}: cannot be read: {error.strerror}"]) from None


def _text(content: bytes) -> str:
    # Windows editors put a byte-order mark in front, which TOML does not know.
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError([f"not UTF-8 text: byte {error.start} cannot be read"]) from None


def _key_path(location: Sequence[str | int]) -> str:
    path = ""
    for key in location:
        if isinstance(key, int):
            path += f"[{key}]"
        else:
            path += f".{key}" if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f".{key!r}"
    return path.removeprefix(".")


_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that a plan has",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "date_type": "must be a date, such as 2022-05-05",
    "time_type": "must be an hour, such as 21:30:00",
    "tuple_type": "must be a list",
    "model_type": "must be a table of keys",
    "too_short": "must have at least one entry",
}


def _worded(fault: ErrorDetails) -> str:
    words = _WORDS.get(fault["type"]) or fault["msg"].removeprefix("Value error, ").replace(
        "Input should be", "must be"
    )
    return f"{_key_path(fault['loc'])}: {words}"


_Faults = Iterator[tuple[str, str]]


def _clock_faults(plan: ConferencePlan) -> _Faults:
    for name in MILESTONES:
        local = plan.local(name)
        first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
        if first != second and first is not None and second is not None:
            words = "does not exist" if first < second else "happens twice"
            change = f"{words} in {plan.conference.timezone}, where the clocks change then"
            yield f"milestones.{name}", f"{local:%Y-%m-%dT%H:%M:%S} {change}"


def _order_faults(plan: ConferencePlan) -> _Faults:
    for earlier, later in pairwise(MILESTONES):
        strictly = earlier == "asking_opens"
        gap = plan.moment(later) - plan.moment(earlier)
        if gap < timedelta() or (strictly and not gap):
            words = "must be later than" if strictly else "must not be earlier than"
            yield f"milestones.{later}", f"{words} milestones.{earlier}"


def _repeat_faults(plan: ConferencePlan) -> _Faults:
    lists: dict[str, list[str | int]] = {
        "units[{}].code": [unit.code for unit in plan.units],
        "topics[{}].code": [topic.code for topic in plan.topics],
        "topics[{}].number": [topic.number for topic in plan.topics],
        "departments[{}].code": [department.code for department in plan.departments],
    }
    for key, values in lists.items():
        for position, value in enumerate(values):
            first = values.index(value)
            if first != position:
                yield key.format(position), f"{value!r} is already {key.format(first)}"


def _reference_faults(plan: ConferencePlan) -> _Faults:
    known = {department.code for department in plan.departments}
    for position, topic in enumerate(plan.topics):
        named = [("lead", topic.lead)] if topic.lead else []
        named += [(f"support[{place}]", code) for place, code in enumerate(topic.support)]
        for key, code in named:
            if code not in known:
                yield f"topics[{position}].{key}", f"{code!r} is not the code of a department"


def _limit_faults(plan: ConferencePlan) -> _Faults:
    if plan.collection.max_characters <= plan.collection.min_characters:
        yield "collection.max_characters", "must be more than collection.min_characters"
    if plan.quiet_hours.begins == plan.quiet_hours.ends:
        yield "quiet_hours.to", "must differ from quiet_hours.from"


def _nudge_faults(plan: ConferencePlan) -> _Faults:
    for position, nudge in enumerate(plan.nudges):
        milestone = plan.moment(nudge.milestone)
        if not nudge.before and not nudge.after:
            yield f"nudges[{position}]", "must say when: before, after or both"
        for place, offset in enumerate(nudge.before):
            if offset.moment(milestone, plan.zone, before=True) >= milestone:
                yield (
                    f"nudges[{position}].before[{place}]",
                    f"is not before milestones.{nudge.milestone}",
                )
        for place, offset in enumerate(nudge.after):
            if offset.moment(milestone, plan.zone, before=False) < milestone:
                yield (
                    f"nudges[{position}].after[{place}]",
                    f"is not after milestones.{nudge.milestone}",
                )


_CHECKS: tuple[Callable[[ConferencePlan], _Faults], ...] = (
    _clock_faults,
    _order_faults,
    _repeat_faults,
    _reference_faults,
    _limit_faults,
    _nudge_faults,
)


def move_conference(
    path_in: Path, path_out: Path, conference_day: date, *, code: str | None = None
) -> list[str]:
    """Write a copy of a plan whose conference falls on `conference_day` (local).

    Every milestone keeps its local hour and its distance in days; comments and order stay. The
    conference's code changes only when `code` is given. Returns the keys whose value still names
    the old conference's year when the year changed: what they should say is for a person to
    decide. Raises PlanError when the plan, before or after, has faults, with nothing written, or
    when `path_out` cannot be written.
    """
    content = _content(path_in)
    old = parse_plan(content).milestones
    if conference_day.year not in YEARS:
        raise PlanError(
            [f"the conference's day must lie in the years {YEARS.start} to {YEARS.stop - 1}"]
        )
    days = conference_day - old.conference_opens.date()
    document: Any = tomlkit.parse(_text(content))
    for name in MILESTONES:
        document["milestones"][name] = getattr(old, name) + days
    if code is not None:
        document["conference"]["code"] = code
    moved = tomlkit.dumps(document).encode()
    parse_plan(moved)
    try:
        path_out.write_bytes(moved)
    except OSError as error:
        raise PlanError([f"{path_out}: cannot be written: {error.strerror}"]) from None
    if conference_day.year == old.conference_opens.year:
        return []
    return list(_naming_year(document.unwrap(), str(old.conference_opens.year)))


def _naming_year(value: object, year: str, location: tuple[str | int, ...] = ()) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if location or key != "milestones":
                yield from _naming_year(inner, year, (*location, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _naming_year(inner, year, (*location, position))
    elif isinstance(value, str | date) and re.search(rf"(?<!\d){year}(?!\d)", str(value)):
        yield _key_path(location)
