"""The consolidated list as a file, from the database: masked, in words, in one snapshot."""

import pickle
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

from conference.deadlines import said_as
from conference.listing import ListFilters
from conference.masking import mask
from config.plan import MILESTONES, ConferencePlan, Topic
from config.texts import Texts
from documents.moments import day_words
from documents.question_list import ListHeading, QuestionRow, write_csv, write_xlsx
from documents.written_file import WrittenFile
from storage.database import Database
from storage.questions import ListedQuestion, count_listed, listed_questions
from storage.tables import QuestionState

_IN_MEMORY = 64 * 1024 * 1024
"""Bytes of rows whose words are not masked yet: 100,000 of usual length stay off the disk."""
_MARKED = ("asking_closes", "unit_reports_due", "consolidation_due")


async def write_list(
    database: Database,
    plan: ConferencePlan,
    texts: Texts,
    path: Path,
    *,
    form: str,
    filters: ListFilters,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> WrittenFile:
    """Write the list to `path` as `xlsx` or `csv`; `progress` is told (rows written, all rows).

    All rows are read first, as fast as they come, and laid aside: what PostgreSQL's server does
    for the list takes a processor from the replies, and SQLite's log cannot be emptied meanwhile.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(path.parent)) as spool:
        async with database.snapshot() as session:
            query = filters.as_query(plan)
            total = await count_listed(session, **query)
            async for some in listed_questions(session, **query):
                pickle.dump(some, spool)
        length = spool.tell()
        spool.seek(0)
        heading = ListHeading(
            title=texts.plain("list-title", title=plan.conference.title),
            organiser=plan.organiser.name,
            subtitle=_filter_words(texts, plan, filters),
            made_at=now.astimezone(plan.zone),
            total=total,
        )
        worded = _Wording(plan, texts)

        def rows() -> Iterator[QuestionRow]:
            while spool.tell() < length:
                yield from map(worded, pickle.load(spool))  # noqa: S301  written just now, by us

        def tell(done: int) -> None:
            progress(done, total)

        if form == "csv":
            return write_csv(path, heading, rows(), texts.plain, progress=tell)
        marks = [
            (
                texts.plain(f"milestone-{name.replace('_', '-')}"),
                said_as(plan.moment(name), plan.zone).last_day,
            )
            for name in MILESTONES
            if name in _MARKED
        ]
        return write_xlsx(path, heading, rows(), texts.plain, milestones=marks, progress=tell)


class _Wording:
    """Rows in words. What many rows have in common is worded once."""

    def __init__(self, plan: ConferencePlan, texts: Texts) -> None:
        self._zone = plan.zone
        self._departments = {topic.code: _departments(plan, topic) for topic in plan.topics}
        self._states = {state: texts.plain(f"state-{state.value}") for state in QuestionState}
        self._addendum = texts.plain("list-note-addendum")
        self._due = day_words(texts, said_as(plan.moment("answers_due"), plan.zone).last_day)

    def __call__(self, row: ListedQuestion) -> QuestionRow:
        return QuestionRow(
            code=row.code,
            topic_number=row.topic_number,
            topic=row.topic,
            unit=row.unit,
            unit_code=row.unit_code,
            topic_code=row.topic_code,
            text=mask(row.text),
            count=1,
            department=self._departments.get(row.topic_code, ""),
            due=self._due,
            state=self._states[row.state],
            note=self._addendum if row.is_addendum else "",
            asked_on=row.submitted_at.astimezone(self._zone).date(),
        )


def _departments(plan: ConferencePlan, topic: Topic) -> str:
    """The plan's proposal: the lead first, then the supporting departments."""
    codes = [topic.lead, *topic.support] if topic.lead else topic.support
    return "; ".join(plan.department(code).name for code in codes)


def _filter_words(texts: Texts, plan: ConferencePlan, filters: ListFilters) -> str:
    said = []
    if filters.topic is not None:
        said.append(texts.plain("filter-topic", value=plan.topic(filters.topic).label))
    if filters.unit is not None:
        said.append(texts.plain("filter-unit", value=plan.unit(filters.unit).name))
    if filters.state is not None:
        said.append(texts.plain("filter-state", value=texts.plain(f"state-{filters.state}")))
    if filters.since is not None:
        when = day_words(texts, date.fromisoformat(filters.since))
        said.append(texts.plain("filter-since", value=when))
    return "; ".join(said) or texts.plain("list-everything")
