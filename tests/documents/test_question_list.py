import csv
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from fluent.runtime import FluentBundle, FluentResource
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from xlsxwriter import Workbook
from xlsxwriter.format import Format

from documents.cell_text import CELL_LINES, cell_parts, line_count, printable_text
from documents.line_sheet import LineSheet
from documents.question_list import ListHeading, QuestionRow, WrittenFile, write_csv, write_xlsx
from documents.sheets import put

LOCALES = Path(__file__).parents[2] / "config" / "locales"
ANY_CHARACTER = st.characters(codec=None, exclude_categories=())
ROW = QuestionRow(
    code="T22-0001",
    topic_number=1,
    topic="Khởi nghiệp",
    unit="Đoàn phường Một",
    unit_code="mot",
    topic_code="startup",
    text="Em muốn vay vốn thì gặp ai?",
    count=1,
    department="Phòng Kinh tế; Phòng Nội vụ",
    due="25/05/2022",
    state="Đã tiếp nhận",
    note="",
    asked_on=date(2022, 5, 5),
)
ROWS = [
    ROW,
    replace(ROW, code="T22-0004", unit="Đoàn phường Hai", unit_code="hai", count=3),
    replace(
        ROW,
        code="T22-0002",
        topic_number=2,
        topic="Việc làm",
        topic_code="jobs",
        text="Bao giờ có sàn việc làm?",
        department="",
        due="",
        note="Gửi bổ sung",
        asked_on=date(2022, 5, 7),
    ),
    replace(ROW, code="T22-0003", topic_number=0, topic="Nội dung khác", topic_code="other"),
]
Writer = Callable[..., WrittenFile]
MADE_AT = datetime(2022, 5, 18, 14, 5, tzinfo=timezone(timedelta(hours=7)))


class Words:
    def __init__(self, language: str) -> None:
        self.resource = FluentResource((LOCALES / language / "documents.ftl").read_text("utf-8"))
        self.bundle = FluentBundle([language], use_isolating=False)
        self.bundle.add_resource(self.resource)

    def __call__(self, message_id: str, /, **variables: object) -> str:
        pattern = self.bundle.get_message(message_id).value
        assert pattern is not None
        said, errors = self.bundle.format_pattern(pattern, variables)
        assert not errors
        return str(said)


VI = Words("vi")


def heading(total: int) -> ListHeading:
    return ListHeading("Tổng hợp câu hỏi", "Ban Thường vụ", "Tất cả đơn vị", MADE_AT, total)


def written(path: Path, rows: list[QuestionRow], **options: object) -> WrittenFile:
    return write_xlsx(path, heading(len(rows)), iter(rows), VI, **options)  # type: ignore[arg-type]


def table(sheet: Worksheet) -> list[tuple[object, ...]]:
    return list(sheet.iter_rows(min_row=5, values_only=True))


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_first_sheet_lists_questions_by_topic(tmp_path: Path) -> None:
    written(tmp_path / "list.xlsx", ROWS)
    book = load_workbook(tmp_path / "list.xlsx")
    assert book.sheetnames == ["Theo lĩnh vực", "Theo đơn vị", "Số liệu"]
    sheet = book["Theo lĩnh vực"]
    assert [sheet.cell(n, 1).value for n in (1, 2, 3)] == [
        "Ban Thường vụ",
        "Tổng hợp câu hỏi",
        "Theo lĩnh vực · Tất cả đơn vị · 4 câu hỏi, kiến nghị · lập lúc 14:05 ngày 18/05/2022",
    ]
    assert [cell.value for cell in sheet[4]] == [
        "STT",
        "Mã",
        "Lĩnh vực",
        "Nội dung câu hỏi, kiến nghị",
        "Đơn vị kiến nghị",
        "Số lượt",
        "Cơ quan, đơn vị chuẩn bị trả lời",
        "Thời hạn",
        "Trạng thái",
        "Ghi chú",
    ]
    answering = ("Phòng Kinh tế; Phòng Nội vụ", "25/05/2022", "Đã tiếp nhận", None)
    loan, first = "Em muốn vay vốn thì gặp ai?", "Đoàn phường Một"
    jobs = (3, "T22-0002", "2. Việc làm", "Bao giờ có sàn việc làm?", first, 1)
    assert table(sheet) == [
        (1, "T22-0001", "1. Khởi nghiệp", loan, first, 1, *answering),
        (2, "T22-0004", "1. Khởi nghiệp", loan, "Đoàn phường Hai", 3, *answering),
        (*jobs, None, None, "Đã tiếp nhận", "Gửi bổ sung"),
        (4, "T22-0003", "Nội dung khác", loan, first, 1, *answering),
    ]


