"""The export of 50,000 questions as xlsx, against openpyxl writing the same cells.

    python benchmarks/xlsx.py

Ours is all of an export but the start of its process: the database is read, the words are masked,
both lists, the numbers and their charts are written. openpyxl gets the finished file's cells in
lists, in memory, with the same widths, heights, styles, filter and frozen rows, and writes no
charts. Ours is judged against openpyxl's ordinary workbook with named styles, as its own manual
writes. Beside it stands the fastest it can be made to do: its write-only mode, each cell's style
copied by a private attribute.
"""

import contextlib
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import NamedStyle

from benchmarks import bots
from benchmarks.commands import command
from benchmarks.databases import kind, new_database
from benchmarks.seeding import seed
from benchmarks.sizes import Size
from benchmarks.table import Row, at_most
from bot.clock import Clock
from conference.listing import ListFilters
from config.plan import load_plan
from config.texts import texts_for
from documents.listing import write_list
from storage.database import Database

_MOST_RUNS = 2
"""Each takes minutes, and what it does is the same to the cell."""
_STYLE = ("font", "fill", "border", "alignment", "number_format", "protection")


@dataclass(frozen=True, slots=True)
class _Book:
    """Everything openpyxl is to write: no more than lists and numbers."""

    sheets: list["_Sheet"]
    styles: dict[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One sheet's cells and its looks."""

    title: str
    rows: list[list[tuple[Any, int]]]
    """Values, each with its style's number."""
    widths: dict[str, float]
    heights: dict[int, float]
    freeze: str | None
    filtered: str | None


async def rows(where: str, size: Size) -> list[Row]:
    """The one row."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doithoai-xlsx-")))
        plan = load_plan(bots.plan_for_today(folder))
        address = await stack.enter_async_context(new_database(where, folder))
        await seed(address, plan, people=size.listed // 5 or 1, questions=size.listed)
        database = Database(address)
        stack.push_async_callback(database.close)
        path = folder / "ours.xlsx"
        found: dict[str, list[float]] = {"ours": [], "openpyxl": []}
        cells = None
        for _ in range(min(size.runs, _MOST_RUNS)):
            gc.collect()
            began = time.perf_counter()
            await write_list(
                database,
                plan,
                texts_for("vi"),
                path,
                form="xlsx",
                filters=ListFilters(),
                now=Clock()(),
            )
            found["ours"].append(time.perf_counter() - began)
            cells = cells or _cells(path)
            found["openpyxl"].append(_timed(_write, cells, folder / "openpyxl.xlsx"))
        fastest = _timed(_write_fast, cells, folder / "fast.xlsx")
    ours, ordinary = (statistics.median(times) for times in found.values())
    ratios = [one / other for one, other in zip(found["ours"], found["openpyxl"], strict=True)]
    return [
        Row(
            f"xlsx export of {size.listed:,} questions, of openpyxl writing the same cells",
            at_most(0.6),
            at_most(0.4),
            statistics.median(ratios),
            f"{ours:.1f} s of {ordinary:.1f} s; openpyxl at its fastest {fastest:.1f} s",
            kind(where),
        )
    ]


def _timed(write: Callable[[_Book, Path], None], given: _Book, path: Path) -> float:
    gc.collect()
    began = time.perf_counter()
    write(given, path)
    return time.perf_counter() - began


def _cells(path: Path) -> _Book:
    """The finished file's cells."""
    book = load_workbook(path)
    styles: dict[int, dict[str, Any]] = {}
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.style_id not in styles:
                    styles[cell.style_id] = {name: copy(getattr(cell, name)) for name in _STYLE}
    return _Book(
        [
            _Sheet(
                sheet.title,
                [[(cell.value, cell.style_id) for cell in row] for row in sheet.iter_rows()],
                {letter: one.width for letter, one in sheet.column_dimensions.items()},
                {number: one.height for number, one in sheet.row_dimensions.items() if one.height},
                sheet.freeze_panes,
                sheet.auto_filter.ref,
            )
            for sheet in book.worksheets
        ],
        styles,
    )


def _dress(sheet: Any, given: _Sheet) -> None:
    for letter, width in given.widths.items():
        sheet.column_dimensions[letter].width = width
    for number, height in given.heights.items():
        sheet.row_dimensions[number].height = height
    sheet.freeze_panes = given.freeze
    sheet.auto_filter.ref = given.filtered


def _write(book: _Book, path: Path) -> None:
    made = Workbook()
    made.remove(made.active)
    names = {number: f"style {number}" for number in book.styles}
    for number, looks in book.styles.items():
        made.add_named_style(NamedStyle(names[number], **looks))
    for given in book.sheets:
        sheet = made.create_sheet(given.title)
        _dress(sheet, given)
        for number, row in enumerate(given.rows, 1):
            for place, (value, style) in enumerate(row, 1):
                sheet.cell(number, place, value).style = names[style]
    made.save(path)


def _write_fast(book: _Book, path: Path) -> None:
    made = Workbook(write_only=True)
    for given in book.sheets:
        sheet = made.create_sheet(given.title)
        _dress(sheet, given)
        patterns = {number: WriteOnlyCell(sheet) for number in book.styles}
        for number, looks in book.styles.items():
            for name, value in looks.items():
                setattr(patterns[number], name, value)
        for row in given.rows:
            cells = []
            for value, style in row:
                cell = WriteOnlyCell(sheet, value)
                cell._style = copy(patterns[style]._style)  # noqa: SLF001  see above
                cells.append(cell)
            sheet.append(cells)
    made.save(path)


if __name__ == "__main__":
    command(rows, __doc__)
