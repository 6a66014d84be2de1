"""A member asks and the organiser exports, in the page, as anyone would who tries the program."""

import csv
import re
from pathlib import Path

from openpyxl import load_workbook
from playwright.async_api import expect

from tests.browser.conftest import OpenPage, Phone

QUESTION = "Bao giờ sân chơi khu tập thể có đèn? Cần thêm chi tiết, gọi em số 0912 345 678 ạ."
MASKED = "Bao giờ sân chơi khu tập thể có đèn? Cần thêm chi tiết, gọi em số ☎●●●●●● ạ."
CODE = re.compile(r"HB22-\d{4}")


async def code_of(phone: Phone) -> str:
    found = CODE.search(await phone.last.inner_text())
    assert found is not None
    return found[0]


def in_xlsx(path: Path, code: str) -> list[tuple[object, ...]]:
    """The rows of the question, on every sheet that lists questions."""
    book = load_workbook(path)
    return [
        row
        for sheet in book.worksheets[:2]
        for row in sheet.iter_rows(values_only=True)
        if code in row
    ]


async def test_member_asks_and_organiser_exports(open_page: OpenPage, tmp_path: Path) -> None:
    member, organiser = await open_page()

    await member.start()
    await member.hears("Quyền của bạn")
    await member.press("Đồng ý")
    await member.hears("nhóm tuổi nào")
    await member.press("18–30")
    await member.hears("Bước 1/4")
    await member.press("Sở Dầu")
    await member.hears("Bước 2/4")
    await member.press("Nội dung khác")
    await member.hears("Bước 3/4")
    # Six taps, one message: each step takes the place of the one before.
    await expect(member.bot_messages).to_have_count(1)
    await member.write(QUESTION)
    await member.hears("Bước 4/4")
    await member.hears("phần đó sẽ được che")
    await expect(member.last).to_contain_text("0912 345 678")
    await member.press("Gửi")
    await member.hears("Đã nhận! Mã câu hỏi của bạn")
    await expect(member.bot_messages).to_have_count(2)
    code = await code_of(member)

    await organiser.start()
    await organiser.write("/xuat")
    await organiser.hears("Chọn định dạng tệp để xuất")
    xlsx = await organiser.gets("xlsx", organiser.press("Excel (.xlsx)"), tmp_path)
    table = await organiser.gets("csv", organiser.press("CSV (.csv)"), tmp_path)

    rows = in_xlsx(xlsx, code)
    assert [MASKED in row for row in rows] == [True, True]
    with table.open(encoding="utf-8-sig", newline="") as file:
        [row] = [row for row in csv.DictReader(file) if row["Mã"] == code]
    assert (row["Nội dung câu hỏi, kiến nghị"], row["Mã đơn vị"]) == (MASKED, "so-dau")


async def test_member_asks_and_organiser_exports_in_english(
    open_page: OpenPage, tmp_path: Path
) -> None:
    member, organiser = await open_page("en")

    await member.start()
    await member.write("/language")
    await member.press("English")
    await member.hears("English")
    await member.write("/ask")
    await member.hears("Your rights")
    await member.press("I agree")
    await member.press("18–30")
    await member.hears("Step 1 of 4")
    await member.write("so d")
    await member.hears("Step 2 of 4")
    await member.press("Nội dung khác")
    await member.hears("Step 3 of 4")
    await member.write("When will the playground of our block get lights?")
    await member.hears("Step 4 of 4")
    await member.press("Send")
    await member.hears("Received!")
    code = await code_of(member)

    await organiser.start()
    asking = organiser.write("/export csv unit=so-dau")
    table = await organiser.gets("csv", asking, tmp_path)

    with table.open(encoding="utf-8-sig", newline="") as file:
        [row] = [row for row in csv.reader(file) if code in row]
    assert "When will the playground of our block get lights?" in row


async def test_editing_the_sent_message_edits_the_draft_in_place(open_page: OpenPage) -> None:
    member, _ = await open_page()
    await member.start()
    await member.press("Đồng ý")
    await member.press("16–17")
    await member.press("Sở Dầu")
    await member.press("Nội dung khác")
    await member.write("Câu hỏi viết vội, còn thiếu chữ")
    await member.hears("Bước 4/4")
    shown = await member.bot_messages.count()

    await member.field.press("ArrowUp")
    await expect(member.field).to_have_value("Câu hỏi viết vội, còn thiếu chữ")
    await member.write("Câu hỏi đã viết lại cho đủ chữ")

    await expect(member.last.locator("blockquote")).to_have_text("Câu hỏi đã viết lại cho đủ chữ")
    await expect(member.bot_messages).to_have_count(shown)


async def test_a_draft_survives_a_closed_page(open_page: OpenPage) -> None:
    member, _ = await open_page()
    await member.start()
    await member.press("Đồng ý")
    await member.press("18–30")
    await member.write("Câu hỏi đang viết dở thì đóng trang mất rồi")
    await member.hears("Bước 1/4")

    await member.page.reload()
    await member.press("Sở Dầu")
    await member.press("Nội dung khác")

    await expect(member.last.locator("blockquote")).to_have_text(
        "Câu hỏi đang viết dở thì đóng trang mất rồi"
    )
