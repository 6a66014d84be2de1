"""A unit's poster for the wall and its picture for sharing: the QR code, and how to ask.

Both are black on white, so that any printer will do, in the conference's own language.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from conference.calendar import calendar_of
from config.plan import ConferencePlan
from config.texts import Texts, texts_for
from documents.drawing import PAPER, POINTS_PER_INCH, Block, Page, fitted, wrapped
from documents.moments import said_words
from documents.written_file import Handout

PRINT_DPI = 300
A4 = (2480, 3508)
"""210 by 297 mm in dots at 300 dpi, to the nearest dot."""
SQUARE = 1080
QUIET_MODULES = 4
"""The white border that a reader needs on each side of a code (ISO/IEC 18004)."""

_BLACK = "#000000"
_STEPS = ("scan", "start", "write")
_MARGIN = 0.075
_CODE = 0.47
"""The most that the code takes of the page's width."""


async def write_poster(
    session: AsyncSession,
    plan: ConferencePlan,
    texts: Texts,
    path: Path,
    *,
    unit_code: str,
    link: str,
) -> list[Handout]:
    """Draw a unit's poster beside `path`: a square PNG to share, an A4 PDF and PNG to print.

    `texts` word the captions; the pictures speak the conference's language.

    Raises:
        KeyError: the plan has no such unit.
    """
    unit = plan.unit(unit_code)
    calendar = await calendar_of(session, plan)
    words = texts_for(plan.conference.language)
    deadline = said_words(words, plan, calendar.moment("asking_closes", unit_code))
    square, pdf, png = (
        path.with_name(f"{path.stem}-{unit_code}{end}") for end in (".png", ".pdf", "-a4.png")
    )
    title = plan.conference.title
    page = square_page(plan, words, unit=unit.name, deadline=deadline, link=link)
    page.save_png(square, title=title)
    page = a4_page(plan, words, unit=unit.name, deadline=deadline, link=link)
    page.save_pdf(pdf, title=title, author=plan.organiser.name)
    page.save_png(png, dpi=PRINT_DPI, title=title)
    return [
        Handout(
            square,
            "photo",
            texts.plain("poster-caption-square", unit=unit.name, link=link),
        ),
        Handout(pdf, "document", texts.plain("poster-caption-pdf")),
        Handout(png, "document", texts.plain("poster-caption-png")),
    ]


def square_page(
    plan: ConferencePlan, words: Texts, *, unit: str, deadline: str, link: str
) -> Page:
    """The picture for sharing, a point for each of its pixels."""
    page = Page(SQUARE, SQUARE)
    _draw(page, 1, plan, words, unit=unit, deadline=deadline, link=link)
    return page


def a4_page(plan: ConferencePlan, words: Texts, *, unit: str, deadline: str, link: str) -> Page:
    """The poster for printing."""
    dots = PRINT_DPI / POINTS_PER_INCH
    page = Page(A4[0] / dots, A4[1] / dots)
    _draw(page, dots, plan, words, unit=unit, deadline=deadline, link=link)
    return page


