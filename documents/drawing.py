"""A page to draw on: words that wrap and fit, boxes and lines, saved as PNG or PDF.

Everything is measured in points from the page's top left corner. The type is the DejaVu Sans that
comes with matplotlib, so that Vietnamese is right wherever this runs and nothing is installed.
matplotlib is slow to import: use this in a job's process only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from documents.written_file import replaced_file

POINTS_PER_INCH = 72
LINE_HEIGHT = 1.24
"""The distance between two baselines, in sizes of type."""

INK = "#17212b"
MUTED = "#56616c"
RULE = "#ccd3da"
PAPER = "#ffffff"
_RISE = 0.76
"""From a line's top to its baseline, in sizes of type: room for capitals with two marks above."""
_STEP = 0.94
_PAUSES = ",.;:!?–"
_AMID_PHRASE = 0.06
_DARKEST_PAPER = 0.179
"""The luminance at which black and white type contrast alike (WCAG 2.2, 1.4.3)."""
_DARKEST_PAPER_OF_INK = 0.25
"""From here on INK has the contrast of 4.5 as well."""

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Block:
    """Words as they will be set: their lines and the size of type."""

    lines: tuple[str, ...]
    size: float
    bold: bool = False

    @property
    def height(self) -> float:
        """What the lines take up, in points."""
        return len(self.lines) * self.size * LINE_HEIGHT


