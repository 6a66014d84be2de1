# ruff: noqa: INP001  a script beside the pages, no package
"""Make the pictures of `docs/pictures/` again: `.venv/bin/python docs/make_pictures.py`.

Starts the sandbox in an empty folder, walks a member's and an organiser's phone in Chromium and
keeps what a reader should see. Buttons are found by their words in the catalogues, so the script
goes on working when the words change. `CHROMIUM` names another browser program.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from config.plan import load_plan  # noqa: E402  the project is found only after the line above
from config.settings import DEFAULT_PLAN  # noqa: E402
from config.texts import texts_for  # noqa: E402

LANGUAGE = "vi"
MEMBER, ORGANISER = 0, 1
# What the member of the pictures asks; it belongs to no topic of any plan.
QUESTION = (
    "Cuối tuần nhiều bạn muốn có chỗ học nhóm và chơi thể thao gần nhà. "
    "Có thể mở cửa sân trường vào chiều thứ bảy được không ạ?"
)
PATIENCE = 20_000  # milliseconds
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--lang=vi"]


def main() -> None:
    pictures = HERE / "pictures"
    pictures.mkdir(exist_ok=True)
    with sandbox() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS
        )
        narrow = opened(browser, address, width=390, height=980)
        ask(phone(narrow, MEMBER), pictures)
        narrow.close()
        wide = opened(browser, address, width=1280, height=800)
        export(phone(wide, ORGANISER))
        keep(wide, wide, pictures / "two-phones.png")
        browser.close()


@contextmanager
def sandbox() -> Iterator[str]:
    """The sandbox in a folder of its own; yields its address."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}
        }
        environment |= {"PYTHONPATH": str(HERE.parent), "SANDBOX_PORT": "0"}
        bot = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert bot.stdout is not None  # noqa: S101  it is a pipe
        try:
            found = re.search(r"http://\S+", bot.stdout.readline())
            if found is None:
                raise SystemExit("the sandbox did not start")
            yield found[0]
        finally:
            bot.terminate()
            bot.wait(timeout=20)


def opened(browser: Browser, address: str, *, width: int, height: int) -> Page:
    page = browser.new_page(
        viewport={"width": width, "height": height},
        locale=LANGUAGE,
        timezone_id=load_plan(DEFAULT_PLAN).conference.timezone,
        reduced_motion="reduce",
    )
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector("body[data-ready=true]")
    return page


def phone(page: Page, number: int) -> Locator:
    return page.locator(".phone").nth(number)


def ask(member: Locator, pictures: Path) -> None:
    """A member's six taps, and the two screens worth showing on the way."""
    texts, plan = texts_for(LANGUAGE), load_plan(DEFAULT_PLAN)
    member.locator(".gate button").click()
    wait_for(member, texts.plain("button-agree"))
    keep(member.page, member.locator(".frame"), pictures / "consent.png")
    press(member, texts.plain("button-agree"))
    press(member, texts.plain("age-18-30"))
    press(member, plan.units[2].short_name)
    press(member, plan.topics[-1].label)
    wait_for(member, texts.plain("button-back"))
    member.locator("textarea").fill(QUESTION)
    member.locator(".send").click()
    wait_for(member, texts.plain("button-send"))
    keep(member.page, member.locator(".frame"), pictures / "last-look.png")
    press(member, texts.plain("button-send"))
    wait_for(member, texts.plain("button-ask-another"))


def export(organiser: Locator) -> None:
    """An organiser's three taps, until the file is there."""
    texts = texts_for(LANGUAGE)
    organiser.locator(".gate button").click()
    press(organiser, texts.plain("button-export"))
    press(organiser, texts.plain("button-export-xlsx"))
    organiser.locator(".file").wait_for()


def key(of: Locator, words: str) -> Locator:
    return of.locator(".key").filter(has_text=re.compile(f"^{re.escape(words)}$")).last


def wait_for(of: Locator, words: str) -> None:
    key(of, words).wait_for()


def press(of: Locator, words: str) -> None:
    """Press a button, then wait until it has been answered or has given way to the next ones."""
    pressed = key(of, words)
    pressed.click()
    of.page.wait_for_function("() => !document.querySelector('.key[aria-busy]')")


def keep(page: Page, part: Page | Locator, path: Path) -> None:
    page.wait_for_function("() => !document.querySelector('.toast')")
    page.evaluate("document.fonts.ready")
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)  # the last message slides in
    part.screenshot(path=path)
    sys.stdout.write(f"{path.relative_to(HERE.parent)}: {path.stat().st_size // 1024} KB\n")


if __name__ == "__main__":
    main()
