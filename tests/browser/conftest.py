"""A real Chromium before the real program: `python -m bot run` without a token, its own page.

One worker has the one server and the one browser (`xdist_group`); each test has new people and a
new browser profile. Where there is no Chromium these tests are skipped, and fail instead when
`CI` or `REQUIRE_SERVICES` is set. `CHROMIUM` names another program than the one on the path.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.source import ROOT

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE_SIZE = {"width": 390, "height": 844}
ORGANISER = 7_000_000_002
PATIENCE = 10_000
"""Milliseconds: an answer takes a blink; a machine that does much else takes longer."""
FILE_PATIENCE = 60_000
"""A file is made by a process of its own, which has to start."""
START = 120
END = 30

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if path and shutil.which(path):
        return path
    reason = (
        f"no Chromium at {path}" if path else "no Chromium on the path, and CHROMIUM is not set"
    )
    if os.environ.get("CI") or os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def address(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Where the running sandbox is; at the end the program ends in order and has not complained."""
    del chromium
    folder = tmp_path_factory.mktemp("sandbox")
    with (folder / "stderr").open("wb") as complaints:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SANDBOX_PORT": "0"},
            stdout=asyncio.subprocess.PIPE,
            stderr=complaints,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START):
            line = (await process.stdout.readline()).decode()
        said = (folder / "stderr").read_text(encoding="utf-8")
        assert line.startswith("doithoai: sandbox, http://127.0.0.1:"), line + said
        yield line.split()[-1]
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(END):
            await process.communicate()
    said = (folder / "stderr").read_text(encoding="utf-8")
    assert (process.returncode, "Traceback" in said) == (0, False), said


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        await browser.close()


@dataclass
class Phone:
    """One person's phone in the page."""

    page: Page
    person: int

    @property
    def element(self) -> Locator:
        return self.page.locator(f'.phone[data-person="{self.person}"]')

    @property
    def field(self) -> Locator:
        return self.element.locator("textarea")

    @property
    def bot_messages(self) -> Locator:
        return self.element.locator(".message.bot")

    @property
    def last(self) -> Locator:
        """The newest message of the bot."""
        return self.bot_messages.last

    @property
    def keys(self) -> Locator:
        return self.element.locator(".key")

    async def start(self) -> None:
        """Press the start button, if the chat is new."""
        button = self.element.locator(".gate button")
        if await button.is_visible():
            await button.click()

    async def write(self, text: str) -> None:
        """Type a message and send it."""
        await self.field.fill(text)
        await self.field.press("Enter")

    async def press(self, label: str) -> None:
        """Press the newest button with this label."""
        await self.keys.and_(self.page.get_by_role("button", name=label, exact=True)).last.click()

    async def hears(self, words: str) -> None:
        """Wait until the newest message of the bot has these words."""
        await expect(self.last).to_contain_text(words)

    async def gets(self, ending: str, asking: Awaitable[None], folder: Path) -> Path:
        """Ask for a file, and save the one that comes."""
        links = self.element.locator(f'a.file[download$=".{ending}"]')
        had = await links.count()
        await asking
        await expect(links).to_have_count(had + 1, timeout=FILE_PATIENCE)
        async with self.page.expect_download() as started:
            await links.last.click()
        saved = folder / (await started.value).suggested_filename
        await (await started.value).save_as(saved)
        return saved


OpenPage = Callable[..., Awaitable[tuple[Phone, Phone]]]


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, address: str) -> AsyncIterator[OpenPage]:
    """Opens the page, as wide as a phone, with a new member and the organiser.

    At the end of the test nothing may have gone wrong in any page.
    """
    troubles: list[str] = []
    contexts = []

    def note_failed(url: str) -> None:
        if "/sandbox/events" not in url:  # a page that is left ends its stream of events
            troubles.append(f"failed: {url}")

    async def begin(language: str = "vi") -> tuple[Phone, Phone]:
        context = await browser.new_context(viewport=PHONE_SIZE, locale=language)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        made = await context.request.post(
            f"{address}/sandbox/people", data={"name": "An", "language_code": language}
        )
        person = (await made.json())["id"]
        kept = {"sandbox.language": language, "sandbox.phones": json.dumps([[person, person]])}
        await context.add_init_script(f"Object.assign(localStorage, {json.dumps(kept)})")
        page = await context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("requestfailed", lambda request: note_failed(request.url))
        page.on(
            "console",
            lambda line: troubles.append(line.text) if line.type in {"error", "warning"} else None,
        )
        await page.goto(address)
        await expect(page.locator("body")).to_have_attribute("data-ready", "true")
        return Phone(page, person), Phone(page, ORGANISER)

    yield begin
    seen = list(troubles)
    for context in contexts:
        await context.close()
    assert seen == []
