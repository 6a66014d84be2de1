"""The sandbox as a first-timer meets it: the tour, the clock, a link passed on, the samples."""

import csv
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.async_api import Locator, Page, expect

from tests.browser.beginning import LEAD, MEMBER, anew
from tests.browser.conftest import FILE_PATIENCE, ORGANISER, OpenPage, Phone
from tests.source import ROOT

__all__ = ["anew"]

pytestmark = pytest.mark.usefixtures("anew")
WIDE = {"width": 1280, "height": 800}
QUESTION = "Bao giờ sân chơi ở khu em có đèn ạ?"


async def three(open_page: OpenPage) -> tuple[Page, Phone, Phone, Phone]:
    """The page on a desk, with the phones of the member, the unit lead and the organiser."""
    page = (await open_page())[0].page
    await page.set_viewport_size(WIDE)
    return page, *(Phone(page, person) for person in (MEMBER, LEAD, ORGANISER))


async def ask(member: Phone) -> None:
    await member.start()
    await member.press("Đồng ý")
    await member.press("18–30")
    await member.press("Sở Dầu")
    await member.press("Nội dung khác")
    await member.hears("Bước 3/4")
    await member.write(QUESTION)
    await member.press("Gửi")
    await member.hears("Đã nhận!")


async def invite(organiser: Phone, lead: Phone) -> None:
    """The link is opened where it is meant for: nobody copies anything."""
    await organiser.start()
    await organiser.write("/moi")
    await organiser.press("Bí thư")
    await organiser.press("○ Sở Dầu")
    await organiser.element.get_by_role("button", name="Mở trên điện thoại…").click()
    dialog = organiser.page.get_by_role("dialog", name="Mở liên kết trên điện thoại nào?")
    await expect(dialog.get_by_role("radio", name="Bí thư Đoàn")).to_be_checked()
    await dialog.get_by_role("button", name="Mở", exact=True).click()
    await lead.hears("Kính mời đồng chí nhận vai trò Bí thư Đoàn phường Sở Dầu")


async def turn(page: Page, name: str) -> None:
    """Turn the clock, and wait until it has been."""
    clock = page.locator("#clock")
    await clock.get_by_role("button", name=name).click()
    await expect(clock).to_have_attribute("aria-busy", "false")


def moment(page: Page) -> Locator:
    return page.locator("#clock-now")