class Page:
    """One page of `width` by `height` points."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.figure import Figure  # noqa: PLC0415  slow to import, used in jobs only

        self.width = width
        self.height = height
        self._figure: Any = Figure(
            figsize=(width / POINTS_PER_INCH, height / POINTS_PER_INCH),
            dpi=POINTS_PER_INCH,
            facecolor=PAPER,
        )
        self._axes: Any = self._figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self._axes.set_axis_off()

    def write(
        self,
        block: Block,
        x: float,
        top: float,
        *,
        align: Align = "left",
        color: str = INK,
        background: str | None = None,
    ) -> float:
        """Set a block with its left edge, middle or right edge at `x`; returns where it ends."""
        for number, line in enumerate(block.lines):
            baseline = top + block.size * (number * LINE_HEIGHT + _RISE + (LINE_HEIGHT - 1) / 2)
            self._text(x, baseline, line, block, color, ha=align, background=background)
        return top + block.height

    def write_upwards(self, block: Block, x: float, bottom: float, *, color: str = INK) -> None:
        """Set a block turned a quarter to the left: centred on `x`, rising from `bottom`."""
        first = x - (len(block.lines) - 1) / 2 * block.size * LINE_HEIGHT
        for number, line in enumerate(block.lines):
            place = first + number * block.size * LINE_HEIGHT
            baseline = place + block.size * (_RISE - 0.5 + 0.1)
            self._text(baseline, bottom, line, block, color, ha="left", rotation=90)

    def write_centred(self, block: Block, x: float, y: float, *, color: str = INK) -> None:
        """Set a block with its middle at a place."""
        # Figures and capitals are 0.73 sizes high, and it is their middle that the eye sees.
        top = y - block.height / 2
        self.write(block, x, top + block.size * 0.005, align="center", color=color)

    def _text(
        self,
        x: float,
        baseline: float,
        line: str,
        block: Block,
        color: str,
        *,
        background: str | None = None,
        **place: Any,
    ) -> None:
        box = None
        if background is not None:
            box = {"facecolor": background, "edgecolor": "none", "pad": block.size * 0.2}
        self._axes.text(
            x,
            baseline,
            line,
            fontproperties=_font(bold=block.bold),
            fontsize=block.size,
            color=color,
            va="baseline",
            rotation_mode="anchor",
            parse_math=False,
            bbox=box,
            zorder=3,
            **place,
        )

    def box(
        self,
        x: float,
        top: float,
        width: float,
        height: float,
        *,
        fill: str | None = None,
        edge: str | None = None,
        line: float = 1,
        corner: float = 0,
    ) -> None:
        """A rectangle; `corner` is the radius of its corners."""
        from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415

        style = f"round,pad=0,rounding_size={corner}" if corner else "square,pad=0"
        self._axes.add_patch(
            FancyBboxPatch(
                (x, top),
                width,
                height,
                boxstyle=style,
                mutation_aspect=1,
                facecolor=fill or "none",
                edgecolor=edge or "none",
                linewidth=line if edge else 0,
                zorder=1,
            )
        )

    def disc(self, x: float, y: float, radius: float, *, fill: str) -> None:
        """A filled circle around a place."""
        from matplotlib.patches import Circle  # noqa: PLC0415

        self._axes.add_patch(Circle((x, y), radius, facecolor=fill, linewidth=0, zorder=1))

    def rule(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        color: str = RULE,
        width: float = 1,
        dashes: Sequence[float] = (),
    ) -> None:
        """A straight line, dashed where `dashes` says how long strokes and gaps are in points."""
        style: Any = (0, tuple(one / width for one in dashes)) if dashes else "solid"
        self._axes.plot(
            *zip(start, end, strict=True),
            color=color,
            linewidth=width,
            linestyle=style,
            solid_capstyle="butt",
            zorder=2,
        )

    def squares(
        self, x: float, top: float, size: float, places: Iterable[tuple[int, int, int]]
    ) -> None:
        """Runs of black squares of `size`: (row, first column, how many), with sharp edges."""
        from matplotlib.patches import PathPatch  # noqa: PLC0415
        from matplotlib.path import Path as Outline  # noqa: PLC0415

        runs = []
        for row, column, count in places:
            left, upper = x + column * size, top + row * size
            right, lower = left + count * size, upper + size
            corners = [(left, upper), (right, upper), (right, lower), (left, lower), (left, upper)]
            runs.append(Outline(corners, closed=True))
        # One path is filled at one stroke, so that no hairline shows between its runs.
        self._axes.add_patch(
            PathPatch(
                Outline.make_compound_path(*runs),
                facecolor="black",
                linewidth=0,
                antialiased=False,
                snap=False,
                zorder=2,
            )
        )

    def save_png(self, path: Path, *, dpi: float = POINTS_PER_INCH, title: str = "") -> None:
        """Save as PNG; 72 dots an inch make a pixel of every point."""
        from matplotlib import rc_context  # noqa: PLC0415

        metadata = {"Title": title, "Software": None}
        # Hinted letters would run wider than measured.
        with replaced_file(path) as draft, rc_context({"text.hinting": "no_hinting"}):
            self._figure.savefig(draft, format="png", dpi=dpi, metadata=metadata)

    def save_pdf(self, path: Path, *, title: str, author: str) -> None:
        """Save as PDF with its type embedded, so that the words can be selected and read aloud."""
        from matplotlib import rc_context  # noqa: PLC0415

        metadata = {"Title": title, "Author": author, "Creator": None, "Producer": None}
        with replaced_file(path) as draft, rc_context({"pdf.fonttype": 42}):
            self._figure.savefig(draft, format="pdf", metadata=metadata | {"CreationDate": None})


def wrapped(text: str, width: float, *, size: float, bold: bool = False) -> Block:
    """Words broken into the fewest lines of at most `width`, about equally long.

    A line ends after a comma or a full stop rather than between two words that may be one term.
    """
    lines = _broken(text, width, size, bold=bold)
    if is_unbroken(text, Block(tuple(lines), size)):
        lines = _balanced(text.split(), len(lines), width, size, bold=bold)
    return Block(tuple(lines), size, bold)


def _balanced(
    words: Sequence[str], lines: int, width: float, size: float, *, bold: bool
) -> list[str]:
    """The words in so many lines, at the least cost in uneven lines and in broken phrases."""
    # best[n]: the cheapest way to set the first n words in the lines so far.
    best: dict[int, tuple[float, list[str]]] = {0: (0.0, [])}
    for _ in range(lines):
        longer: dict[int, tuple[float, list[str]]] = {}
        for begin, (cost, said) in best.items():
            for end in range(begin + 1, len(words) + 1):
                line = " ".join(words[begin:end])
                left = 1 - text_width(line, size, bold=bold) / width
                if left < 0:
                    break
                is_amid = end < len(words) and line[-1] not in _PAUSES
                total = cost + left * left + (_AMID_PHRASE if is_amid else 0)
                if end not in longer or total < longer[end][0]:
                    longer[end] = (total, [*said, line])
        best = longer
    return best[len(words)][1] if words else []


def fitted(
    text: str,
    width: float,
    *,
    size: float,
    least: float,
    most_lines: int,
    bold: bool = False,
) -> Block:
    """Words in at most so many lines: as large as `size` allows, and no smaller than `least`.

    What does not fit even so ends in an ellipsis.
    """
    while True:
        block = wrapped(text, width, size=size, bold=bold)
        is_whole = all(text_width(line, size, bold=bold) <= width for line in block.lines)
        if is_whole and len(block.lines) <= most_lines and is_unbroken(text, block):
            return block
        if size <= least:
            break
        size = max(size * _STEP, least)
    lines = _broken(text, width, size, bold=bold)
    if len(lines) > most_lines:
        last = lines[most_lines - 1]
        while last and text_width(last + "…", size, bold=bold) > width:
            last = last[:-1]
        lines = [*lines[: most_lines - 1], last.rstrip() + "…"]
    return Block(tuple(lines), size, bold)


def is_unbroken(text: str, block: Block) -> bool:
    """Whether a block holds all the words, and breaks lines only between them."""
    return " ".join(block.lines).split() == text.split()


def _broken(text: str, width: float, size: float, *, bold: bool) -> list[str]:
    """Greedy lines; a word longer than a line goes on in the next."""
    lines: list[str] = []
    line = ""
    for whole in text.split():
        word = whole
        joined = f"{line} {word}" if line else word
        if text_width(joined, size, bold=bold) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while len(word) > 1 and text_width(word, size, bold=bold) > width:
            kept = len(word) - 1
            while kept > 1 and text_width(word[:kept], size, bold=bold) > width:
                kept -= 1
            lines.append(word[:kept])
            word = word[kept:]
        line = word
    return [*lines, line] if line else lines


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a line of type runs, in points."""
    return sum(_advance(letter, bold) for letter in text) * size


@cache
def _advance(letter: str, bold: bool) -> float:  # noqa: FBT001  one key of a cache
    """A letter's width in sizes of type, as designed: neither hinted nor kerned."""
    from matplotlib.font_manager import get_font  # noqa: PLC0415
    from matplotlib.ft2font import LoadFlags  # noqa: PLC0415

    face = get_font(_font(bold=bold).get_file())
    if face.get_char_index(ord(letter)) == 0:
        return 1.0
    glyph = face.load_char(ord(letter), flags=LoadFlags.NO_SCALE)
    return float(glyph.horiAdvance) / face.units_per_EM


@cache
def _font(*, bold: bool) -> Any:
    from matplotlib import get_data_path  # noqa: PLC0415
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return FontProperties(fname=str(Path(get_data_path()) / "fonts" / "ttf" / name))


def ink_on(color: Sequence[float]) -> str:
    """White or nearly black, whichever is easier to read on a colour of red, green, blue."""
    # Relative luminance as in WCAG 2.2, with its power curve alone.
    red, green, blue = (part**2.2 for part in color)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    if luminance < _DARKEST_PAPER:
        return PAPER
    return INK if luminance > _DARKEST_PAPER_OF_INK else "#000000"
