"""Pure: makes any text of a person safe in a cell, changing nothing that a reader would miss."""

import re
import unicodedata
from functools import lru_cache

CELL_LINES = 23
"""How many lines of a text one row shows; two more are kept for the marks that it goes on.

Excel makes no row higher than 409 points, 25 lines of 12-point type: what is below is neither
seen nor printed.
"""

_NEWLINES = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_TOKENS = re.compile("\n|\\S+|[^\\S\n]+")
_EMS = {
    **dict.fromkeys("ijlt .,:;/|'", 0.29),
    **dict.fromkeys('frsIJ-()[]{}!`"', 0.37),
    **dict.fromkeys("acez", 0.45),
    **dict.fromkeys("mwMW@%", 0.85),
}
_SPACE = _EMS[" "]
_WIDEST = 1.2
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)
)
_UNPRINTABLE = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x9f{_NONCHARACTERS}]")
_ODD = re.compile(
    "|".join(p.pattern for p in (_NEWLINES, _BIDI_CONTROLS, _SURROGATES, _UNPRINTABLE))
)
_FORMULA_START = re.compile(
    "[\t\r\n\0]|[\\s\u200b-\u200f\u2060\ufeff]*[-=+@\uff1d\uff0b\uff0d\uff20]"
)


def printable_text(text: str) -> str:
    """The text with every line end a newline and every character one that XML and Excel accept.

    Control characters become their pictures (NUL is ␀), what is no character becomes U+FFFD. The
    marks that turn the direction of writing are dropped: they carry nothing and can make one
    text look like another.
    """
    if text.isprintable() or not _ODD.search(text):
        return text
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _BIDI_CONTROLS.sub("", _NEWLINES.sub("\n", text))
    return _UNPRINTABLE.sub(_picture, text)


def inert_csv_text(text: str) -> str:
    """The text with `'` before it when a spreadsheet would take it for a formula.

    Source: OWASP ASVS 5, 1.2.10, and the full-width signs that Excel reads as the plain ones.
    """
    return f"'{text}" if _FORMULA_START.match(text) else text


def cell_parts(text: str, ems: float) -> list[str]:
    """The text in parts that each fit a cell of that width and the highest row; joined, the text.

    A part is far shorter than the 32,767 UTF-16 units that Excel keeps in a cell.
    """
    if _fits_one_line(text, ems):
        return [text]
    starts = _line_starts(text, ems)[::CELL_LINES]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def line_count(text: str, ems: float) -> int:
    """How many lines the text takes in a wrapped cell so many ems (type sizes) wide."""
    return 1 if _fits_one_line(text, ems) else len(_line_starts(text, ems))


def _fits_one_line(text: str, ems: float) -> bool:
    """Whether the text is so short that this is plain without measuring it."""
    return len(text) * _WIDEST <= ems and "\n" not in text


@lru_cache(maxsize=1024)  # units, topics and departments come again and again
def _line_starts(text: str, ems: float) -> tuple[int, ...]:
    return _line_starts_of_words(text, ems) or _line_starts_of_any(text, ems)


def _line_starts_of_words(text: str, ems: float) -> tuple[int, ...] | None:
    """For words with one space between them, as most texts are; None for any other text."""
    if not text.isprintable():
        return None
    starts, left, position = [0], ems, 0
    for word in text.split(" "):
        width = _width(word)
        if not word or width > ems:
            return None
        if width > left:
            starts.append(position)
            left = ems
        left -= width + _SPACE
        position += len(word) + 1
    return tuple(starts)


def _line_starts_of_any(text: str, ems: float) -> tuple[int, ...]:
    starts, left = [0], ems
    for token in _TOKENS.finditer(text):
        width = _width(token[0])
        if token[0] == "\n":
            starts.append(token.end())
            left = ems
        elif width <= left:
            left -= width
        elif token[0] == " ":
            left = 0
        elif width <= ems and not token[0].isspace():
            starts.append(token.start())
            left = ems - width
        else:
            for position in range(token.start(), token.end()):
                width = _width(text[position])
                if width > left:
                    starts.append(position)
                    left = ems
                left -= width
    return tuple(starts)


@lru_cache(maxsize=16_384)  # Vietnamese is written in syllables, of which there are few
def _width(token: str) -> float:
    """The width in ems, set in Times New Roman."""
    return sum(map(_character_width, token))


@lru_cache(maxsize=1024)
def _character_width(character: str) -> float:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0.1  # no width at all, but a text of nothing else must end somewhere
    if character > "\u2e7f":
        return _WIDEST  # East Asian letters and emoji
    base = unicodedata.normalize("NFD", character)[0]
    if base > "\u024f":
        return 0.85
    return _EMS.get(base, 0.72 if base.isupper() else 0.51)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:  # noqa: PLR2004 - the C0 controls, whose pictures stand in the same order
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"  # noqa: PLR2004 - DEL