async def test_tour_can_be_followed_by_its_rings_to_the_end(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page, member, lead, organiser = await three(open_page)
    tour = page.locator("#tour")
    ring = page.locator("main .guided, #clock .guided, header .guided")

    async def at(step: str, title: str) -> None:
        await expect(page.locator("#tour-count")).to_have_text(step)
        await expect(tour.get_by_role("heading")).to_have_text(title)
        await expect(tour.get_by_role("heading")).to_be_focused()

    async def rings(target: Locator) -> Locator:
        await expect(target).to_have_class(re.compile(r"\bguided\b"))
        await expect(ring).to_have_count(1)
        return target

    async def goes_on(done: str) -> None:
        await expect(page.locator("#tour-done")).to_contain_text(done, timeout=FILE_PATIENCE)
        await expect(ring).to_have_count(0)
        await tour.get_by_role("button", name="Tiếp").click()

    def last(phone: Phone, data: str) -> Locator:
        return phone.element.locator(f'.message:last-child .key[data-data^="{data}"]')

    def field(phone: Phone) -> Locator:
        return phone.element.locator(".composer")

    await page.get_by_role("button", name="Đi một vòng").click()
    await at("Bước 1/8", "Ba người, một bot")
    await tour.get_by_role("button", name="Tiếp").click()

    await at("Bước 2/8", "Đoàn viên bắt đầu và đồng ý")
    await (await rings(member.element.locator(".gate button"))).click()
    await (await rings(last(member, "a.consent:1"))).click()
    await goes_on("Trước chữ “Đồng ý” ấy, bot không giữ gì")

    await at("Bước 3/8", "Đoàn viên gửi câu hỏi")
    await expect(member.element.locator(".keys.guided")).to_be_visible()
    await member.press("18–30")
    await member.press("Sở Dầu")
    await member.press("Nội dung khác")
    await rings(field(member))
    await member.write(QUESTION)
    await (await rings(last(member, "a.send"))).click()
    await goes_on("Câu hỏi có mã")

    await at("Bước 4/8", "Ban Tổ chức mời Bí thư")
    await (await rings(organiser.element.locator(".gate button"))).click()
    await rings(field(organiser))
    await organiser.write("/moi")
    await expect(organiser.element.locator(".keys.guided")).to_be_visible()
    await organiser.press("Bí thư")
    await organiser.press("○ Sở Dầu")
    await (await rings(organiser.element.locator(".open-on"))).click()
    await page.get_by_role("dialog").get_by_role("button", name="Mở", exact=True).click()
    await (await rings(last(lead, "i.take"))).click()
    await goes_on("Liên kết chỉ dùng được một lần")

    await at("Bước 5/8", "Vặn đồng hồ tới lời nhắc")
    await (await rings(page.locator('[data-turn="nudge"]'))).click()
    await goes_on("Lời nhắc nói còn thiếu gì")
    await lead.hears("Sở Dầu chưa gửi tổng hợp câu hỏi.")

    await at("Bước 6/8", "Bí thư gửi tổng hợp")
    await (await rings(last(lead, "r.open"))).click()
    await (await rings(last(lead, "r.send"))).click()
    await goes_on("Việc đã xong thì bot im lặng")

    await at("Bước 7/8", "Ban Tổ chức xem tiến độ và xuất danh sách")
    await rings(field(organiser))
    await organiser.write("/tiendo")
    await organiser.hears("1/11 đơn vị đã gửi tổng hợp")
    await organiser.write("/xuat")
    book = await organiser.gets(
        "xlsx", (await rings(last(organiser, "e.make:xlsx"))).click(), tmp_path
    )
    await goes_on("danh sách gửi các cơ quan")

    await at("Bước 8/8", "Cả hội nghị trong các con số")
    await (await rings(page.locator("#load-samples"))).click()
    await page.get_by_role("dialog").get_by_role("button", name="Đóng").click()
    await expect(page.locator("#tour-done")).to_contain_text("bị từ chối kèm lý do")
    await tour.get_by_role("button", name="Xem lại các vai").click()

    await at("Hết vòng", "Giờ bạn đã biết mỗi vai làm gì")
    roles = tour.locator("dt")
    assert await roles.all_inner_texts() == ["Đoàn viên", "Bí thư Đoàn", "Ban Tổ chức"]
    await tour.get_by_role("button", name="Xong").click()
    await page.reload()
    await expect(page.locator("body")).to_have_attribute("data-ready", "true")
    assert [await page.locator(each).is_visible() for each in ("#tour", "#offer")] == [False] * 2
    assert [row[3] for row in load_workbook(book).worksheets[0].iter_rows(values_only=True)].count(
        QUESTION
    ) == 1


async def test_tour_works_by_keyboard_and_blocks_nothing(open_page: OpenPage) -> None:
    page, member, _, _ = await three(open_page)
    keyboard = page.keyboard
    title = page.locator("#tour-title")

    await page.locator("#offer-yes").press("Enter")
    await expect(title).to_be_focused()
    await keyboard.press("Tab")
    await keyboard.press("Tab")
    await expect(page.locator("#tour-next")).to_be_focused()
    await keyboard.press("Enter")
    await expect(title).to_have_text("Đoàn viên bắt đầu và đồng ý")
    await member.start()
    await member.hears("Quyền của bạn")
    await page.reload()
    await expect(title).to_have_text("Đoàn viên bắt đầu và đồng ý")
    await page.locator("#tour-back").press("Enter")
    await expect(title).to_have_text("Ba người, một bot")
    await keyboard.press("Escape")

    await expect(page.locator("#tour")).to_be_hidden()
    await expect(page.locator("#tour-open")).to_be_focused()
    await expect(page.locator("#offer")).to_be_hidden()


async def test_turned_clock_reminds_whoever_has_something_to_do(open_page: OpenPage) -> None:
    page, member, lead, organiser = await three(open_page)
    await ask(member)
    await invite(organiser, lead)
    await lead.press("Nhận vai trò")
    await lead.hears("Cảm ơn đồng chí đã nhận vai trò")
    await expect(moment(page)).to_contain_text("Thứ Ba, 10/5/2022")

    await turn(page, "Lời nhắc tiếp theo 12/5 19:00")
    await expect(moment(page)).to_have_text("19:00 Thứ Năm, 12/5/2022")
    await lead.hears("Sở Dầu chưa gửi tổng hợp câu hỏi.")
    await expect(lead.last.locator("time")).to_have_text("19:00")
    await expect(lead.element.locator(".day").last).to_have_text("Thứ Năm, 12/5")
    await lead.press("Mở tổng hợp Sở Dầu")
    await lead.press("Gửi 1 câu lên Ban Tổ chức")
    await lead.hears("Đã gửi tổng hợp của Đoàn phường Sở Dầu")
    said = await lead.bot_messages.count()

    await turn(page, "Thêm 1 ngày 13/5")
    await expect(moment(page)).to_have_text("19:00 Thứ Sáu, 13/5/2022")
    await turn(page, "Mốc tiếp theo Hết hạn gửi câu hỏi, trước ngày 17/5")
    await expect(moment(page)).to_have_text("00:00 Thứ Ba, 17/5/2022")
    await turn(page, "Mốc tiếp theo Đơn vị gửi tổng hợp, trước ngày 19/5")
    await lead.write("/han")
    await lead.hears("Các đơn vị gửi tổng hợp: trước ngày 19/5/2022 (đã qua)")
    # The answer to the command is all that the lead has heard since the report.
    assert await lead.bot_messages.count() == said + 1


async def test_invitation_is_opened_by_its_link_on_another_phone(open_page: OpenPage) -> None:
    page, member, lead, organiser = await three(open_page)
    await invite(organiser, lead)
    await lead.press("Nhận vai trò")
    await lead.hears("Cảm ơn đồng chí đã nhận vai trò Bí thư Đoàn phường Sở Dầu")

    await organiser.element.get_by_role("button", name="Mở trên điện thoại…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("radio", name="Đoàn viên", exact=True).check()
    await dialog.get_by_role("button", name="Mở", exact=True).press("Enter")
    await member.hears("Đường dẫn mời này không dùng được")


async def test_sample_questions_are_judged_by_the_rules_and_exported(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page, _, _, organiser = await three(open_page)
    with (ROOT / "bot" / "sandbox" / "sample-questions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    await page.get_by_role("button", name="Nạp câu hỏi mẫu").click()
    dialog = page.get_by_role("dialog", name="Đã nạp câu hỏi mẫu")
    await expect(dialog).to_be_visible(timeout=FILE_PATIENCE)
    numbers = [int(text) for text in await dialog.locator("dd").all_inner_texts()]
    refused = await dialog.locator("li").all_inner_texts()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Kết quả nạp câu mẫu")).to_be_focused()
    await organiser.start()
    await organiser.write("/xuat")
    table = await organiser.gets("csv", organiser.press("CSV (.csv)"), tmp_path)

    assert (len(rows), numbers) == (128, [127, 0, 1])
    assert refused == [f"Câu số 123\n{rows[122]['text']}\nQuá ngắn, chưa rõ muốn hỏi gì."]
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == numbers[0]


async def test_starting_over_brings_everything_back_to_the_beginning(open_page: OpenPage) -> None:
    page, member, lead, organiser = await three(open_page)
    await ask(member)
    await invite(organiser, lead)
    await lead.press("Nhận vai trò")
    await lead.hears("Cảm ơn đồng chí")
    await turn(page, "Lời nhắc tiếp theo")
    await lead.hears("chưa gửi tổng hợp")

    await page.get_by_role("button", name="Làm lại từ đầu").click()
    async with page.expect_navigation():
        await page.get_by_role("button", name="Xóa và làm lại").click()
    await expect(moment(page)).to_contain_text("Thứ Ba, 10/5/2022")
    await expect(page.locator(".gate button")).to_have_text(["Bắt đầu"] * 3)
    await lead.start()
    await lead.hears("Quyền của bạn")
    await organiser.start()
    await organiser.write("/tiendo")
    await organiser.hears("0/11 đơn vị đã gửi tổng hợp, 0 câu hỏi")
    await organiser.element.get_by_role("button", name="Lệnh").click()
    assert "/tiendo" in await organiser.element.locator(".commands strong").all_inner_texts()
