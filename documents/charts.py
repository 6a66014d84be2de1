"""The conference's numbers as a picture for a phone, and the same numbers in words.

The picture is portrait, 1080 pixels wide (wider only for very many topics): the numbers, units by
topics, questions by day. Its blue and vermilion (Okabe and Ito's) differ for every kind of colour
vision and in grey, and nothing is said by colour alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from conference.statistics import Statistics, statistics
from config.plan import ConferencePlan
from config.texts import Texts
from documents.drawing import (
    INK,
    LINE_HEIGHT,
    MUTED,
    PAPER,
    Block,
    Page,
    fitted,
    ink_on,
    is_unbroken,
    text_width,
    wrapped,
)
from documents.moments import moment_words, said_words
from documents.written_file import Handout, Words

WIDTH = 1080
HEIGHT = 1620
"""The height aimed at; many units make the picture higher, and few lower."""
MOST_CAPTION = 1024
"""Characters of a picture's caption (Bot API, sendPhoto)."""

_MARGIN = 44
_INNER = WIDTH - 2 * _MARGIN
_BLUE = (0.0, 0.447, 0.698)
_DEEP = (0.0, 0.16, 0.33)
_PALE = (0.86, 0.93, 0.98)
_AT_BLUE = 0.6
_NOTHING = (0.955, 0.963, 0.97)
_DEADLINE = "#b34700"
_LEAST_CELL = 50
_LEAST_ROW, _MOST_ROW = 40, 64
_MOST_HEADER = 270
_NAMES = 300
_GAP = 14
_BARS = 190
_LEAST_TYPE = 16
_MOST_NAMED = 3
_MOST_SILENT = 8


async def write_statistics(
    session: AsyncSession, plan: ConferencePlan, texts: Texts, path: Path, *, now: datetime
) -> list[Handout]:
    """Draw the conference's numbers as a PNG at `path`; its caption says them in words."""
    numbers = await statistics(session, plan)
    page = statistics_page(plan, texts, numbers, now=now)
    page.save_png(path, title=plan.conference.short_title)
    lines = numbers_words(texts.plain, texts, plan, numbers, now=now).split("\n")
    while len("\n".join(lines)) > MOST_CAPTION:
        lines.pop()
    return [Handout(path, "photo", "\n".join(lines))]


def numbers_words(
    say: Words, texts: Texts, plan: ConferencePlan, numbers: Statistics, *, now: datetime
) -> str:
    """The numbers in words, the most important line first.

    `say` is `texts` in a chat, and `texts.plain` elsewhere.
    """
    lines = [
        say(
            "stats-title",
            title=plan.conference.short_title,
            moment=moment_words(texts, plan, now),
        ),
        say("stats-counted", questions=numbers.questions, people=numbers.people),
        say(
            "stats-units",
            asked=numbers.units_asked,
            reported=numbers.units_reported,
            units=len(plan.units),
        ),
    ]
    if numbers.authorless:
        lines.append(say("stats-forgotten", count=numbers.authorless))
    lines += [
        say("stats-deadline", name=name, deadline=deadline)
        for name, deadline in _deadlines(plan, texts, numbers)
    ]
    if numbers.questions:
        topics = [(name, numbers.of_topic(code)) for code, name in numbers.topics]
        units = [(name, numbers.of_unit(code)) for code, name in numbers.units]
        days = [(_day(texts, day), count) for day, count in sorted(numbers.days.items())]
        lines += [
            say("stats-top-topics", items=_items(texts, topics)),
            say("stats-top-units", items=_items(texts, units)),
            say("stats-busiest-day", items=_items(texts, days, most=1)),
        ]
        silent = [name for name, count in units if not count]
        if silent:
            named = "; ".join(silent[:_MOST_SILENT])
            more = len(silent) - _MOST_SILENT
            lines.append(say("stats-silent-units", items=named, more=max(more, 0)))
    return "\n".join(lines)


def _items(texts: Texts, counts: Sequence[tuple[str, int]], most: int = _MOST_NAMED) -> str:
    """The highest counts with their names; of equal ones those that stand first."""
    highest = sorted(counts, key=lambda one: -one[1])[:most]
    return "; ".join(
        texts.plain("stats-item", name=name, count=count) for name, count in highest if count
    )


def _day(texts: Texts, day: date) -> str:
    return texts.plain("stats-day", day=str(day.day), month=str(day.month))


