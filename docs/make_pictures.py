# ruff: noqa: INP001  a script beside the pages, no package
"""Make the pictures of `docs/pictures/` again: `make docs`.

Starts the sandbox in an empty folder, walks the phones of a member, a unit lead and an organiser
in Chromium along the tour's path, and keeps what a reader should see. Buttons are found by their
data or by their words in the catalogues, so the script goes on working when the words change.
`CHROMIUM` names another browser program than the one on the path.
"""

import os
import re
import shutil
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
PICTURES = HERE / "pictures"
MEMBER, LEAD, ORGANISER = 0, 1, 2
UNIT = 2  # whose lead is invited, counted from 0 in the plan
# What the member of the pictures asks; it belongs to no topic of any plan.
QUESTION = (
    "Cuối tuần nhiều bạn muốn có chỗ học nhóm và chơi thể thao gần nhà. "
    "Có thể mở cửa sân trường vào chiều thứ bảy được không ạ?"
)
PATIENCE = 60_000  # milliseconds; files are made by a process that has to start first
HEAVIEST = 250  # KB
WIDTH = 390
SHORT, MIDDLING, TALL, TALLEST = 660, 780, 980, 1100
CHART_WIDTH, POSTER_WIDTH = 360, 310
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--lang=vi"]


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sandbox() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = opened(browser, address, width=WIDTH, height=TALL, sharpness=2)
        member, lead, organiser = (
            page.locator(".phone").nth(number) for number in (MEMBER, LEAD, ORGANISER)
        )
        load_samples(page)
        ask(member)
        invite(organiser, lead)
        report(lead)
        watch(organiser)
        export(organiser)
        wide = opened(browser, address, width=1280, height=860, sharpness=1)
        keep(wide, "three-phones")
        wide.close()
        draw(organiser, lead)
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


def opened(browser: Browser, address: str, *, width: int, height: int, sharpness: int) -> Page:
    page = browser.new_page(
        viewport={"width": width, "height": height},
        device_scale_factor=sharpness,
        locale=LANGUAGE,
        timezone_id=load_plan(DEFAULT_PLAN).conference.timezone,
        reduced_motion="reduce",
    )
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector("body[data-ready=true]")
    page.locator("#offer-no").click()
    return page


def load_samples(page: Page) -> None:
    """Questions from every unit, so that lists and charts have something to show."""
    page.locator("#load-samples").click()
    page.locator("#samples[open] .choices button").click()


def ask(member: Locator) -> None:
    """A member's six taps, and the two screens worth showing on the way."""
    texts, plan = texts_for(LANGUAGE), load_plan(DEFAULT_PLAN)
    start(member)
    wait_for(member, texts.plain("button-agree"))
    keep(member, "consent", height=TALL)
    press_words(member, texts.plain("button-agree"))
    press_words(member, texts.plain("age-18-30"))
    press_words(member, plan.units[UNIT].short_name)
    press_words(member, plan.topics[-1].label)
    wait_for(member, texts.plain("button-back"))
    write(member, QUESTION)
    wait_for(member, texts.plain("button-send"))
    keep(member, "last-look", height=TALL)
    press_words(member, texts.plain("button-send"))
    wait_for(member, texts.plain("button-ask-another"))


def invite(organiser: Locator, lead: Locator) -> None:
    """The organiser makes a link, the lead takes the role."""
    unit = load_plan(DEFAULT_PLAN).units[UNIT].code
    start(organiser)
    organiser.locator(".message.bot").first.wait_for()
    command(organiser, "moi")
    press(organiser, "t.invite:unit_lead:")
    press(organiser, f"t.invite:unit_lead:{unit}")
    organiser.locator(".open-on").wait_for()
    keep(organiser, "invite-link", height=MIDDLING)
    organiser.locator(".open-on").click()
    organiser.page.locator("#open[open] button[value=yes]").click()
    key(lead, "i.take").wait_for()
    keep(lead, "invitation", height=SHORT)
    press(lead, "i.take")
    key(lead, "m.open").first.wait_for()
    keep(lead, "invitation-taken", height=SHORT)


