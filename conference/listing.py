"""What an organiser may ask of the list: its filters, checked and explained."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from conference.errors import ConferenceError
from conference.vietnamese import fold
from config.plan import ConferencePlan
from storage.questions import LISTED
from storage.tables import QuestionState

FORMS = ("xlsx", "csv")
FORM_NAMES = {"xlsx": "xlsx", "excel": "xlsx", "csv": "csv"}
NAMES = {
    "unit": "unit",
    "donvi": "unit",
    "topic": "topic",
    "linhvuc": "topic",
    "state": "state",
    "trangthai": "state",
    "since": "since",
    "tungay": "since",
    "form": "form",
    "format": "form",
    "dang": "form",
}
"""How a filter may be called: in English, and in Vietnamese as the commands are."""
STATES = {
    **{state.value: state for state in LISTED},
    "datiepnhan": QuestionState.submitted,
    "dachuyen": QuestionState.reported,
}


class ListRequestError(ConferenceError):
    """A word of the request is not understood; `details` names it."""

    code = "list-request"


@dataclass(frozen=True, slots=True)
class ListFilters:
    """Which questions: by code of topic and unit, by state, since a local day."""

    topic: str | None = None
    unit: str | None = None
    state: str | None = None
    since: str | None = None
    """An ISO date, local."""

    def as_query(self, plan: ConferencePlan) -> dict[str, Any]:
        """The arguments of `storage.questions.listed_questions`."""
        since = None
        if self.since is not None:
            since = datetime.combine(date.fromisoformat(self.since), time.min, plan.zone)
        return {
            "topic_code": self.topic,
            "unit_code": self.unit,
            "state": QuestionState(self.state) if self.state else None,
            "since": since,
        }

    def as_parameters(self) -> dict[str, str]:
        """What is set, for a job's row."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def parse_request(
    words: str, plan: ConferencePlan, *, today: date
) -> tuple[str | None, ListFilters]:
    """`xlsx unit=so-dau topic=8 since=10/5` as (form or None, filters).

    Units and topics may be given by code, number or name, with or without accents.

    Raises:
        ListRequestError: `fault` is `word`, `unit`, `topic`, `state` or `since`; `word` is it.
    """
    form: str | None = None
    chosen: dict[str, str] = {}
    for word in words.split():
        typed, mark, value = word.partition("=")
        name = NAMES.get(_joined(typed)) if mark else "form"
        value = value if mark else typed
        if name == "form" and (known := FORM_NAMES.get(_joined(value))):
            form = known
        elif name is not None and name != "form" and value:
            chosen[name] = value
        else:
            raise ListRequestError(fault="word", word=word)
    return form, check_filters(chosen, plan, today=today)


def check_filters(chosen: Mapping[str, str], plan: ConferencePlan, *, today: date) -> ListFilters:
    """The filters as codes.

    Raises:
        ListRequestError: as for `parse_request`.
    """
    checked: dict[str, str] = {}
    for name, value in chosen.items():
        found = _found(name, value, plan, today)
        if found is None:
            raise ListRequestError(fault=name, word=value)
        checked[name] = found
    return ListFilters(**checked)


def _found(name: str, value: str, plan: ConferencePlan, today: date) -> str | None:
    wanted = fold(value.replace("-", " "))
    if name == "unit":
        for unit in plan.units:
            known = (unit.code.replace("-", " "), unit.short_name, unit.name)
            if wanted in {fold(one) for one in known}:
                return unit.code
    elif name == "topic":
        for topic in plan.topics:
            if value == str(topic.number):
                return topic.code
            if wanted in {fold(topic.code.replace("-", " ")), fold(topic.label)}:
                return topic.code
    elif name == "state":
        state = STATES.get(_joined(value))
        return state.value if state is not None else None
    else:
        day = _day(value, today)
        return day.isoformat() if day is not None else None
    return None


def _joined(word: str) -> str:
    return fold(word).replace(" ", "")


def _day(value: str, today: date) -> date | None:
    """`2022-05-10`, `10/5/2022` or `10/5` (of this year, or of last year if that is to come)."""
    try:
        if "/" not in value:
            return date.fromisoformat(value)
        parts = [int(part) for part in value.split("/")]
        if len(parts) == 3:  # noqa: PLR2004  day, month, year
            return date(parts[2], parts[1], parts[0])
        if len(parts) == 2:  # noqa: PLR2004  day and month
            day = date(today.year, parts[1], parts[0])
            return day if day <= today else date(today.year - 1, parts[1], parts[0])
    except ValueError:
        return None
    return None
