"""`/export`: by buttons, in one line, with unknown words explained; the files read back."""

import csv
import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

from bot.app import App
from config.texts import texts_for
from storage.tables import Job, Question, QuestionState
from tests.chat import Chat, chat_with, pass_time, set_clock, store, stored

VI = texts_for("vi")
FOOD = "Đồ ăn bán trước cổng trường do ai kiểm tra ạ?"
COURT = "Khu phố em bao giờ có sân bóng rổ ạ?"
FORMULA = '=HYPERLINK("http://x","y") có chạy được không ạ?'
PERSONAL = "Ai trả lời em qua số 0912345678 hoặc lan@gmail.com ạ?"


async def ask_several(app: App) -> None:
    """Four questions of two people from two units, on three days."""
    one, other = chat_with(app, 7_000_000_071), chat_with(app, 7_000_000_072)
    await one.join()
    await one.ask(FOOD, topic="Thực phẩm cổng trường")
    pass_time(app, timedelta(days=1))
    await one.ask(COURT)
    await other.join()
    await other.ask(FORMULA, unit="Hạ Lý", topic="Thực phẩm cổng trường")
    pass_time(app, timedelta(days=1))
    await other.ask(PERSONAL)


def rows_of_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def last_file(chat: Chat) -> bytes:
    chat_id, _, content = chat.platform.documents[-1]
    assert chat_id == str(chat.user_id)
    return content


async def test_export_by_buttons_says_how_many_and_gives_the_file(organiser: Chat) -> None:
    await ask_several(organiser.app)
    await organiser.send("/xuat")
    assert organiser.said == VI("export-ask", count=4)
    assert organiser.labels == [
        "Excel (.xlsx)",
        "CSV (.csv)",
        "Lĩnh vực: tất cả",
        "Đơn vị: tất cả",
        "Trạng thái: tất cả",
        "Từ ngày: tất cả",
    ]

    await organiser.press("CSV (.csv)")

    assert organiser.platform.documents[0][1] == "danh-sach-cau-hoi-HB22-2022-05-12.csv"
    rows = rows_of_csv(last_file(organiser))
    # By topic as the plan has them, "other" last; within a topic by unit.
    assert [row["Mã"] for row in rows] == ["HB22-0001", "HB22-0003", "HB22-0002", "HB22-0004"]
    assert organiser.shown[-2].text == VI("job-finished")


async def test_neither_file_holds_a_name_an_account_or_unmasked_personal_data(
    organiser: Chat,
) -> None:
    await ask_several(organiser.app)
    for form in ("csv", "xlsx"):
        await organiser.send(f"/xuat {form}")
        content = last_file(organiser)
        if form == "csv":
            text = content.decode("utf-8-sig")
        else:
            book = openpyxl.load_workbook(io.BytesIO(content))
            text = "\n".join(
                str(cell.value)
                for sheet in book
                for row in sheet.iter_rows()
                for cell in row
                if cell.value is not None
            )

        assert FOOD in text
        assert "Ai trả lời em qua số ☎●●●●●● hoặc ✉●●●●●● ạ?" in text
        leaks = ("700000007", "CANARY", "canary", "0912345678", "lan@gmail.com")
        assert [one for one in leaks if one in text] == []


async def test_the_workbook_has_its_three_sheets_and_formulas_stay_text(organiser: Chat) -> None:
    await ask_several(organiser.app)
    await organiser.send("/xuat excel")

    book = openpyxl.load_workbook(io.BytesIO(last_file(organiser)))

    assert book.sheetnames == ["Theo lĩnh vực", "Theo đơn vị", "Số liệu"]
    cells = [cell for row in book["Theo lĩnh vực"].iter_rows() for cell in row]
    [formula] = [cell for cell in cells if cell.value == FORMULA]
    assert formula.data_type == "s"


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("csv", ["HB22-0001", "HB22-0003", "HB22-0002", "HB22-0004"]),
        ("csv unit=so-dau topic=8", ["HB22-0001"]),
        ("CSV don-vi=hạ-lý", ["HB22-0003", "HB22-0004"]),
        ("csv linhvuc=thuc-pham-cong-truong", ["HB22-0001", "HB22-0003"]),
        ("csv since=11/5", ["HB22-0003", "HB22-0002", "HB22-0004"]),
        ("csv tu-ngay=12/5/2022", ["HB22-0004"]),
        ("csv state=reported", ["HB22-0002"]),
        ("csv trạng-thái=đã-tiếp-nhận", ["HB22-0001", "HB22-0003", "HB22-0004"]),
        ("format=csv since=2022-05-13", []),
    ],
)
async def test_export_in_one_line(organiser: Chat, line: str, codes: list[str]) -> None:
    await ask_several(organiser.app)
    court = next(one for one in await stored(organiser.app, Question) if one.text == COURT)
    court.state = QuestionState.reported
    await store(organiser.app, court)

    await organiser.send(f"/xuat {line}")

    assert [row["Mã"] for row in rows_of_csv(last_file(organiser))] == codes


