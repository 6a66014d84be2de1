"""The sheet of numbers: questions by topic, by unit and by day, each a table with its chart."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

from documents.cell_text import printable_text
from documents.sheets import (
    ACCENT,
    FONT,
    HEADER_ROW,
    Formats,
    SheetTitle,
    add_sheet,
    put,
    set_height,
)
from documents.written_file import Words

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_BARS = 25
"""A chart of units shows no more bars than this; the table beside it shows all units."""

_LONGEST_CALENDAR = 366  # days; beyond it, days without a question are left out
_MOST_VALUE_LABELS = 62
_MILESTONE_COLOUR = "#C55A11"
_WIDTHS = (75, 28, 22, 50, 30, 30, 30, 30, 30)
_CHART_COLUMN, _DAY_CHART_COLUMN = 3, 4  # the table of days has a fourth column, for milestones
_CHART_PIXELS, _DAY_CHART_PIXELS = 755, 566
_ROW_PIXELS = 24
_BAR_PIXELS = 26
_CHART_MARGIN_PIXELS = 70
_LEAST_DAY_CHART, _MOST_DAY_CHART = 380, 600
_PAGE_PIXELS = 800  # what A4 landscape holds of these widths, scaled to fit
_EXCEL_EPOCH = date(1899, 12, 30)


def topic_label(number: int, topic: str) -> str:
    """A topic as the plan numbers it; 0 is the topic of all other matters, without a number."""
    return f"{number}. {topic}" if number else topic


class QuestionNumbers:
    """Counts of questions, and of the times they were asked, collected row by row."""

    def __init__(self) -> None:
        self.topics: dict[tuple[int, str], tuple[int, int]] = {}
        self.units: dict[tuple[str, str], tuple[int, int]] = {}
        self.days: dict[date, tuple[int, int]] = {}

    def add(self, topic: tuple[int, str], unit: tuple[str, str], day: date, count: int) -> None:
        """Count a question: its topic's number and name, its unit's code and name, its day."""
        _count(self.topics, topic, count)
        _count(self.units, unit, count)
        _count(self.days, day, count)


_Key = TypeVar("_Key")


def _count(sums: dict[_Key, tuple[int, int]], key: _Key, count: int) -> None:
    questions, times = sums.get(key, (0, 0))
    sums[key] = (questions + 1, times + count)


def write_numbers_sheet(
    book: "Workbook",
    formats: Formats,
    title: SheetTitle,
    numbers: QuestionNumbers,
    words: Words,
    milestones: Sequence[tuple[str, date]],
) -> None:
    """Add the sheet of numbers; `milestones` are named local days to mark among the days."""
    sheet = add_sheet(book, formats, _WIDTHS, title)
    tables = _Tables(book, sheet, formats, words)
    if not numbers.days:
        put(sheet, HEADER_ROW, 0, printable_text(words("export-nothing")), formats["summary"])
        return
    topics = [
        (topic_label(number, topic), *sums)
        for (number, topic), sums in sorted(
            numbers.topics.items(), key=lambda item: (item[0][0] == 0, item[0])
        )
    ]
    tables.add_bars("export-column-topic", topics, words("export-chart-topics"))
    units = [
        (unit, *sums)
        for (_, unit), sums in sorted(numbers.units.items(), key=lambda item: (-item[1][0], item))
    ]
    chart_title = words("export-chart-units")
    if len(units) > MOST_BARS:
        chart_title = words("export-chart-units-top", shown=MOST_BARS)
    tables.add_bars("export-column-unit", units, chart_title)
    tables.add_days(numbers.days, milestones, words("export-chart-days"))


class _Tables:
    """Writes tables downwards, each with a chart on its right."""

    def __init__(
        self, book: "Workbook", sheet: "Worksheet", formats: Formats, words: Words
    ) -> None:
        self._book, self._sheet, self._formats, self._words = book, sheet, formats, words
        self._row = HEADER_ROW
        self._page_starts = 0
        self._breaks: list[int] = []

    def add_bars(self, column: str, counts: list[tuple[str, int, int]], title: str) -> None:
        """A table of names with two counts and its sum, and a bar for each of the first names."""
        shown = counts[:MOST_BARS]
        height = _CHART_MARGIN_PIXELS + _BAR_PIXELS * max(5, len(shown))
        top = self._begin(max(height, _ROW_PIXELS * (len(counts) + 2)))
        self._header((column, "export-column-questions", "export-column-count"))
        for counted in counts:
            self._line(counted, ("text", "centre", "centre"))
        sums = (sum(q for _, q, _ in counts), sum(c for _, _, c in counts))
        self._line(
            (printable_text(self._words("export-sum")), *sums), ("sum", "sum-centre", "sum-centre")
        )
        chart = self._chart("bar", title, top, [q for _, q, _ in shown], [n for n, _, _ in shown])
        chart.set_y_axis({"reverse": True, "num_font": _font(10), "major_tick_mark": "none"})
        chart.set_x_axis({"visible": False, "min": 0, "major_gridlines": {"visible": False}})
        self._place(chart, top, _CHART_COLUMN, _CHART_PIXELS, height)

    def add_days(
        self,
        counted: dict[date, tuple[int, int]],
        milestones: Sequence[tuple[str, date]],
        title: str,
    ) -> None:
        """A table of the days with their milestones, and a column for each day."""
        named: dict[date, str] = {}
        for name, day in sorted(milestones, key=lambda milestone: milestone[1]):
            named[day] = "; ".join(filter(None, (named.get(day), printable_text(name))))
        days = _calendar(sorted(counted.keys() | named.keys()))
        table_height = _ROW_PIXELS * (len(days) + 1)
        height = min(max(table_height, _LEAST_DAY_CHART), _MOST_DAY_CHART)
        top = self._begin(min(_PAGE_PIXELS, max(table_height, height)))
        self._header(
            (
                "export-column-asked-on",
                "export-column-questions",
                "export-column-count",
                "export-column-milestone",
            )
        )
        serials = [(day - _EXCEL_EPOCH).days for day in days]
        questions = [counted.get(day, (0, 0))[0] for day in days]
        for day, serial in zip(days, serials, strict=True):
            cells = (serial, *counted.get(day, (0, 0)), named.get(day, ""))
            self._line(cells, ("day", "centre", "centre", "text"))
        marks = [named.get(day) for day in days]
        chart = self._chart("column", title, top, questions, serials, marks)
        chart.set_x_axis(
            {
                "text_axis": True,
                "num_format": "dd/mm",
                "num_font": _font(10, rotation=-90),
                "interval_unit": ceil(len(days) / _MOST_VALUE_LABELS),
            }
        )
        room = 1.6 if any(marks) else 1.1
        chart.set_y_axis(
            {
                "min": 0,
                "max": ceil(max(questions) * room),
                "major_gridlines": {"visible": True, "line": {"color": "#E7E6E6"}},
                "num_format": "0",
                "num_font": _font(10),
            }
        )
        self._place(chart, top, _DAY_CHART_COLUMN, _DAY_CHART_PIXELS, height)

    def _begin(self, pixels: int) -> int:
        used = _ROW_PIXELS * (self._row - self._page_starts)
        if used + pixels > _PAGE_PIXELS and self._row > HEADER_ROW:
            self._page_starts = self._row
            self._breaks.append(self._row)
            self._sheet.set_h_pagebreaks(self._breaks)
        return self._row

    def _header(self, message_ids: Sequence[str]) -> None:
        titles = [printable_text(self._words(message_id)) for message_id in message_ids]
        self._line(titles, ["header"] * len(titles))

    def _line(self, cells: Sequence[str | int], styles: Sequence[str]) -> None:
        set_height(self._sheet, self._row, zip(map(str, cells), _WIDTHS, strict=False))
        for column, (cell, style) in enumerate(zip(cells, styles, strict=True)):
            put(self._sheet, self._row, column, cell, self._formats[style])
        self._row += 1

    def _chart(
        self,
        kind: str,
        title: str,
        top: int,
        values: list[int],
        categories: Sequence[str | int],
        marks: Sequence[str | None] = (),
    ) -> Any:
        chart = self._book.add_chart({"type": kind})
        first, last = top + 1, top + len(values)
        name = self._sheet.get_name()
        labels: dict[str, Any] = {"value": len(values) <= _MOST_VALUE_LABELS, "font": _font(10)}
        if any(marks):
            labels = {"value": True, "font": _font(10), "custom": _marked(values, marks)}
        chart.add_series(
            {
                "categories": [name, first, 0, last, 0],
                "categories_data": categories,
                "values": [name, first, 1, last, 1],
                "values_data": values,
                "gap": 40,
                "fill": {"color": ACCENT},
                "points": [{"fill": {"color": _MILESTONE_COLOUR}} if m else None for m in marks],
                "data_labels": labels,
            }
        )
        chart.set_title(
            {"name": _literal(printable_text(title)), "name_font": _font(13, bold=True)}
        )
        chart.set_legend({"none": True})
        return chart

    def _place(self, chart: Any, top: int, column: int, width: int, height: int) -> None:
        chart.set_size({"width": width, "height": height})
        place = {"x_offset": 12, "y_offset": 2, "object_position": 2}
        self._sheet.insert_chart(top, column, chart, place)
        self._row = max(self._row + 1, top + ceil(height / _ROW_PIXELS) + 1)


def _calendar(days: list[date]) -> list[date]:
    """All days from the first to the last; only the given ones when that would be too many."""
    span = (days[-1] - days[0]).days
    if span > _LONGEST_CALENDAR:
        return days
    return [days[0] + timedelta(days=n) for n in range(span + 1)]


def _marked(values: list[int], marks: Sequence[str | None]) -> list[dict[str, Any] | None]:
    """Labels by point: a milestone's name upright above its day, else the day's count."""
    few = len(values) <= _MOST_VALUE_LABELS
    labels: list[dict[str, Any] | None] = []
    for value, mark in zip(values, marks, strict=True):
        if mark:
            said = f"{mark} ({value})" if value else mark
            labels.append({"value": _literal(said), "font": _font(10, rotation=-90)})
        else:
            labels.append(None if value and few else {"delete": True})
    return labels


def _literal(text: str) -> str:
    """The text with nothing in it that XlsxWriter would take for a cell's address."""
    return text.lstrip("=").replace("!", " ")


def _font(size: int, **properties: Any) -> dict[str, Any]:
    return {"name": FONT, "size": size, "bold": False, **properties}
