"""How things are said: short enough for the platform, plain to a child, and never half escaped."""

import json
import shutil
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bot.app import App, opened
from config.plan import parse_plan
from storage.tables import Question
from tests.chat import PLAN_FILE, Chat, chat_with, make_app, pass_time, stored

WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"
LONGEST = {
    "ordinary": "ộ" * 1990 + " thế ạ?",
    "markup": "<&>" * 660 + " thế nào ạ?",
    "outside the first plane": "𝒜" * 1990 + " thế ạ?",
    "emoji": "👨‍👩‍👧‍👦" * 270 + " thế nào ạ?",
}
MESSAGE_LIMIT = 4096
LABEL_LIMIT = 30
ANSWER_LIMIT = 200


class _Shown(HTMLParser):
    """What is left of a message when its markup has been read, and whether it is well formed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in {"b", "i", "code", "blockquote"}:
            self.faults.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def faults_of(chat: Chat) -> list[str]:
    """What the platform would refuse of all that was ever said to anybody."""
    faults = []
    for method, parameters in chat.platform.calls:
        text = parameters.get("text", "")
        if method == "answerCallbackQuery":
            if len(text) > ANSWER_LIMIT:
                faults.append(f"answer of {len(text)}: {text}")
            continue
        shown = _Shown()
        shown.feed(text)
        shown.close()
        if shown.faults or shown.open:
            faults.append(f"markup {shown.faults} {shown.open}: {text[:80]}")
        if units(shown.text) > MESSAGE_LIMIT or units(text) > 4 * MESSAGE_LIMIT:
            faults.append(f"{units(shown.text)} units: {text[:80]}")
    return faults


def labels_of(chat: Chat) -> set[str]:
    """All labels that were on any button."""
    return {
        entry["text"]
        for _, parameters in chat.platform.calls
        for row in _keyboard(parameters)
        for entry in row
    }


def _keyboard(parameters: Any) -> list[list[dict[str, str]]]:
    markup = parameters.get("reply_markup")
    rows: list[list[dict[str, str]]] = json.loads(markup)["inline_keyboard"] if markup else []
    return rows


@pytest.fixture
async def roomy(migrated_sqlite: Path, tmp_path: Path) -> Any:
    """An app on SQLite whose plan lets one person ask as often as a test wants."""
    path = shutil.copy(migrated_sqlite, tmp_path / "doithoai.db")
    text = PLAN_FILE.read_text(encoding="utf-8").replace(
        "questions_per_person_per_day = 10", "questions_per_person_per_day = 100"
    )
    app = make_app(f"sqlite:///{path}", tmp_path, plan=parse_plan(text.encode()))
    async with opened(app):
        yield app


@pytest.mark.parametrize("words", LONGEST.values(), ids=list(LONGEST))
async def test_the_longest_question_fits_into_everything_that_shows_it(
    roomy: App, words: str
) -> None:
    chat = chat_with(roomy)
    await chat.send(words)
    for label in ("Đồng ý", "Dưới 16", "Sở Dầu", "Nội dung khác"):
        await chat.press(label)
    await chat.press("Sửa nội dung")
    await chat.press("Giữ câu hiện tại")
    await chat.send("/hoi")
    await chat.press("Viết tiếp câu này")
    await chat.send("/huy")
    await chat.press("Gửi câu hỏi")
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    number = await chat.send(words)
    await chat.press("Gửi")
    await chat.press("Xem")
    await chat.press("Rút lại")
    await chat.press("Giữ như cũ")
    await chat.press("Sửa")
    await chat.press("Giữ như cũ")
    await chat.edit(number, f"À {words[2:]}")
    await chat.press("Cập nhật")
    await chat.send("/hoi")
    await chat.send(words)
    roomy.clock.moment = roomy.plan.moment("conference_opens")  # type: ignore[attr-defined]
    await chat.send("/hoi")
    await chat.press("Viết tiếp câu này")

    assert len(await stored(roomy, Question)) == 1
    assert faults_of(chat) == []


async def test_drafts_longer_than_any_question_fit_too(roomy: App) -> None:
    chat = chat_with(roomy)
    await chat.join()
    await chat.send("ộ" * 4090 + " ạ?")
    await chat.send("/hoi")
    await chat.press("Viết tiếp câu này")
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    await chat.send("/huy")

    assert faults_of(chat) == []


async def test_twenty_own_questions_and_more_fit_and_say_how_many_are_older(roomy: App) -> None:
    chat = chat_with(roomy)
    await chat.join()
    for number in range(23):
        await chat.ask(f"{number} {'<&>' * 20} {'𝒜' * 500} thế nào ạ?")

    await chat.send("/cuatoi")

    assert len(chat.labels) == 21
    assert chat.said.endswith("… và 3 câu cũ hơn. Gõ /tracuu kèm mã để xem.")
    assert faults_of(chat) == []


async def test_held_questions_fit(roomy: App) -> None:
    chat, organiser = chat_with(roomy), chat_with(roomy, 900)
    await chat.join()
    for number in range(6):
        await chat.ask(f"{number} em muốn chết {'𝒜' * 1900}")

    await organiser.send("/cangiup")

    assert len(organiser.labels) == 5
    assert faults_of(organiser) == []


async def test_a_question_changed_a_hundred_times_still_opens(roomy: App) -> None:
    chat = chat_with(roomy)
    await chat.join()
    await chat.ask(f"{'ộ' * 1900} thế nào ạ?")
    for number in range(40):
        pass_time(roomy, timedelta(minutes=1))
        await chat.send("/tracuu 1")
        await chat.press("Sửa")
        await chat.send(f"{number} {'ộ' * 1900} thế nào ạ?")

    assert faults_of(chat) == []


@pytest.mark.parametrize("language", ["Tiếng Việt", "English"])
@pytest.mark.parametrize("plan", ["hong-bang-2022", "vi-du-2027"])
async def test_every_label_fits_its_button(
    migrated_sqlite: Path, tmp_path: Path, plan: str, language: str
) -> None:
    path = shutil.copy(migrated_sqlite, tmp_path / "doithoai.db")
    file = PLAN_FILE.with_name(f"{plan}.toml")
    app = make_app(f"sqlite:///{path}", tmp_path, plan_file=file)
    app.clock.moment = app.plan.moment("asking_opens") + timedelta(days=1)  # type: ignore[attr-defined]
    async with opened(app):
        chat, organiser = chat_with(app), chat_with(app, 900)
        for phone in (chat, organiser):
            await phone.send("/language")
            await phone.press(language)
        await chat.send("/start")
        for _ in range(4):
            await chat.press_data(chat.screen.buttons[0][1])
        await chat.send("/hoi")
        await chat.press_data("a.consent:1")
        await chat.press_data("a.age:18_30")
        await chat.press_data(f"a.unit:{app.plan.units[-1].code}")
        await chat.press_data(f"a.topic:{app.plan.topics[0].code}")
        await chat.send(WORDS)
        await chat.send(WORDS)
        await chat.press_data("a.send")
        await chat.send("/my")
        await chat.send("/status 1")
        await chat.send("/privacy")
        await chat.send("/erase")
        for unit in app.plan.units:
            await organiser.send(f"/xuat unit={unit.code} since=1/1")
        for topic in app.plan.topics:
            await organiser.send(f"/xuat state=reported topic={topic.code}")

        labels = labels_of(chat)

    assert len(labels) > 40
    assert {label for label in labels if len(label) > LABEL_LIMIT} == set()
    assert faults_of(chat) == []
