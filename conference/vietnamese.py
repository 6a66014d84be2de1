"""Vietnamese as people type it: made safe to keep, folded to compare, filtered by letters."""

import re
import unicodedata
from collections.abc import Mapping
from enum import IntEnum
from itertools import pairwise

_LINE_END = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SPACES_AT_LINE_END = re.compile(r"[^\S\n]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")

# Controls, noncharacters, and what draws nothing: bidi marks, embeddings, overrides, isolates;
# zero-width characters, blank fillers, annotations, selectors, tags.
_UNSEEN = (
    r"\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
) + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 17))

_PICTURE = (
    r"[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f"
    r"\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
    r"[\U0001f3fb-\U0001f3ff]?[\ufe0e\ufe0f]?"
)
# A joiner, a selector or a tag is seen only as part of an emoji: a heart, a keycap, a flag.
_EMOJI = (
    r"\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]+\U000e007f"
    r"|[0-9#*]\ufe0f(?=\u20e3)"
    rf"|{_PICTURE}(?:\u200d{_PICTURE})*"
)
_EMOJI_OR_UNSEEN = re.compile(rf"({_EMOJI})|[{_UNSEEN}]+")
_IS_UNSEEN = re.compile(rf"[{_UNSEEN}]")


def clean(text: str) -> str:
    """What may be stored of a text: NFC, and nothing in it that is not seen.

    PostgreSQL refuses NUL and lone surrogates, xlsx and docx files break on control characters
    and noncharacters, and bidi or zero-width characters make a text look like another one. What
    a reader sees of ordinary text stays the same. Cleaning twice changes nothing.
    """
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = _LINE_END.sub("\n", text).replace("\t", " ")
    text = _EMOJI_OR_UNSEEN.sub(lambda found: found[1] or "", text)
    text = unicodedata.normalize("NFC", text)
    return _EMPTY_LINES.sub("\n\n", _SPACES_AT_LINE_END.sub("", text)).strip()


class _Folding(dict[int, str]):
    """What each character becomes when folded, worked out at its first use."""

    def __missing__(self, code: int) -> str:
        char, plain = chr(code), ""
        if not _IS_UNSEEN.match(char):
            while plain != char:
                plain, char = char, unicodedata.normalize("NFKD", char.casefold())
        self[code] = "".join(map(_plain, plain))
        return self[code]


def _plain(char: str) -> str:
    if char in "đð":
        return "d"
    if unicodedata.category(char)[0] in "MC":
        return ""
    return char if char.isalnum() else " "


_FOLDING = _Folding({ord(blank): " " for blank in "\t\n\v\f\r\x85\u2028\u2029"})


def fold(text: str) -> str:
    """Text for comparing and searching: no marks, no case, words apart by one space.

    "Hoà", "Hòa" and "hoa" are the same; so are full-width or styled letters and plain ones.
    """
    return " ".join(text.translate(_FOLDING).split())


class Match(IntEnum):
    """How well typed letters fit a label; `NONE` is false."""

    NONE = 0
    INITIALS = 1
    WORDS = 2
    PREFIX = 3
    EXACT = 4


def matches(query: str, label: str) -> Match:
    """How well `query`, a few typed letters, fits `label`.

    "so d" and "sodau" begin "Sở Dầu", "dau" begins one of its words, "sd" are its initials. The
    words of the query must come in the label's order.
    """
    wanted, offered = fold(query), fold(label)
    words = offered.split()
    if not wanted:
        return Match.NONE
    if wanted == offered:
        return Match.EXACT
    joined = wanted.replace(" ", "")
    if offered.startswith(wanted) or "".join(words).startswith(joined):
        return Match.PREFIX
    rest = iter(words)
    if all(any(word.startswith(start) for word in rest) for start in wanted.split()):
        return Match.WORDS
    if len(joined) > 1 and joined in "".join(word[0] for word in words):
        return Match.INITIALS
    return Match.NONE


def filter_choices(query: str, labels: Mapping[str, str]) -> list[str]:
    """The codes of `labels` (code to label) that `query` fits, best first, else in given order.

    A query without a letter or digit filters nothing out.
    """
    if not fold(query):
        return list(labels)
    fits = {code: matches(query, label) for code, label in labels.items()}
    return sorted((code for code in labels if fits[code]), key=lambda code: -fits[code])


def has_words(text: str) -> bool:
    """Whether there is anything to read: two letters side by side, not only emoji or digits."""
    return any(first.isalpha() and second.isalpha() for first, second in pairwise(clean(text)))


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, which is how Telegram counts its limits and offsets."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