def test_the_second_sheet_lists_the_same_questions_by_unit(tmp_path: Path) -> None:
    written(tmp_path / "list.xlsx", ROWS)
    sheet = load_workbook(tmp_path / "list.xlsx")["Theo đơn vị"]
    assert [cell.value for cell in sheet[4]][:5] == [
        "STT",
        "Đơn vị kiến nghị",
        "Mã",
        "Lĩnh vực",
        "Nội dung câu hỏi, kiến nghị",
    ]
    assert [line[:4] for line in table(sheet)] == [
        (1, "Đoàn phường Hai", "T22-0004", "1. Khởi nghiệp"),
        (2, "Đoàn phường Một", "T22-0001", "1. Khởi nghiệp"),
        (3, "Đoàn phường Một", "T22-0002", "2. Việc làm"),
        (4, "Đoàn phường Một", "T22-0003", "Nội dung khác"),
    ]


def test_the_third_sheet_counts_by_topic_unit_and_day(tmp_path: Path) -> None:
    milestones = [("Hạn gửi", date(2022, 5, 8)), ("Khai mạc", date(2022, 5, 8))]
    written(tmp_path / "list.xlsx", ROWS, milestones=milestones)
    sheet = load_workbook(tmp_path / "list.xlsx")["Số liệu"]
    counted = [line[:4] for line in sheet.iter_rows(min_row=4, values_only=True) if any(line)]
    assert counted == [
        ("Lĩnh vực", "Số câu hỏi", "Số lượt", None),
        ("1. Khởi nghiệp", 2, 4, None),
        ("2. Việc làm", 1, 1, None),
        ("Nội dung khác", 1, 1, None),
        ("Tổng cộng", 4, 6, None),
        ("Đơn vị kiến nghị", "Số câu hỏi", "Số lượt", None),
        ("Đoàn phường Một", 3, 3, None),
        ("Đoàn phường Hai", 1, 3, None),
        ("Tổng cộng", 4, 6, None),
        ("Ngày gửi", "Số câu hỏi", "Số lượt", "Mốc thời gian"),
        (datetime(2022, 5, 5), 3, 5, None),  # noqa: DTZ001 - Excel knows no time zones
        (datetime(2022, 5, 6), 0, 0, None),  # noqa: DTZ001
        (datetime(2022, 5, 7), 1, 1, None),  # noqa: DTZ001
        (datetime(2022, 5, 8), 0, 0, "Hạn gửi; Khai mạc"),  # noqa: DTZ001
    ]


def test_charts_are_native_and_carry_their_counts(tmp_path: Path) -> None:
    written(tmp_path / "list.xlsx", ROWS, milestones=[("=Hạn!A1", date(2022, 5, 6))])
    with zipfile.ZipFile(tmp_path / "list.xlsx") as package:
        charts = {
            name: package.read(name).decode()
            for name in package.namelist()
            if name.startswith("xl/charts/")
        }
    seen = {
        name: (
            re.findall("<c:(barDir val=.*?)/>", chart),
            re.findall("<a:t>(.*?)</a:t>", chart),
            re.findall("<c:v>(.*?)</c:v>", chart),
        )
        for name, chart in charts.items()
    }
    topics = ["1. Khởi nghiệp", "2. Việc làm", "Nội dung khác"]
    assert seen == {
        "xl/charts/chart1.xml": (
            ['barDir val="bar"'],
            ["Câu hỏi, kiến nghị theo lĩnh vực"],
            [*topics, "2", "1", "1"],
        ),
        "xl/charts/chart2.xml": (
            ['barDir val="bar"'],
            ["Câu hỏi, kiến nghị theo đơn vị"],
            ["Đoàn phường Một", "Đoàn phường Hai", "3", "1"],
        ),
        "xl/charts/chart3.xml": (
            ['barDir val="col"'],
            ["Câu hỏi, kiến nghị theo ngày gửi", "Hạn A1"],
            ["44686", "44687", "44688", "3", "0", "1"],
        ),
    }