async def test_a_line_without_a_format_sets_the_filters_and_asks(organiser: Chat) -> None:
    await ask_several(organiser.app)

    await organiser.send("/export unit=so-dau")

    assert organiser.said == VI("export-ask", count=2)
    assert organiser.labels[3] == "Đơn vị: Sở Dầu"


@pytest.mark.parametrize(
    ("line", "fault", "word"),
    [
        ("pdf", "word", "pdf"),
        ("xlsx unti=so-dau", "word", "unti=so-dau"),
        ("xlsx unit=", "word", "unit="),
        ("xlsx unit=khong-co", "unit", "khong-co"),
        ("xlsx topic=77", "topic", "77"),
        ("xlsx topic=<b>", "topic", "<b>"),
        ("xlsx state=held", "state", "held"),
        ("xlsx since=hôm-qua", "since", "hôm-qua"),
        ("xlsx since=31/2", "since", "31/2"),
    ],
)
async def test_an_unknown_word_is_explained(
    organiser: Chat, line: str, fault: str, word: str
) -> None:
    await organiser.send(f"/xuat {line}")

    assert organiser.said == VI(f"refused-list-{fault}", word=word)
    assert await stored(organiser.app, Job) == []


async def test_filters_are_set_and_taken_away_by_buttons(organiser: Chat) -> None:
    await ask_several(organiser.app)
    await organiser.send("/xuat")
    await organiser.press("Lĩnh vực")
    assert organiser.said == VI("filter-ask-topic")
    await organiser.press("Thực phẩm cổng trường")
    assert organiser.said == VI("export-ask", count=2)
    await organiser.press("Đơn vị")
    await organiser.press("Hạ Lý")
    await organiser.press("Trạng thái")
    await organiser.press("đã tiếp nhận")
    await organiser.press("Từ ngày")
    assert organiser.labels[:2] == ["12/5/2022", "11/5/2022"]
    await organiser.press("11/5/2022")
    assert organiser.said == VI("export-ask", count=1)
    assert organiser.labels[2:] == [
        "Lĩnh vực: Thực phẩm cổng tr…",
        "Đơn vị: Hạ Lý",
        "Trạng thái: đã tiếp nhận",
        "Từ ngày: 11/5/2022",
    ]
    await organiser.press("Đơn vị")
    await organiser.press("tất cả")
    await organiser.press("Đơn vị")
    await organiser.press("‹ Quay lại")
    assert organiser.said == VI("export-ask", count=1)
    assert len(organiser.shown) == 1
    await organiser.press("CSV")

    assert [row["Mã"] for row in rows_of_csv(last_file(organiser))] == ["HB22-0003"]
    assert len(organiser.shown) == 3


async def test_export_is_not_for_members(chat: Chat) -> None:
    await chat.join()
    for way in ("/xuat", "/export xlsx", "/xuat csv unit=so-dau"):
        await chat.send(way)
        assert chat.said == VI("refused-not-allowed")
    for data in ("e.make:xlsx", "e.filter:unit:so-dau"):
        await chat.press_data(data)
        assert chat.said == VI("refused-not-allowed")

    assert await stored(chat.app, Job) == []
    assert chat.platform.documents == []


async def test_an_empty_list_is_a_file_too(organiser: Chat) -> None:
    await organiser.send("/xuat xlsx")

    book = openpyxl.load_workbook(io.BytesIO(last_file(organiser)))
    assert "Theo lĩnh vực" in book.sheetnames


async def test_the_day_in_a_filter_is_the_conferences_own(organiser: Chat) -> None:
    # 23:30 of the 10th and 00:30 of the 11th in Hải Phòng.
    set_clock(organiser.app, datetime(2022, 5, 10, 16, 30, tzinfo=UTC))
    chat = chat_with(organiser.app)
    await chat.join()
    await chat.ask(FOOD)
    pass_time(organiser.app, timedelta(hours=1))
    await chat.ask(COURT)

    await organiser.send("/xuat csv since=11/5")

    assert [row["Mã"] for row in rows_of_csv(last_file(organiser))] == ["HB22-0002"]
