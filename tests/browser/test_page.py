"""The page itself: by keyboard alone, on a narrow screen, in both languages."""

from playwright.async_api import expect

from tests.browser.conftest import OpenPage, Phone


async def focus_on(phone: Phone, label: str) -> None:
    """Go through the page with Shift+Tab until the control with this name has the focus."""
    named = "document.activeElement.textContent.trim() || document.activeElement.ariaLabel"
    for _ in range(200):
        await phone.page.keyboard.press("Shift+Tab")
        if await phone.page.evaluate(named) == label:
            return
    raise AssertionError(f"{label!r} cannot be reached with the keyboard")


async def choose(phone: Phone, label: str) -> None:
    await expect(phone.keys.filter(has_text=label).last).to_be_visible()
    await focus_on(phone, label)
    await phone.page.keyboard.press("Enter")


async def test_a_question_can_be_asked_by_keyboard_alone(open_page: OpenPage) -> None:
    member, _ = await open_page()
    keyboard = member.page.keyboard

    await focus_on(member, "Bắt đầu")
    await keyboard.press("Enter")
    await expect(member.field).to_be_focused()
    await choose(member, "Đồng ý")
    await choose(member, "18–30")
    await choose(member, "Sở Dầu")
    await choose(member, "Nội dung khác")
    await member.hears("Bước 3/4")
    while not await member.field.evaluate("field => field === document.activeElement"):
        await keyboard.press("Tab")
    await keyboard.type("Em không dùng chuột thì gửi câu hỏi được không?")
    await keyboard.press("Enter")
    await member.hears("Bước 4/4")
    await choose(member, "Gửi")

    await member.hears("Đã nhận!")


async def test_the_page_fits_a_phone_and_speaks_both_languages(open_page: OpenPage) -> None:
    member, organiser = await open_page()
    page = member.page
    inside = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    names = {}

    for language in ("vi", "en"):
        await page.locator(f'[data-language="{language}"]').click()
        await expect(page.locator("html")).to_have_attribute("lang", language)
        names[language] = await organiser.element.get_attribute("aria-label")
        assert await page.evaluate(inside)
    await page.locator("#tabs button").last.click()
    await expect(member.element).to_be_in_viewport(ratio=0.9)
    await member.start()
    await member.hears("Quyền của bạn")

    assert names["vi"] != names["en"]
    box = await member.last.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