def test_a_chart_of_many_units_shows_the_first_ones_and_says_so(tmp_path: Path) -> None:
    rows = [replace(ROW, unit=f"Đơn vị {n:02}", unit_code=f"u{n:02}") for n in range(30)]
    written(tmp_path / "list.xlsx", rows)
    with zipfile.ZipFile(tmp_path / "list.xlsx") as package:
        chart = package.read("xl/charts/chart2.xml").decode()
    assert re.findall("<a:t>(.*?)</a:t>", chart) == ["25 đơn vị gửi nhiều câu hỏi, kiến nghị nhất"]
    assert len(re.findall("<c:v>Đơn vị .*?</c:v>", chart)) == 25
    sheet = load_workbook(tmp_path / "list.xlsx")["Số liệu"]
    named = [row[0] for row in sheet.iter_rows(values_only=True) if str(row[0])[:7] == "Đơn vị "]
    assert named == ["Đơn vị kiến nghị", *(f"Đơn vị {n:02}" for n in range(30))]


def test_days_years_apart_are_listed_without_the_days_between(tmp_path: Path) -> None:
    rows = [replace(ROW, asked_on=date(2001, 1, 1)), replace(ROW, asked_on=date(2099, 1, 1))]
    written(tmp_path / "list.xlsx", rows)
    sheet = load_workbook(tmp_path / "list.xlsx")["Số liệu"]
    days = [row[0] for row in sheet.iter_rows(values_only=True) if isinstance(row[0], datetime)]
    assert [day.year for day in days] == [2001, 2099]


@pytest.mark.parametrize("name", ["Theo lĩnh vực", "Theo đơn vị"])
def test_list_sheets_can_be_filtered_scrolled_and_printed(tmp_path: Path, name: str) -> None:
    written(tmp_path / "list.xlsx", ROWS)
    sheet = load_workbook(tmp_path / "list.xlsx")[name]
    assert sheet.auto_filter.ref == "A4:J8"
    assert sheet.freeze_panes == "A5"
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 9
    assert sheet.sheet_properties.pageSetUpPr
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.oddFooter
    assert sheet.oddFooter.center
    assert sheet.oddFooter.center.text == "Trang &P/&N"
    assert all(cell.alignment.wrap_text for cell in sheet[5])
    text_column = "D" if name == "Theo lĩnh vực" else "E"
    assert sheet.column_dimensions[text_column].width == pytest.approx(95 / 25.4 * 96 / 7, abs=0.1)


def test_a_row_is_as_high_as_its_longest_text_needs(tmp_path: Path) -> None:
    rows = [ROW, replace(ROW, text="một\nhai\nba"), replace(ROW, note="dài lắm " * 4)]
    written(tmp_path / "list.xlsx", rows)
    sheet = load_workbook(tmp_path / "list.xlsx")["Theo lĩnh vực"]
    heights = [sheet.row_dimensions[n].height for n in (5, 6, 7)]
    assert heights == pytest.approx([lines * 15.72 + 2 for lines in (2, 3, 4)], abs=0.4)


def test_a_workbook_names_nobody_and_hides_nothing(tmp_path: Path) -> None:
    written(tmp_path / "list.xlsx", ROWS)
    book = load_workbook(tmp_path / "list.xlsx")
    assert (book.properties.creator, book.properties.lastModifiedBy) == (None, None)
    assert book.properties.title == "Tổng hợp câu hỏi"
    assert book.properties.created == datetime(2022, 5, 18, 7, 5)  # noqa: DTZ001 - UTC, as stored
    assert {sheet.sheet_state for sheet in book} == {"visible"}


def test_the_same_questions_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        written(tmp_path / name, ROWS)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://example.org";"x")',
        "+84",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "{=1}",
        "http://example.org/",
        "mailto:a@example.org",
        "007",
        "TRUE",
        "#REF!",
        "_x0041_",
        "<b>đậm</b> & 'nháy' \"kép\"",
    ],
)
def test_a_text_stays_a_text_whatever_it_looks_like(tmp_path: Path, text: str) -> None:
    rows = [replace(ROW, text=text, unit=text, note=text, topic=text, department=text)]
    written(tmp_path / "list.xlsx", rows, milestones=[(text, ROW.asked_on)])
    with zipfile.ZipFile(tmp_path / "list.xlsx") as package:
        sheets = [package.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2, 3)]
        assert [(s.count("<f>"), s.count("<f "), s.count("<hyperlink")) for s in sheets] == [
            (0, 0, 0)
        ] * 3
    cell = load_workbook(tmp_path / "list.xlsx")["Theo lĩnh vực"]["D5"]
    assert (cell.data_type, unescaped(str(cell.value)), cell.hyperlink) == ("s", text, None)


