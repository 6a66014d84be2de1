"""The consolidated list of questions as xlsx and csv: rows and a heading in, a file out.

Columns and their widths follow Phụ lục 1, the annex that goes to the departments before the
conference. Both writers block (seconds for tens of thousands of rows): run them in a job.
"""

import csv
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from documents.cell_text import (
    CELL_LINES,
    cell_parts,
    inert_csv_text,
    line_count,
    printable_text,
)
from documents.question_numbers import QuestionNumbers, topic_label, write_numbers_sheet
from documents.sheets import (
    HEADER_ROW,
    Formats,
    SheetTitle,
    add_sheet,
    column_ems,
    height_of,
    put,
    set_height,
)
from documents.written_file import Words, WrittenFile, replaced_file

if TYPE_CHECKING:
    from xlsxwriter import Workbook

__all__ = ["ListHeading", "QuestionRow", "Words", "WrittenFile", "write_csv", "write_xlsx"]

PROGRESS_STEP = 500


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question as the list shows it: no name, no account, no chat id.

    `topic_number` is 0 for the topic of all other matters, which has no number to show.
    `text` is masked already. `count` is how often it was asked, co-signers and merged duplicates
    included. `department` names the lead and the supporting departments. `due`, `state` and
    `note` are words in the reader's language, empty when there is nothing to say. `asked_on` is
    a day of the conference's own time zone.
    """

    code: str
    topic_number: int
    topic: str
    unit: str
    unit_code: str
    topic_code: str
    text: str
    count: int
    department: str
    due: str
    state: str
    note: str
    asked_on: date


_FIELDS = attrgetter(*(one.name for one in fields(QuestionRow)))
_TEXT_NAMES = tuple(one.name for one in fields(QuestionRow) if one.type is str)
_TEXTS = attrgetter(*_TEXT_NAMES)


@dataclass(frozen=True, slots=True)
class ListHeading:
    """What stands above the list.

    `subtitle` says the filter in words. `made_at` is aware, in the conference's time zone.
    `total` is the number of rows that follow, known before they are read.
    """

    title: str
    organiser: str
    subtitle: str
    made_at: datetime
    total: int


@dataclass(frozen=True)
class _Column:
    """A column of a list sheet; `repeats` says that a continuation row shows its value again."""

    message_id: str
    millimetres: int
    value: Callable[[int, QuestionRow], str | int]
    style: str = "text"
    repeats: bool = False

    @cached_property
    def ems(self) -> float:
        """How much of it a text may fill. Groups begin in bold type, which runs wider."""
        return column_ems(self.millimetres * (9 if self.style == "group" else 10) // 10)


_NUMBER = _Column("export-column-number", 14, lambda number, _: number, "centre")
_CODE = _Column("export-column-code", 25, lambda _, row: row.code, "centre", repeats=True)
_TOPIC = _Column(
    "export-column-topic",
    40,
    lambda _, row: topic_label(row.topic_number, row.topic),
    repeats=True,
)
_UNIT = _Column("export-column-unit", 40, lambda _, row: row.unit, repeats=True)
_TEXT = _Column("export-column-text", 95, lambda _, row: row.text)
_COUNT = _Column("export-column-count", 18, lambda _, row: row.count, "centre")
_ANSWERING = (
    _Column("export-column-department", 45, lambda _, row: row.department),
    _Column("export-column-due", 25, lambda _, row: row.due, "centre"),
    _Column("export-column-state", 25, lambda _, row: row.state),
    _Column("export-column-note", 22, lambda _, row: row.note),
)
_BY_TOPIC = (_NUMBER, _CODE, replace(_TOPIC, style="group"), _TEXT, _UNIT, _COUNT, *_ANSWERING)
_BY_UNIT = (_NUMBER, replace(_UNIT, style="group"), _CODE, _TOPIC, _TEXT, _COUNT, *_ANSWERING)

_CSV_COLUMNS: tuple[tuple[str, Callable[[int, QuestionRow], object]], ...] = (
    ("export-column-number", lambda number, _: number),
    ("export-column-code", lambda _, row: row.code),
    ("export-column-topic-number", lambda _, row: row.topic_number),
    ("export-column-topic-code", lambda _, row: row.topic_code),
    ("export-column-topic", lambda _, row: row.topic),
    ("export-column-text", lambda _, row: row.text),
    ("export-column-unit-code", lambda _, row: row.unit_code),
    ("export-column-unit", lambda _, row: row.unit),
    ("export-column-count", lambda _, row: row.count),
    ("export-column-department", lambda _, row: row.department),
    ("export-column-due", lambda _, row: row.due),
    ("export-column-state", lambda _, row: row.state),
    ("export-column-note", lambda _, row: row.note),
    ("export-column-asked-on", lambda _, row: row.asked_on.isoformat()),
)


def write_xlsx(
    path: Path,
    heading: ListHeading,
    rows: Iterable[QuestionRow],
    words: Words,
    *,
    milestones: Sequence[tuple[str, date]] = (),
    progress: Callable[[int], None] = lambda _read: None,
) -> WrittenFile:
    """Write the list by topic, the list by unit and the numbers as three sheets of one workbook.

    `rows` is read once, in the order of the first sheet: topic (0 last), unit, code. For the
    second sheet the rows are spooled to disk, so that both sheets show the same snapshot and
    memory does not grow with the texts. A list sheet is one table without heading rows inside, so
    that filtering and sorting work; a heavier line and bold type mark where a topic or a unit
    begins. A text too long for a row goes on in rows below that repeat code, topic and unit.

    `milestones` are named local days, marked in the chart by day. `progress` hears how many rows
    have been read, now and then and at the end.

    Raises:
        ValueError: `heading.total` is not the number of rows, or a row does not fit in Excel.
        FileNotFoundError: the folder of `path` does not exist.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - slow to import and used in jobs only

    numbers = QuestionNumbers()
    with replaced_file(path) as draft:
        options = {"constant_memory": True, "tmpdir": str(draft.parent)}
        with (
            (draft.parent / "spool").open("w+b") as spool_file,
            Workbook(str(draft), options) as book,
        ):
            book.set_properties(
                {
                    "title": printable_text(heading.title)[:255],
                    "created": heading.made_at.astimezone(UTC).replace(tzinfo=None),
                }
            )
            formats = Formats(book)
            spool = _Spool(spool_file)

            def read() -> Iterator[QuestionRow]:
                for row in _clean_rows(rows, heading.total, progress):
                    numbers.add(
                        (row.topic_number, row.topic),
                        (row.unit_code, row.unit),
                        row.asked_on,
                        row.count,
                    )
                    spool.add(row)
                    yield row

            title = _sheet_title("export-sheet-topics", heading, words)
            topic_of = attrgetter("topic_number", "topic")
            _write_list_sheet(book, formats, title, _BY_TOPIC, read(), topic_of, words)
            title = _sheet_title("export-sheet-units", heading, words)
            unit_of = attrgetter("unit_code")
            _write_list_sheet(book, formats, title, _BY_UNIT, spool.by_unit(), unit_of, words)
            title = _sheet_title("export-sheet-numbers", heading, words)
            write_numbers_sheet(book, formats, title, numbers, words, milestones)
        size = draft.stat().st_size
    return WrittenFile(path, heading.total, size)