def _deadlines(plan: ConferencePlan, texts: Texts, numbers: Statistics) -> list[tuple[str, str]]:
    return [
        (
            texts.plain(f"milestone-{name.replace('_', '-')}"),
            said_words(texts, plan, moment),
        )
        for name, moment in numbers.deadlines
    ]


def statistics_page(
    plan: ConferencePlan, texts: Texts, numbers: Statistics, *, now: datetime
) -> Page:
    """The picture, a point for each of its pixels."""
    drawing = _Drawing(plan, texts, numbers, now)
    drawing.draw()
    return drawing.page


@dataclass(frozen=True, slots=True)
class _Grid:
    """How units by topics are laid out, in pixels."""

    cell: float
    total: float
    row: float
    header: float
    names: float
    topics: list[Block]
    units: list[Block]

    @property
    def height(self) -> float:
        return self.header + self.row * (len(self.units) + 1)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A deadline on the days' axis: its words, and their left edge."""

    x: float
    words: Block
    left: float


class _Drawing:
    """The picture being drawn, from the top down."""

    def __init__(
        self, plan: ConferencePlan, texts: Texts, numbers: Statistics, now: datetime
    ) -> None:
        self._plan = plan
        self._texts = texts
        self._numbers = numbers
        columns = len(numbers.topics) + 1
        self._width = max(WIDTH, 2 * _MARGIN + _NAMES + columns * _LEAST_CELL)
        self._inner = self._width - 2 * _MARGIN
        words = texts.plain
        self._title = fitted(
            plan.conference.short_title, self._inner, size=48, least=34, most_lines=2, bold=True
        )
        as_of = words("stats-as-of", moment=moment_words(texts, plan, now))
        self._subtitle = fitted(
            f"{plan.organiser.name} · {as_of}", self._inner, size=27, least=22, most_lines=2
        )
        self._tiles = self._measured_tiles()
        self._note = wrapped(words("stats-not-counted"), self._inner, size=21)
        self._first, self._days = _span(plan, numbers)
        self._marks = self._measured_marks()
        self._heading_height = 34 * LINE_HEIGHT + 16
        self._days_height = sum(mark.words.height + 6 for mark in self._marks) + 34 + _BARS + 44
        fixed = (
            _MARGIN
            + self._title.height
            + 8
            + self._subtitle.height
            + 30
            + max(number.height + label.height for number, label in self._tiles)
            + 44
            + self._heading_height
            + 44
            + self._heading_height
            + self._days_height
            + 24
            + self._note.height
            + _MARGIN
        )
        self._grid = self._measured_grid(HEIGHT - fixed)
        self.page = Page(self._width, round(fixed + self._grid.height))

    def _measured_tiles(self) -> list[tuple[Block, Block]]:
        words, numbers = self._texts.plain, self._numbers
        units = len(self._plan.units)
        said = [
            (words("stats-number", count=numbers.questions), words("stats-questions")),
            (words("stats-number", count=numbers.people), words("stats-people")),
            (
                words("stats-share", count=numbers.units_asked, total=units),
                words("stats-units-asked"),
            ),
            (
                words("stats-share", count=numbers.units_reported, total=units),
                words("stats-units-reported"),
            ),
        ]
        width = self._inner / len(said) - 40
        tiles = [
            (
                fitted(number, width, size=70, least=36, most_lines=1, bold=True),
                fitted(label, width, size=26, least=20, most_lines=3),
            )
            for number, label in said
        ]
        size = min(number.size for number, _ in tiles)
        return [(Block(number.lines, size, bold=True), label) for number, label in tiles]

    def _measured_grid(self, room: float) -> _Grid:
        numbers = self._numbers
        names = [name for _, name in numbers.units]
        widest = max(text_width(name, 1) for name in names)
        size = min(27.0, max((_NAMES - _GAP) / widest, 17))
        # A name that is too wide even so takes two small lines.
        units = [
            fitted(name, _NAMES - _GAP, size=size, least=size, most_lines=1)
            if text_width(name, size) <= _NAMES
            else fitted(name, _NAMES - _GAP, size=15, least=15, most_lines=2)
            for name in names
        ]
        beside = _GAP + max(text_width(line, one.size) for one in units for line in one.lines)
        total = max(70, _digits_width(numbers.questions, 18) + 12)
        cell = (self._inner - beside - total) / len(numbers.topics)
        topics = _turned([name for _, name in numbers.topics], cell)
        header = _GAP + max(text_width(line, one.size) for one in topics for line in one.lines)
        row = min(max((room - header) / (len(units) + 1), _LEAST_ROW), _MOST_ROW)
        return _Grid(cell, total, row, header, beside, topics, units)

    def _measured_marks(self) -> list[_Mark]:
        """Every deadline's words on the side of its line where all of them have more room."""
        plan, numbers = self._plan, self._numbers
        slot = self._inner / self._days
        places = []
        for _, moment in numbers.deadlines:
            local = moment.astimezone(plan.zone)
            passed = (local.date() - self._first).days + (local.hour + local.minute / 60) / 24
            places.append(_MARGIN + passed * slot)
        right = _MARGIN + self._inner
        is_before = min(places) - _MARGIN >= right - max(places)
        marks = []
        for x, (name, deadline) in zip(
            places, _deadlines(plan, self._texts, numbers), strict=True
        ):
            words = fitted(
                self._texts.plain("stats-deadline", name=name, deadline=deadline),
                (x - _MARGIN if is_before else right - x) - 10,
                size=25,
                least=17,
                most_lines=1,
                bold=True,
            )
            width = text_width(words.lines[0], words.size, bold=True)
            marks.append(_Mark(x, words, x - 10 - width if is_before else x + 10))
        # So ordered from the top down, no line crosses another deadline's words.
        return sorted(marks, key=lambda mark: mark.x, reverse=is_before)

    def draw(self) -> None:
        page = self.page
        y = page.write(self._title, _MARGIN, _MARGIN)
        y = page.write(self._subtitle, _MARGIN, y + 8, color=MUTED)
        y = self._draw_tiles(y + 30)
        y = self._heading("stats-cells", y + 44)
        y = self._draw_grid(y)
        y = self._heading("stats-days", y + 44)
        y = self._draw_days(y)
        page.write(self._note, _MARGIN, y + 24, color=MUTED)

    def _heading(self, message_id: str, top: float) -> float:
        words = self._texts.plain(message_id)
        block = fitted(words, self._inner, size=34, least=24, most_lines=1, bold=True)
        self.page.write(block, _MARGIN, top)
        return top + self._heading_height

    def _draw_tiles(self, top: float) -> float:
        width = self._inner / len(self._tiles)
        height = max(number.height + label.height for number, label in self._tiles)
        for position, (number, label) in enumerate(self._tiles):
            x = _MARGIN + position * width
            if position:
                self.page.rule((x - 2, top + 8), (x - 2, top + height), width=2)
                x += 18
            end = self.page.write(number, x, top, color=_hex(_DEEP))
            self.page.write(label, x, end, color=MUTED)
        return top + height

    def _draw_grid(self, top: float) -> float:
        page, grid, numbers = self.page, self._grid, self._numbers
        left, first = _MARGIN + grid.names, top + grid.header
        right = left + len(grid.topics) * grid.cell
        highest = max(numbers.cells.values(), default=0)
        size = min(28, grid.row * 0.6, 28 * (grid.cell - 9) / text_width(str(highest), 28))
        for column, block in enumerate(grid.topics):
            page.write_upwards(block, left + (column + 0.5) * grid.cell, first - _GAP)
        words = self._texts.plain("stats-total")
        total = fitted(words, grid.total, size=25, least=14, most_lines=1, bold=True)
        page.write(total, right + grid.total / 2, first - total.height - 8, align="center")
        for line, ((unit, _), block) in enumerate(zip(numbers.units, grid.units, strict=True)):
            y = first + line * grid.row
            page.write(block, left - _GAP, y + (grid.row - block.height) / 2, align="right")
            for column, (topic, _) in enumerate(numbers.topics):
                count = numbers.cells.get((unit, topic), 0)
                fill = _shade(count, highest)
                x = left + column * grid.cell
                page.box(x + 1.5, y + 1.5, grid.cell - 3, grid.row - 3, fill=_hex(fill), corner=5)
                page.write_centred(
                    Block((str(count),), size),
                    x + grid.cell / 2,
                    y + grid.row / 2,
                    color=ink_on(fill) if count else MUTED,
                )
            self._draw_total(right, y, grid.total, numbers.of_unit(unit))
        y = first + len(grid.units) * grid.row
        page.write(total, left - _GAP, y + (grid.row - total.height) / 2, align="right")
        for column, (topic, _) in enumerate(numbers.topics):
            self._draw_total(left + column * grid.cell, y, grid.cell, numbers.of_topic(topic))
        self._draw_total(right, y, grid.total, numbers.questions)
        return y + grid.row

    def _draw_total(self, x: float, y: float, width: float, count: int) -> None:
        size = min(26, self._grid.row * 0.6, 26 * (width - 8) / _digits_width(count, 26))
        self.page.write_centred(
            Block((str(count),), size, bold=True), x + width / 2, y + self._grid.row / 2
        )

    def _draw_days(self, top: float) -> float:
        page, numbers = self.page, self._numbers
        slot = self._inner / self._days
        base = top + self._days_height - 44
        y = top
        for mark in self._marks:
            page.rule((mark.x, y + 4), (mark.x, base), color=_DEADLINE, width=3, dashes=(9, 6))
            page.write(mark.words, mark.left, y, color=_DEADLINE)
            y += mark.words.height + 6
        highest = max(numbers.days.values(), default=0)
        size = min(24, 24 * (slot - 4) / _digits_width(highest, 24))
        is_each_named = size >= _LEAST_TYPE
        for day, count in numbers.days.items():
            x = _MARGIN + (day - self._first).days * slot
            height = max(_BARS * count / highest, 2)
            gap = min(slot * 0.14, 6)
            page.box(x + gap, base - height, slot - 2 * gap, height, fill=_hex(_BLUE))
            if is_each_named or count == highest:
                label = Block((str(count),), size if is_each_named else 24)
                half = _digits_width(count, label.size) / 2
                middle = min(max(x + slot / 2, _MARGIN + half), _MARGIN + self._inner - half)
                page.write(
                    label,
                    middle,
                    base - height - label.height - 2,
                    align="center",
                    background=PAPER,
                )
        page.rule((_MARGIN, base), (_MARGIN + self._inner, base), color=INK, width=2)
        self._draw_dates(slot, base)
        if not numbers.questions:
            none = Block((self._texts.plain("stats-none"),), 30)
            page.write_centred(none, self._width / 2, base - _BARS / 2, color=MUTED)
        return base + 44

    def _draw_dates(self, slot: float, base: float) -> None:
        """As many dates as there is room for, at equal distances."""
        days = self._days
        said = [_day(self._texts, self._first + timedelta(days=one)) for one in range(days)]
        widest = max(text_width(one, 24) for one in said) + 18
        step = next(one for one in (1, 2, 3, 7, 14, 28, 56, 112, days + 1) if one * slot >= widest)
        for position in range(0, days, step):
            x = _MARGIN + (position + 0.5) * slot
            if position and x + widest / 2 > _MARGIN + self._inner + 18:
                continue
            x = max(x, _MARGIN + text_width(said[position], 24) / 2)
            self.page.write(
                Block((said[position],), 24), x, base + 10, align="center", color=MUTED
            )