def test_a_text_of_the_writers_own_markup_is_not_taken_for_markup(tmp_path: Path) -> None:
    text = "<r><t>vỡ tệp</r>"
    written(tmp_path / "list.xlsx", [replace(ROW, text=text)])
    cell = load_workbook(tmp_path / "list.xlsx")["Theo lĩnh vực"]["D5"]
    assert cell.value == text


@pytest.mark.parametrize("points", [17.72, 33.44, 409])
def test_a_line_at_once_is_byte_for_byte_what_the_writer_makes_of_its_cells(
    tmp_path: Path, points: float
) -> None:
    cells = [
        7,
        "",
        "chữ",
        'a < b && c > "d"',
        "hai\ndòng\n",
        " trước",
        "sau\u3000",
        "_x0041_ _x",
        0,
    ]

    def sheet_xml(name: str, write: Callable[[LineSheet, int, list[Format]], None]) -> bytes:
        path = tmp_path / name
        with Workbook(str(path), {"constant_memory": True}) as book:
            sheet = book.add_worksheet("Danh sách", LineSheet)
            sheet.write_string(0, 0, "đầu")
            formats = [book.add_format({"indent": number}) for number in range(len(cells))]
            for row in (1, 2, 30):  # the second right below the first, the third far away
                write(sheet, row, formats)
            sheet.write_string(31, 12, "cuối")
        with zipfile.ZipFile(path) as packed:
            return packed.read("xl/worksheets/sheet1.xml")

    def at_once(sheet: LineSheet, row: int, formats: list[Format]) -> None:
        sheet.write_line(row, points, cells, sheet.line_style(formats))

    def one_by_one(sheet: LineSheet, row: int, formats: list[Format]) -> None:
        sheet.set_row(row, points)
        for column, (cell, its_format) in enumerate(zip(cells, formats, strict=True)):
            put(sheet, row, column, cell, its_format)

    assert sheet_xml("lines", at_once) == sheet_xml("cells", one_by_one)


