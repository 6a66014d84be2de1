import re
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import segno
from matplotlib.image import imread
from numpy.typing import NDArray

from conference.opening import load_plan_into
from config.plan import ConferencePlan, load_plan
from config.texts import texts_for
from documents.poster import PRINT_DPI, QUIET_MODULES, a4_page, square_page, write_poster
from documents.written_file import Handout
from storage.database import Database
from storage.tables import DatabaseKind, Extension
from tests.chat import PLAN_FILE
from tests.pictures import assert_words_apart, lines_of

PLAN = load_plan(PLAN_FILE)
UNIT = PLAN.units[2]
VI = texts_for("vi")
LINK = "https://t.me/mot_bot?start=u-mot"
LONGEST_LINK = f"https://t.me/{'b' * 29}bot?start=u-{'u' * 32}"
USUAL = {"unit": UNIT.name, "deadline": "trước ngày 17/5/2022", "link": LINK}
LONG = {
    "unit": "Đoàn Trường Trung học phổ thông chuyên Nguyễn Bỉnh Khiêm, khu đô thị phía Bắc",
    "deadline": "trước 12:00 ngày 17/12/2022",
    "link": LONGEST_LINK,
}
PAGES = [square_page, a4_page]
SIZES = {square_page: (1080, 1080), a4_page: (3508, 2480)}


def long_titled() -> ConferencePlan:
    title = ("Hội nghị đối thoại với cán bộ, đoàn viên, thanh niên, thiếu nhi " * 5)[:300].strip()
    conference = PLAN.conference.model_copy(update={"title": title})
    return PLAN.model_copy(update={"conference": conference})


def modules_of(link: str) -> NDArray[np.bool_]:
    return np.array([list(row) for row in segno.make_qr(link, error="q").matrix], dtype=bool)


def find_code(picture: NDArray[np.bool_], link: str) -> tuple[int, int, int]:
    """Where the code begins (row, column) and how many pixels a module has; exact to the pixel."""
    matrix = modules_of(link)
    for module in range(4, 60):
        block = np.kron(matrix, np.ones((module, module), dtype=bool))
        height, width = block.shape
        first = block[0].tobytes()
        for row in range(picture.shape[0] - height):
            column = picture[row].tobytes().find(first)
            there = picture[row : row + height, column : column + width]
            if column >= 0 and np.array_equal(there, block):
                return row, column, module
    raise AssertionError("the code is not in the picture")


@pytest.mark.parametrize("link", [LINK, LONGEST_LINK], ids=["short", "longest"])
@pytest.mark.parametrize("make", PAGES)
def test_code_is_drawn_to_the_pixel_with_its_quiet_border(
    tmp_path: Path, make: Any, link: str
) -> None:
    path = tmp_path / "poster.png"
    make(PLAN, VI, **USUAL | {"link": link}).save_png(
        path, dpi=PRINT_DPI if make is a4_page else 72
    )
    pixels = imread(path)[..., :3]
    picture = pixels[..., 0] < 0.5

    row, column, module = find_code(picture, link)

    assert picture.shape == SIZES[make]
    size, quiet = len(modules_of(link)) * module, QUIET_MODULES * module
    around = picture[row - quiet : row + size + quiet, column - quiet : column + size + quiet]
    assert around.sum() == modules_of(link).sum() * module**2
    assert 0.38 < (size + 2 * quiet) / picture.shape[1] < 0.5
    # A black-and-white printer shows all of it.
    assert np.array_equal(pixels, np.broadcast_to(pixels[..., :1], pixels.shape))


@pytest.mark.parametrize("make", PAGES)
def test_poster_says_who_asks_where_until_when_and_how(make: Any) -> None:
    said = " ".join(lines_of(make(PLAN, VI, **USUAL)))

    expected = [
        PLAN.organiser.name,
        PLAN.conference.title,
        VI.plain("poster-headline"),
        VI.plain("poster-or-open", link=LINK),
        VI.plain("poster-deadline", deadline=USUAL["deadline"]),
        UNIT.name,
        *(VI.plain(f"poster-step-{step}") for step in ("scan", "start", "write")),
    ]
    assert [words for words in expected if words not in said] == []


@pytest.mark.parametrize("make", PAGES)
@pytest.mark.parametrize(
    ("plan", "said"), [(PLAN, USUAL), (long_titled(), LONG)], ids=["usual", "long"]
)
def test_words_stand_apart_and_nothing_is_cut(
    make: Any, plan: ConferencePlan, said: dict[str, str]
) -> None:
    page = make(plan, VI, **said)

    assert_words_apart(page)
    words = " ".join(lines_of(page))
    assert [one for one in (plan.conference.title, said["unit"]) if one not in words] == []


def test_pdf_is_a4_with_its_type_embedded_and_its_words_selectable(tmp_path: Path) -> None:
    path = tmp_path / "poster.pdf"

    a4_page(PLAN, VI, **USUAL).save_pdf(path, title="Hội nghị", author="Đoàn")

    pdf = path.read_bytes()
    assert pdf.count(b"/Type /FontDescriptor") == pdf.count(b"/FontFile2") > 0
    assert pdf.count(b"/Subtype /Type0") == pdf.count(b"/ToUnicode") > 0
    assert (pdf.count(b"/Type3"), pdf.count(b"/Subtype /Image")) == (0, 0)
    streams = re.findall(rb"/FlateDecode[^>]*>>\s*stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    maps = [zlib.decompress(one).decode("latin-1") for one in streams]
    letters = {
        chr(int(code, 16))
        for one in maps
        if "begincmap" in one
        for codes in re.findall(r"\[(<.*?>)\]", one)
        for code in re.findall(r"[0-9a-f]{4}", codes)
    }
    assert set(PLAN.conference.title + "".join(USUAL.values())) - letters == set()
    [box] = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert [float(points) / 72 * 25.4 for points in box] == pytest.approx([210, 297], abs=0.05)


async def test_poster_of_a_unit_has_its_own_deadline(database: Database, tmp_path: Path) -> None:
    now = datetime(2022, 5, 10, tzinfo=UTC)
    async with database.transaction() as session:
        await load_plan_into(session, PLAN, kind=DatabaseKind.live, now=now)
        session.add(
            Extension(
                milestone="asking_closes",
                unit_code=UNIT.code,
                moment=datetime(2022, 5, 17, 17, tzinfo=UTC),
                reason="Mưa bão",
                granted_at=now,
            )
        )
    async with database.snapshot() as session:
        files = await write_poster(
            session, PLAN, texts_for("en"), tmp_path / "p.pdf", unit_code=UNIT.code, link=LINK
        )

    en = texts_for("en")
    caption = en.plain("poster-caption-square", unit=UNIT.name, link=LINK)
    assert files == [
        Handout(tmp_path / f"p-{UNIT.code}.png", "photo", caption),
        Handout(tmp_path / f"p-{UNIT.code}.pdf", "document", en.plain("poster-caption-pdf")),
        Handout(tmp_path / f"p-{UNIT.code}-a4.png", "document", en.plain("poster-caption-png")),
    ]
    # The poster itself speaks the conference's language: extended by a day, before the 18th.
    expected = tmp_path / "expected.png"
    page = square_page(PLAN, VI, **USUAL | {"deadline": "trước ngày 18/5/2022"})
    page.save_png(expected, title=PLAN.conference.title)
    assert files[0].path.read_bytes() == expected.read_bytes()
