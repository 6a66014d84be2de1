"""Whatever Unicode someone types, from the chat to the files, through the whole program."""

import asyncio
import csv
import re
import shutil
import unicodedata
import uuid
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import select

from bot.app import App, opened
from conference.asking import fingerprint, text_fault
from conference.listing import ListFilters
from conference.masking import mask
from conference.safeguarding import danger_signs
from conference.vietnamese import clean
from config.plan import load_plan
from config.texts import texts_for
from documents.listing import write_list
from documents.sheets import HEADER_ROW
from storage.tables import Question
from tests.architecture.people import troubles
from tests.chat import PLAN_FILE, chat_with, make_app

PLAN = load_plan(PLAN_FILE)
PHONE = "0912 345 678"
MAIL = "ban.tre@example.vn"
FRAGMENTS = [
    PHONE,
    MAIL,
    "=1+2",
    "+cmd|'/C calc'!A0",
    "@SUM(A1)",
    "\t-1",
    "_x0041_",
    "<r><t>x</t></r>",
    "<b>&amp;</b>",
    "{ $code }",
    "\u202eoạb\u202c",
    "e\u0302\u0301",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "1\ufe0f\u20e3",
    "\u0000\u0007",
    "\r\n\u2028",
    '";,\n',
    "https://example.vn/?a=1&b=2",
    "Cần Thơ 12/5",
]
ANYTHING = st.text(st.characters(codec="utf-8"), max_size=120)
TYPED = st.builds(
    lambda before, words, after: before + words + after,
    st.one_of(ANYTHING, st.sampled_from(FRAGMENTS)),
    st.sampled_from(
        ["Sao đường làng em chưa có đèn?", "vì sao ạ", "\u0e17\u0e33\u0e44\u0e21 ngõ"]
    ),
    st.one_of(ANYTHING, st.sampled_from(FRAGMENTS), st.text("ab \n=", max_size=400)),
)


def is_question(typed: str) -> bool:
    words = clean(typed)
    return (
        text_fault(typed, PLAN) is None and not danger_signs(words) and not typed.startswith("/")
    )


FORMULA = re.compile("[\\s\u200b-\u200f\u2060\ufeff]*[-=+@\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet would take for a formula has `'` before it in csv."""

QUESTIONS = st.lists(
    TYPED.filter(is_question),
    min_size=6,
    max_size=8,
    unique_by=lambda typed: fingerprint(clean(typed)),
)


async def ask_and_export(app: App, folder: Path, typed: list[str]) -> dict[str, str]:
    """Type each question as a new message of one person, and write both files."""
    chat = chat_with(app)
    await chat.join()
    codes = {await chat.ask(text): text for text in typed}
    for form in ("xlsx", "csv"):
        await write_list(
            app.database,
            app.plan,
            texts_for("vi"),
            folder / f"list.{form}",
            form=form,
            filters=ListFilters(),
            now=app.clock(),
        )
    return codes


async def stored_texts(app: App) -> dict[str, str]:
    async with app.database.snapshot() as session:
        questions = await session.scalars(select(Question))
        return {question.code: question.text for question in questions}


def texts_in_csv(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["Mã"]: row["Nội dung câu hỏi, kiến nghị"] for row in rows}


def texts_in_xlsx(path: Path, sheet: str) -> dict[str, str]:
    """The texts by code; what goes on in the rows below is put together again."""
    header, *rows = load_workbook(path)[sheet].iter_rows(min_row=HEADER_ROW + 1, values_only=True)
    code, text = header.index("Mã"), header.index("Nội dung câu hỏi, kiến nghị")
    found: dict[str, str] = {}
    for row in rows:
        # openpyxl leaves the escape of a literal _x0041_ as it is stored.
        cell = re.sub("_x005F(_x[0-9a-fA-F]{4}_)", r"\1", str(row[text]))
        cell = cell.removesuffix("\n(xem tiếp dòng dưới)")
        if row[code] in found:
            cell = found[row[code]] + cell.removeprefix("(tiếp theo) ")
        found[str(row[code])] = cell
    return found


def visible(text: str) -> Counter[str]:
    """The characters that a reader sees: neither spaces, controls, selectors nor fillers."""
    unseen = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    return Counter(
        char
        for char in unicodedata.normalize("NFD", text)
        if unicodedata.category(char)[0] not in "CZ"
        and char not in unseen
        and not "\ufe00" <= char <= "\ufe0f"
        and not "\U000e0100" <= char <= "\U000e01ef"
    )


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(typed=QUESTIONS)
def test_any_text_reaches_both_files_whole_and_masked(
    typed: list[str], migrated_sqlite: Path, tmp_path: Path
) -> None:
    folder = tmp_path / uuid.uuid4().hex
    folder.mkdir()
    shutil.copy(migrated_sqlite, folder / "doithoai.db")

    async def walk() -> tuple[dict[str, str], dict[str, str], list[str | None]]:
        app = make_app(f"sqlite:///{folder / 'doithoai.db'}", folder, plan=PLAN)
        async with opened(app):
            asked = await ask_and_export(app, folder, typed)
            return asked, await stored_texts(app), await troubles(app)

    loop = asyncio.new_event_loop()
    try:
        asked, stored, failed = loop.run_until_complete(walk())
    finally:
        loop.close()

    assert failed == []
    assert list(asked.values()) == typed
    assert stored == {code: clean(text) for code, text in asked.items()}
    assert {code: visible(text) for code, text in stored.items()} == {
        code: visible(text) for code, text in asked.items()
    }
    shown = {code: mask(text) for code, text in stored.items()}
    assert texts_in_csv(folder / "list.csv") == {
        code: f"'{text}" if FORMULA.match(text) else text for code, text in shown.items()
    }
    for sheet in ("Theo lĩnh vực", "Theo đơn vị"):
        cells = texts_in_xlsx(folder / "list.xlsx", sheet)
        assert {code: _unpadded(text) for code, text in cells.items()} == shown
    content = (folder / "list.csv").read_text(encoding="utf-8-sig")
    assert PHONE not in content
    assert MAIL not in content


def _unpadded(cell: str) -> str:
    """An xlsx cell without the space that keeps the writer's own markup from being seen."""
    return cell[1:] if cell.startswith(" <r>") else cell