def test_a_line_below_the_last_row_of_excel_is_refused(tmp_path: Path) -> None:
    with Workbook(str(tmp_path / "list.xlsx"), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Danh sách", LineSheet)
        style = sheet.line_style([book.add_format()])
        with pytest.raises(ValueError, match="row 1048577"):
            sheet.write_line(1_048_576, 20, ["chữ"], style)


def test_a_text_too_long_for_a_row_goes_on_visibly_below(tmp_path: Path) -> None:
    text = " ".join(f"từ{n}" for n in range(12_000))
    rows = [replace(ROW, text=text), replace(ROW, code="T22-0002")]
    assert written(tmp_path / "list.xlsx", rows).rows == 2
    for name, column in (("Theo lĩnh vực", 3), ("Theo đơn vị", 4)):
        sheet = load_workbook(tmp_path / "list.xlsx")[name]
        *parts, last = table(sheet)
        begins, goes_on = "(tiếp theo) ", "\n(xem tiếp dòng dưới)"
        cells = [str(part[column]) for part in parts]
        assert cells[0] == cells[0].removeprefix(begins)
        assert all(cell.startswith(begins) for cell in cells[1:])
        assert all(cell.endswith(goes_on) for cell in cells[:-1])
        assert cells[-1] == cells[-1].removesuffix(goes_on)
        joined = "".join(cell.removeprefix(begins).removesuffix(goes_on) for cell in cells)
        assert joined == text
        assert [part[0] for part in parts] == [1] + [None] * (len(parts) - 1)
        assert {part[column - 1] for part in parts} == {parts[0][column - 1]}
        assert last[0] == 2
        heights = [sheet.row_dimensions[n].height or 0 for n in range(5, 5 + len(parts))]
        assert max(heights) < 409


def test_an_empty_list_is_a_file_that_says_so(tmp_path: Path) -> None:
    assert written(tmp_path / "list.xlsx", []).rows == 0
    nothing = "Chưa có câu hỏi, kiến nghị nào thuộc phạm vi này."
    book = load_workbook(tmp_path / "list.xlsx")
    found = [
        [cell.value for row in sheet.iter_rows() for cell in row].count(nothing) for sheet in book
    ]
    assert found == [1, 1, 1]
    write_csv(tmp_path / "list.csv", heading(0), [], VI)
    assert csv_rows(tmp_path / "list.csv") == []


def test_csv_has_one_row_a_question_and_opens_in_excel(tmp_path: Path) -> None:
    rows = [replace(ROW, text='Dòng một,\n"dòng" hai; ba'), *ROWS[1:]]
    done = write_csv(tmp_path / "list.csv", heading(4), iter(rows), VI)
    raw = (tmp_path / "list.csv").read_bytes()
    assert done == WrittenFile(tmp_path / "list.csv", 4, len(raw))
    assert raw.startswith(b"\xef\xbb\xbfSTT,")
    assert raw.count(b"\r\n") == 5
    read = csv_rows(tmp_path / "list.csv")
    assert read[0] == {
        "STT": "1",
        "Mã": "T22-0001",
        "Số lĩnh vực": "1",
        "Mã lĩnh vực": "startup",
        "Lĩnh vực": "Khởi nghiệp",
        "Nội dung câu hỏi, kiến nghị": 'Dòng một,\n"dòng" hai; ba',
        "Mã đơn vị": "mot",
        "Đơn vị kiến nghị": "Đoàn phường Một",
        "Số lượt": "1",
        "Cơ quan, đơn vị chuẩn bị trả lời": "Phòng Kinh tế; Phòng Nội vụ",
        "Thời hạn": "25/05/2022",
        "Trạng thái": "Đã tiếp nhận",
        "Ghi chú": "",
        "Ngày gửi": "2022-05-05",
    }
    assert [row["Mã"] for row in read] == ["T22-0001", "T22-0004", "T22-0002", "T22-0003"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("+84", "'+84"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\n=1"),
        ("\nđầu dòng", "'\nđầu dòng"),
        ("\x00=1", "␀=1"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠x", "'＠x"),
        ("  =1", "'  =1"),
        ("\u200b=1", "'\u200b=1"),
        ("\u202e=1", "'=1"),
        ("a=1", "a=1"),
        ("'=1", "'=1"),
        ("🎉 vui", "🎉 vui"),
    ],
)
def test_csv_makes_formulas_inert_in_every_text(tmp_path: Path, text: str, kept: str) -> None:
    row = replace(ROW, text=text, unit=text, topic=text, department=text, note=text, code=text)
    write_csv(tmp_path / "list.csv", heading(1), [row], VI)
    read = csv_rows(tmp_path / "list.csv")[0]
    columns = ("Nội dung câu hỏi, kiến nghị", "Đơn vị kiến nghị", "Lĩnh vực", "Ghi chú", "Mã")
    assert {read[column] for column in columns} == {kept}


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, write: Writer) -> None:
    def rows() -> Iterator[QuestionRow]:
        yield ROW
        raise ConnectionError

    path = tmp_path / "list"
    path.write_text("trước")
    with pytest.raises(ConnectionError):
        write(path, heading(2), rows(), VI)
    assert [found.name for found in tmp_path.iterdir()] == ["list"]
    assert path.read_text() == "trước"


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
@pytest.mark.parametrize("total", [3, 5])
def test_a_heading_that_counts_otherwise_is_refused(
    tmp_path: Path, write: Writer, total: int
) -> None:
    with pytest.raises(ValueError, match=f"the heading says {total} questions, 4 came"):
        write(tmp_path / "list", heading(total), ROWS, VI)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
def test_progress_is_told_as_rows_are_read(tmp_path: Path, write: Writer) -> None:
    told: list[int] = []
    done = write(tmp_path / "list", heading(1_001), [ROW] * 1_001, VI, progress=told.append)
    assert told == [500, 1000, 1001]
    assert done == WrittenFile(tmp_path / "list", 1_001, (tmp_path / "list").stat().st_size)
    assert [found.name for found in tmp_path.iterdir()] == ["list"]


@given(text=st.text(ANY_CHARACTER, min_size=1), unit=st.text(ANY_CHARACTER))
@settings(max_examples=60, deadline=None)
def test_any_unicode_survives_both_files(
    tmp_path_factory: pytest.TempPathFactory, text: str, unit: str
) -> None:
    folder = tmp_path_factory.mktemp("unicode")
    row = replace(ROW, text=text, unit=unit, note=unit)
    above = ListHeading(text, unit, text, MADE_AT, 1)
    milestones = [(unit, ROW.asked_on)]
    write_xlsx(folder / "list.xlsx", above, [row], VI, milestones=milestones)
    book = load_workbook(folder / "list.xlsx")
    for name, text_at, unit_at in (("Theo lĩnh vực", 3, 4), ("Theo đơn vị", 4, 1)):
        parts = table(book[name])
        assert unmarked(parts, text_at) == printable_text(text)
        assert unmarked(parts[:1], unit_at) == printable_text(unit)
    write_csv(folder / "list.csv", heading(1), [row], VI)
    (read,) = csv_rows(folder / "list.csv")
    assert read["Nội dung câu hỏi, kiến nghị"].removeprefix("'") == printable_text(
        text
    ).removeprefix("'")
    assert read["Nội dung câu hỏi, kiến nghị"][:1] not in set("=+-@\t\r\n\0＝＋－＠")


@given(st.text(ANY_CHARACTER))
def test_printable_text_is_all_xml_and_stays_as_it_is(text: str) -> None:
    shown = printable_text(text)
    assert printable_text(shown) == shown
    shown.encode("utf-8")
    assert not re.search("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", shown)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("một\r\nhai\rba\u2028bốn\x0bnăm", "một\nhai\nba\nbốn\nnăm"),
        ("a\x00b\x1bc\x7fd", "a␀b␛c␡d"),
        ("a\ufffeb\uffffc\ud800d\U0001ffff", "a\ufffdb\ufffdc\ufffdd\ufffd"),
        ("\ud83c\udf89", "🎉"),
        ("an\u202etoàn\u2066", "antoàn"),
        ("👨‍👩‍👧 cột\tcột", "👨‍👩‍👧 cột\tcột"),
    ],
)
def test_printable_text_shows_what_cannot_be_kept(text: str, shown: str) -> None:
    assert printable_text(text) == shown