def write_csv(
    path: Path,
    heading: ListHeading,
    rows: Iterable[QuestionRow],
    words: Words,
    *,
    progress: Callable[[int], None] = lambda _read: None,
) -> WrittenFile:
    """Write one row a question, for other programs and for Excel (UTF-8 with BOM, RFC 4180).

    A text that a spreadsheet would take for a formula has `'` before it. Days are ISO 8601.
    `progress` hears how many rows have been read, now and then and at the end.

    Raises:
        ValueError: `heading.total` is not the number of rows.
        FileNotFoundError: the folder of `path` does not exist.
    """
    with replaced_file(path) as draft:
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                inert_csv_text(printable_text(words(message_id))) for message_id, _ in _CSV_COLUMNS
            )
            for number, row in enumerate(_clean_rows(rows, heading.total, progress), 1):
                values = (value(number, row) for _, value in _CSV_COLUMNS)
                writer.writerow(inert_csv_text(v) if isinstance(v, str) else v for v in values)
        size = draft.stat().st_size
    return WrittenFile(path, heading.total, size)


class _Spool:
    """Rows laid aside on disk, to be read again unit by unit."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._places: dict[str, array[int]] = {}

    def add(self, row: QuestionRow) -> None:
        self._places.setdefault(row.unit_code, array("Q")).append(self._file.tell())
        line = json.dumps(_FIELDS(row), default=date.toordinal) + "\n"
        self._file.write(line.encode("ascii"))

    def by_unit(self) -> Iterator[QuestionRow]:
        """The rows by unit code, those of a unit in the order in which they were added."""
        for _, places in sorted(self._places.items()):
            for place in places:
                self._file.seek(place)
                values = json.loads(self._file.readline())
                values[-1] = date.fromordinal(values[-1])
                yield QuestionRow(*values)


def _clean_rows(
    rows: Iterable[QuestionRow], total: int, progress: Callable[[int], None]
) -> Iterator[QuestionRow]:
    read = 0
    for read, row in enumerate(rows, 1):
        if read % PROGRESS_STEP == 0:
            progress(read)
        texts = _TEXTS(row)
        if all(map(str.isprintable, texts)):
            yield row
        else:
            clean: dict[str, Any] = dict(zip(_TEXT_NAMES, map(printable_text, texts), strict=True))
            yield replace(row, **clean)
    if read != total:
        raise ValueError(f"the heading says {total} questions, {read} came")
    if read % PROGRESS_STEP:
        progress(read)


def _sheet_title(sheet_id: str, heading: ListHeading, words: Words) -> SheetTitle:
    made_at = heading.made_at
    made = words(
        "export-made-at",
        time=f"{made_at:%H:%M}",
        day=f"{made_at:%d}",
        month=f"{made_at:%m}",
        year=f"{made_at:%Y}",
    )
    summary = (words(sheet_id), heading.subtitle, words("export-total", total=heading.total), made)
    return SheetTitle(
        name=printable_text(words(sheet_id)),
        organiser=printable_text(heading.organiser),
        title=printable_text(heading.title),
        summary=printable_text(" · ".join(filter(None, summary))),
        footer=printable_text(words("export-page", page="&P", pages="&N")),
    )


def _write_list_sheet(
    book: "Workbook",
    formats: Formats,
    title: SheetTitle,
    columns: Sequence[_Column],
    rows: Iterable[QuestionRow],
    group_of: Callable[[QuestionRow], object],
    words: Words,
) -> None:
    widths = [column.millimetres for column in columns]
    sheet = add_sheet(book, formats, widths, title)
    names = [printable_text(words(column.message_id)) for column in columns]
    # Bold type and the filter's button want more room than the name alone.
    set_height(
        sheet,
        HEADER_ROW,
        [(name, width * 4 // 5) for name, width in zip(names, widths, strict=True)],
    )
    for index, name in enumerate(names):
        put(sheet, HEADER_ROW, index, name, formats["header"])
    styles = {
        suffix: sheet.line_style(formats[column.style + suffix] for column in columns)
        for suffix in ("", "-first")
    }
    line, last_column, group = HEADER_ROW, len(columns) - 1, None
    for number, row in enumerate(rows, 1):
        suffix = "" if group_of(row) == group else "-first"
        group = group_of(row)
        for cells, lines in _lines(columns, number, row, words):
            line += 1
            sheet.write_line(line, height_of(lines), cells, styles[suffix])
            suffix = ""
    if line == HEADER_ROW:
        line += 1
        sheet.merge_range(line, 0, line, last_column, "", formats["summary"])
        put(sheet, line, 0, printable_text(words("export-nothing")), formats["summary"])
    sheet.autofilter(HEADER_ROW, 0, line, last_column)
    sheet.freeze_panes(HEADER_ROW + 1, 0)
    sheet.repeat_rows(HEADER_ROW)


def _lines(
    columns: Sequence[_Column], number: int, row: QuestionRow, words: Words
) -> Iterator[tuple[list[str | int], int]]:
    """The question's row, and the rows below it that take up what does not fit; their lines."""
    values = [column.value(number, row) for column in columns]
    lines = _most_lines(columns, values)
    if lines <= CELL_LINES:
        yield values, lines
        return
    parts = [
        cell_parts(value, column.ems) if isinstance(value, str) else [value]
        for column, value in zip(columns, values, strict=True)
    ]
    continued, continues = (
        printable_text(words(f"export-{mark}")) for mark in ("continued", "continues")
    )
    for step in range(max(len(part) for part in parts)):
        cells: list[str | int] = []
        for column, part in zip(columns, parts, strict=True):
            if step >= len(part):
                cells.append(part[0] if column.repeats else "")
                continue
            cell = part[step]
            if step:
                cell = f"{continued} {cell}"
            if step + 1 < len(part):
                cell = f"{cell}\n{continues}"
            cells.append(cell)
        yield cells, _most_lines(columns, cells)


def _most_lines(columns: Sequence[_Column], cells: Sequence[str | int]) -> int:
    return max(
        line_count(cell, column.ems)
        for column, cell in zip(columns, cells, strict=True)
        if isinstance(cell, str)
    )