def report(lead: Locator) -> None:
    """A reminder, and what it asks for."""
    lead.page.locator("[data-turn=nudge]").click()
    key(lead, "n.quiet").wait_for()
    lead.page.locator("#clock[aria-busy=false]").wait_for()
    keep(lead, "nudge", height=SHORT)
    press(lead, "r.open")
    key(lead, "r.time").wait_for()
    keep(lead, "report", height=SHORT)
    press(lead, "r.time")
    key(lead, "r.time").last.wait_for()
    keep(lead, "more-time", height=SHORT)
    press(lead, "r.open")
    press(lead, "r.send")
    key(lead, "m.open:start").wait_for()
    keep(lead, "report-sent", height=SHORT)


def watch(organiser: Locator) -> None:
    """How far each unit is, and reminding those who are late."""
    command(organiser, "tiendo")
    key(organiser, "m.open:remind").wait_for()
    keep(organiser, "progress", height=TALLEST)


def export(organiser: Locator) -> None:
    """An organiser's two taps, until the file is there."""
    command(organiser, "xuat")
    press(organiser, "e.make:xlsx")
    organiser.locator(".file").last.wait_for()
    keep(organiser, "export", height=MIDDLING)


def draw(organiser: Locator, lead: Locator) -> None:
    """The picture of the numbers, and the poster as it comes out of a printer."""
    command(organiser, "thongke")
    press(organiser, "s.draw")
    chart = organiser.locator(".picture").last
    chart.wait_for()
    keep_file(organiser, chart.get_attribute("src"), "statistics", width=CHART_WIDTH)
    command(lead, "apphich")
    press(lead, "s.poster")
    printed = lead.locator(".file", has_text=re.compile(r"\.png"))
    printed.wait_for()
    keep(lead, "poster-sent", height=TALLEST)
    keep_file(lead, printed.get_attribute("href"), "poster", width=POSTER_WIDTH)


def start(of: Locator) -> None:
    of.locator(".gate button").click()


def write(of: Locator, words: str) -> None:
    of.locator("textarea").fill(words)
    of.locator(".send").click()


def command(of: Locator, name: str) -> None:
    """Write a command; returns when it has been answered."""
    before = of.locator(".message.bot").count()
    write(of, f"/{name}")
    of.locator(".message.bot").nth(before).wait_for()


def key(of: Locator, data: str) -> Locator:
    """A button of the last message, by the beginning of its data."""
    return of.locator(f'.message:last-child .key[data-data^="{data}"]')


def key_with(of: Locator, words: str) -> Locator:
    return of.locator(".key").filter(has_text=re.compile(f"^{re.escape(words)}$")).last


def wait_for(of: Locator, words: str) -> None:
    key_with(of, words).wait_for()


def press(of: Locator, data: str) -> None:
    press_key(key(of, data).first)


def press_words(of: Locator, words: str) -> None:
    press_key(key_with(of, words))


def press_key(pressed: Locator) -> None:
    """Press a button, then wait until it has been answered or has given way to the next ones."""
    pressed.click()
    pressed.page.wait_for_function("() => !document.querySelector('.key[aria-busy]')")


def keep(part: Page | Locator, name: str, *, height: int = 0) -> None:
    """The whole page, or a phone as it looks on a screen of that height."""
    page = part if isinstance(part, Page) else part.page
    if height:
        page.set_viewport_size({"width": WIDTH, "height": height})
    page.wait_for_function("() => !document.querySelector('.toast')")
    page.evaluate("document.fonts.ready")
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # the last message slides in
    path = PICTURES / f"{name}.png"
    (part if isinstance(part, Page) else part.locator(".frame")).screenshot(path=path)
    weigh(path)


def keep_file(of: Locator, address: str | None, name: str, *, width: int) -> None:
    """A picture that the bot made, at the width at which a page shows it."""
    browser = of.page.context.browser
    assert browser is not None  # noqa: S101  the page was opened by one
    page = browser.new_page(viewport={"width": width, "height": 100}, device_scale_factor=2)
    page.goto(of.page.url)
    page.evaluate(
        """async (address) => {
            const picture = new Image();
            picture.src = address;
            await picture.decode();
            picture.style.width = "100%";
            picture.style.display = "block";
            document.body.replaceChildren(picture);
        }""",
        address,
    )
    path = PICTURES / f"{name}.png"
    page.locator("body > img").screenshot(path=path)
    page.close()
    weigh(path)


def weigh(path: Path) -> None:
    weight = path.stat().st_size // 1024
    sys.stdout.write(f"{path.relative_to(HERE.parent)}: {weight} KB\n")
    if weight > HEAVIEST:
        raise SystemExit(f"{path.name} is heavier than {HEAVIEST} KB")


if __name__ == "__main__":
    main()