@given(
    st.text(st.one_of(ANY_CHARACTER, st.sampled_from("a \n\u0301\u200b")), max_size=400),
    st.integers(0, 60),
    st.floats(2.5, 30),
)
def test_parts_of_a_text_join_to_it_and_each_fits_a_cell(
    text: str, times: int, ems: float
) -> None:
    text *= times
    parts = cell_parts(text, ems)
    assert "".join(parts) == text
    assert all(line_count(part, ems) <= CELL_LINES + 1 for part in parts)
    assert all(len(part.encode("utf-16-le", "surrogatepass")) < 2 * 32_000 for part in parts)


def test_words_break_between_lines_and_parts() -> None:
    assert line_count("Bao giờ quận có sàn việc làm cho thanh niên?", 22) == 1
    assert line_count("Bao giờ quận có sàn việc làm cho thanh niên?", 11) == 2
    assert line_count("a\n\nb", 22) == 3
    assert cell_parts("từ " * 24, 1.5) == ["từ " * 23, "từ "]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_sheet_names_are_ones_that_excel_takes(tmp_path: Path, language: str) -> None:
    words = Words(language)
    write_xlsx(tmp_path / "list.xlsx", heading(4), ROWS, words)
    ids = ("export-sheet-topics", "export-sheet-units", "export-sheet-numbers")
    names = [words(message_id) for message_id in ids]
    assert load_workbook(tmp_path / "list.xlsx").sheetnames == names
    assert [name for name in names if len(name) > 31 or set(name) & set("[]:*?/\\")] == []


def unescaped(value: str) -> str:
    """What Excel shows: openpyxl leaves the escape of a literal `_x0041_` as it is stored."""
    return re.sub("_x005F(_x[0-9a-fA-F]{4}_)", r"\1", value)


def unmarked(parts: list[tuple[object, ...]], column: int) -> str:
    cells = [unescaped(str(part[column] or "")) for part in parts]
    return "".join(
        cell.removeprefix("(tiếp theo) " if n else "").removesuffix("\n(xem tiếp dòng dưới)")
        for n, cell in enumerate(cells)
    )
