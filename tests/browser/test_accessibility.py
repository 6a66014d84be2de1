"""WCAG 2.2 AA in every state of the page, as axe sees it: both languages, colours and widths."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page, expect

from tests.browser.beginning import LEAD, MEMBER, anew
from tests.browser.conftest import ORGANISER, OpenPage, Phone

__all__ = ["anew"]

OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}


async def faults(page: Page) -> list[str]:
    """What axe finds, each with the elements it is about, in both languages of the page."""
    found: list[str] = []
    for language in ("en", "vi"):
        # By script: a dialog that is open lets nobody press anything behind it.
        await page.evaluate(f"document.querySelector('[data-language={language}]').click()")
        await expect(page.locator("html")).to_have_attribute("lang", language)
        report: dict[str, Any] = await page.evaluate("options => axe.run(options)", OPTIONS)
        found += [
            f"{language}: {violation['id']} {[node['target'] for node in violation['nodes']]}"
            for violation in report["violations"]
        ]
    return found


async def hang_a_link_out(organiser: Phone) -> None:
    await organiser.start()
    await organiser.write("/moi")
    await organiser.press("Bí thư")
    await organiser.press("○ Sở Dầu")
    await expect(organiser.element.locator(".open-on")).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("anew")
async def test_axe_finds_no_fault(open_page: OpenPage, scheme: Any, size: Any) -> None:
    page = (await open_page())[0].page
    await page.set_viewport_size(size)
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    member, lead, organiser = (Phone(page, person) for person in (MEMBER, LEAD, ORGANISER))
    await page.evaluate(AXE_SCRIPT)
    found: dict[str, list[str]] = {}

    async def look(state: str) -> None:
        found[state] = await faults(page)

    async def look_at(state: str, opener: str, closing: Callable[[], Awaitable[None]]) -> None:
        await page.locator(opener).click()
        await look(state)
        await closing()

    async def escape() -> None:
        await page.keyboard.press("Escape")

    await look("new")
    await look_at("a new phone", "#add-phone", escape)
    await look_at("starting over", "#reset", escape)
    await member.start()
    await member.press("Đồng ý")
    await member.press("18–30")
    await hang_a_link_out(organiser)
    await look("chats")
    await look_at("a link", f'[data-person="{ORGANISER}"] .open-on', escape)
    await look_at("commands", f'[data-person="{ORGANISER}"] .open-commands', escape)
    await look_at("attachments", f'[data-person="{ORGANISER}"] .open-attachments', escape)
    await look_at("choices", f'[data-person="{ORGANISER}"] .more', escape)
    await lead.element.scroll_into_view_if_needed()
    await page.locator("#offer-yes").click()
    await look("the tour")
    await page.locator("#load-samples").click()
    await expect(page.locator("#samples")).to_be_visible()
    await look("samples")
    await escape()
    for _ in range(8):
        await page.locator("#tour-next").click()
    await look("the tour's end")

    assert found == {state: [] for state in found}
