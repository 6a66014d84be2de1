"""A sheet that takes a line at a time: the bytes that XlsxWriter writes, in less of its time.

Its own way to a cell goes through a dozen calls, and a long list has a million cells. What this
knows of the library's inside is held by a test that compares the bytes.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

if TYPE_CHECKING:
    from xlsxwriter.format import Format


LineStyle = tuple[tuple[str, str], ...]


class LineSheet(Worksheet):  # type: ignore[misc]
    """A sheet of a workbook in its constant-memory mode."""

    @staticmethod
    def line_style(formats: Iterable["Format"]) -> LineStyle:
        """How the cells of a line look, from the first column on."""
        return tuple(
            (f'<c r="{xl_col_to_name(column)}', f'" s="{one._get_xf_index()}"')  # noqa: SLF001
            for column, one in enumerate(formats)
        )

    def write_line(
        self, row: int, points: float, cells: Sequence[str | int], style: LineStyle
    ) -> None:
        """Write a row that is so high: numbers as numbers, and texts as texts.

        Raises:
            ValueError: Excel has no such row.
        """
        if self._check_dimensions(row, 0) or self._check_dimensions(row, len(cells) - 1):
            raise ValueError(f"row {row + 1}: this does not fit in Excel")
        self._write_single_row(row)
        number = row + 1
        height = f"{int(points * 4 / 3 + 0.5) * 0.75:.16g}"  # in whole pixels
        line = [f'<row r="{number}" ht="{height}" customHeight="1">']
        for cell, (place, look) in zip(cells, style, strict=True):
            rest = f"><v>{cell}</v></c>" if isinstance(cell, int) else _text(cell)
            line.append(f"{place}{number}{look}{rest}")
        line.append("</row>")
        self.fh.write("".join(line))


@lru_cache(maxsize=1024)  # units, topics and departments come again and again
def _text(text: str) -> str:
    """What follows a cell's style."""
    if not text:
        return "/>"
    kept = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() else ""
    if "_x" in text:  # Excel would take `_x0041_` for an A
        text = Worksheet._escape_control_characters(text)  # noqa: SLF001  see above
    return f' t="inlineStr"><is><t{kept}>{escape(text, quote=False)}</t></is></c>'
