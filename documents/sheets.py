"""One look for every sheet: formats, title lines, paper, and a write that never loses a cell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from documents.cell_text import line_count

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from documents.line_sheet import LineSheet

FONT = "Times New Roman"
ACCENT = "#1F4E79"
HEADER_ROW = 3
"""The row of the column titles, counted from 0: three title lines stand above it."""

_TYPE_POINTS = 12
_TITLE_POINTS = 14
_LEADING = 1.31  # Excel's height of a line of this font, in type sizes
_PADDING_POINTS = 6
_HIGHEST_ROW_POINTS = 409
_A4 = 9


@dataclass(frozen=True, slots=True)
class SheetTitle:
    """A sheet's name, the lines above its table, the words under each page: all printable."""

    name: str
    organiser: str
    title: str
    summary: str
    footer: str


class Formats:
    """The cell formats of a workbook, by a style's name; `<style>-first` begins a group."""

    def __init__(self, book: "Workbook") -> None:
        grid = {
            "font_name": FONT,
            "font_size": _TYPE_POINTS,
            "text_wrap": True,
            "valign": "top",
            "border": 1,
            "border_color": "#A6A6A6",
        }
        first = {"top": 2, "top_color": ACCENT}
        plain = {
            "font_name": FONT,
            "font_size": _TYPE_POINTS,
            "text_wrap": True,
            "valign": "vcenter",
        }
        centre = {"align": "center"}
        day = {**centre, "num_format": "dd/mm/yyyy"}
        header = {"bold": True, "valign": "vcenter", "bg_color": "#DDEBF7", **centre}
        properties: dict[str, dict[str, Any]] = {
            "organiser": {**plain, "bold": True},
            "title": {**plain, "bold": True, "font_size": _TITLE_POINTS, **centre},
            "summary": {**plain, "italic": True, **centre},
            "header": {**grid, **header},
            "text": grid,
            "text-first": {**grid, **first},
            "centre": {**grid, **centre},
            "centre-first": {**grid, **centre, **first},
            "group": grid,
            "group-first": {**grid, **first, "bold": True},
            "day": {**grid, **day},
            "sum": {**grid, "bold": True},
            "sum-centre": {**grid, **centre, "bold": True},
        }
        self._formats = {name: book.add_format(p) for name, p in properties.items()}

    def __getitem__(self, style: str) -> "Format":
        return self._formats[style]


def add_sheet(
    book: "Workbook", formats: Formats, widths: Sequence[int], title: SheetTitle
) -> "LineSheet":
    """Add a sheet for A4 landscape with its title lines written.

    `widths` are the columns' widths in millimetres; together they are scaled to the page.
    """
    from documents.line_sheet import LineSheet  # noqa: PLC0415  slow to import, as its library is

    sheet: LineSheet = book.add_worksheet(title.name, LineSheet)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.6, right=0.6, top=0.6, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.center_horizontally()
    sheet.set_footer(f'&C&"{FONT}"&11{title.footer}', {"margin": 0.3})
    for column, millimetres in enumerate(widths):
        sheet.set_column_pixels(column, column, round(millimetres * 96 / 25.4))
    width = sum(widths)
    for row, (style, text) in enumerate(
        (("organiser", title.organiser), ("title", title.title), ("summary", title.summary))
    ):
        points = _TITLE_POINTS if style == "title" else _TYPE_POINTS
        set_height(sheet, row, [(text, width)], points)
        sheet.merge_range(row, 0, row, len(widths) - 1, "", formats[style])
        put(sheet, row, 0, text, formats[style])
    return sheet


def column_ems(millimetres: int, points: int = _TYPE_POINTS) -> float:
    """How many ems of type a column holds."""
    return (millimetres / 25.4 * 72 - _PADDING_POINTS) / points


def set_height(
    sheet: "Worksheet", row: int, cells: Iterable[tuple[str, int]], points: int = _TYPE_POINTS
) -> None:
    """Make the row as high as the highest of its texts, each given with its column's millimetres.

    Excel alone would do so on opening, but not for merged cells; other programs show one line.
    """
    lines = max(line_count(text, column_ems(millimetres, points)) for text, millimetres in cells)
    sheet.set_row(row, height_of(lines, points))


def height_of(lines: int, points: int = _TYPE_POINTS) -> float:
    """The points of a row of so many lines."""
    return min(lines * points * _LEADING + 2, _HIGHEST_ROW_POINTS)


def put(
    sheet: "Worksheet", row: int, column: int, value: str | int, cell_format: "Format"
) -> None:
    """Write a number as a number and a text as a text, whatever it looks like.

    Raises:
        ValueError: Excel has no such cell, or the text is longer than a cell can be.
    """
    if isinstance(value, int):
        refused = sheet.write_number(row, column, value, cell_format)
    elif value:
        if value.startswith("<r>") and value.endswith("</r>"):
            # XlsxWriter's constant-memory mode would take this for its own markup.
            value = f" {value}"
        refused = sheet.write_string(row, column, value, cell_format)
    else:
        refused = sheet.write_blank(row, column, None, cell_format)
    if refused:
        raise ValueError(f"row {row + 1}, column {column + 1}: this does not fit in Excel")