def _draw(
    page: Page,
    dots: float,
    plan: ConferencePlan,
    words: Texts,
    *,
    unit: str,
    deadline: str,
    link: str,
) -> None:
    """The head from the top down, the foot from the bottom up, the code in what is left.

    `dots` is how many pixels a point has in the picture: the code's squares keep to whole ones.
    """
    em = page.width / 30
    is_tall = page.height > page.width
    margin = page.width * _MARGIN
    inner = page.width - 2 * margin
    middle = page.width / 2
    say = words.plain

    organiser = fitted(plan.organiser.name, inner, size=em * 0.85, least=em * 0.6, most_lines=1)
    title = fitted(
        plan.conference.title,
        inner,
        size=em * (1.05 if is_tall else 0.9),
        least=em * 0.6,
        most_lines=4,
    )
    headline = fitted(
        say("poster-headline"),
        inner,
        size=em * (2.6 if is_tall else 1.75),
        least=em,
        most_lines=2 if is_tall else 1,
        bold=True,
    )
    name = fitted(unit, inner - 2 * em, size=em * 1.25, least=em * 0.65, most_lines=2, bold=True)

    y = margin * (0.9 if is_tall else 0.55)
    y = page.write(organiser, middle, y, align="center", color=_BLACK)
    y = page.write(title, middle, y + em * 0.15, align="center", color=_BLACK)
    y += em * (1.1 if is_tall else 0.5)
    page.rule((margin, y), (page.width - margin, y), color=_BLACK, width=em * 0.06)
    y += em * (1.1 if is_tall else 0.5)
    y = page.write(headline, middle, y, align="center", color=_BLACK)

    address = fitted(
        say("poster-or-open", link=link), inner, size=em * 0.62, least=em * 0.4, most_lines=2
    )
    limit = fitted(
        say("poster-deadline", deadline=deadline),
        inner - 2 * em,
        size=em * 1.5,
        least=em,
        most_lines=2,
        bold=True,
    )
    bottom = page.height - margin * (0.9 if is_tall else 0.55) - address.height
    page.write(address, middle, bottom, align="center", color=_BLACK)
    height = limit.height + em * 0.7
    bottom -= height + em * 0.45
    page.box(margin, bottom, inner, height, edge=_BLACK, line=em * 0.12, corner=em * 0.4)
    page.write(limit, middle, bottom + em * 0.35, align="center", color=_BLACK)
    height = name.height + em * 0.5
    bottom -= height + em * (0.8 if is_tall else 0.4)
    page.box(margin, bottom, inner, height, fill=_BLACK, corner=em * 0.4)
    page.write(name, middle, bottom + em * 0.25, align="center", color=PAPER)
    _draw_code(page, dots, words, link, margin, y + em * 0.4, bottom - em * 0.4)


def _draw_code(
    page: Page, dots: float, words: Texts, link: str, margin: float, top: float, bottom: float
) -> None:
    """The code at the left and the steps at its right, in the middle of a band."""
    em = page.width / 30
    pad = em * 0.2
    size, runs = qr_runs(link)
    across = size + 2 * QUIET_MODULES
    room = min(page.width * _CODE, bottom - top - 2 * pad)
    module = int(room * dots / across) / dots
    code = module * across
    frame_top = top + (bottom - top - code) / 2
    x, y = (round(place * dots) / dots for place in (margin + pad, frame_top))
    # The frame stands outside the quiet border, its round corners too.
    outside = code + 2 * pad
    page.box(x - pad, y - pad, outside, outside, edge=_BLACK, line=em * 0.06, corner=em * 0.4)
    quiet = QUIET_MODULES * module
    page.squares(x + quiet, y + quiet, module, runs)

    left = x + code + pad + em
    circle = em * 1.5
    width = page.width - margin - left - circle - em * 0.5
    steps = [
        fitted(
            words.plain(f"poster-step-{step}"),
            width,
            size=em * 1.05,
            least=em * 0.7,
            most_lines=4,
        )
        for step in _STEPS
    ]
    size_of_all = min(step.size for step in steps)
    steps = [wrapped(" ".join(step.lines), width, size=size_of_all) for step in steps]
    heights = [max(step.height, circle) for step in steps]
    gap = min((code - sum(heights)) / (len(steps) + 1), em * 1.6)
    place = y + (code - sum(heights) - gap * (len(steps) - 1)) / 2
    for number, (step, height) in enumerate(zip(steps, heights, strict=True), 1):
        centre = place + height / 2
        page.disc(left + circle / 2, centre, circle / 2, fill=_BLACK)
        numeral = Block((str(number),), em * 0.95, bold=True)
        page.write_centred(numeral, left + circle / 2, centre, color=PAPER)
        page.write(step, left + circle + em * 0.5, centre - step.height / 2, color=_BLACK)
        place += height + gap


def qr_runs(link: str) -> tuple[int, list[tuple[int, int, int]]]:
    """A link's QR code at level Q or better: modules a side, and runs (row, column, how many)."""
    import segno  # noqa: PLC0415  used in jobs only

    rows = segno.make_qr(link, error="q").matrix
    return len(rows), [(line, *run) for line, row in enumerate(rows) for run in _dark_runs(row)]


def _dark_runs(row: bytearray) -> Iterator[tuple[int, int]]:
    column = 0
    for is_dark, modules in groupby(row):
        count = sum(1 for _ in modules)
        if is_dark:
            yield column, count
        column += count