def _span(plan: ConferencePlan, numbers: Statistics) -> tuple[date, int]:
    """The first day shown, and how many: from the opening to the deadlines, and all questions."""
    shown = [*numbers.days, plan.local("asking_opens").date()]
    shown += [moment.astimezone(plan.zone).date() for _, moment in numbers.deadlines]
    return min(shown), (max(shown) - min(shown)).days + 1


def _digits_width(count: int, size: float) -> float:
    """How wide a count runs in bold type."""
    return text_width(str(count), size, bold=True)


def _turned(names: Sequence[str], cell: float) -> list[Block]:
    """Names for columns `cell` wide, all in one size: the largest in which each has its lines."""
    size = 24.0
    while True:
        lines = max(int((cell - 2) / (size * LINE_HEIGHT)), 1)
        blocks = [
            fitted(name, _MOST_HEADER - _GAP, size=size, least=size, most_lines=lines)
            for name in names
        ]
        is_whole = all(is_unbroken(*one) for one in zip(names, blocks, strict=True))
        if is_whole or size <= _LEAST_TYPE:
            return blocks
        size -= 1


def _shade(count: int, highest: int) -> tuple[float, float, float]:
    """From a pale to a deep blue, by the root of the count so that one peak hides nothing."""
    if not count:
        return _NOTHING
    share = ((count - 1) / max(highest - 1, 1)) ** 0.5
    if share < _AT_BLUE:
        ends, part = (_PALE, _BLUE), share / _AT_BLUE
    else:
        ends, part = (_BLUE, _DEEP), (share - _AT_BLUE) / (1 - _AT_BLUE)
    red, green, blue = (a + (b - a) * part for a, b in zip(*ends, strict=True))
    return red, green, blue


def _hex(color: Sequence[float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in color)
