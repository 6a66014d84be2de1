"""Signs in a text that a child, or the writer, is in danger.

A question with such a sign is answered at once with the plan's hotline and held for a person
(Children Law 2016, arts. 51 and 78). The phrases are data, in `config/safeguarding/`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from itertools import chain
from typing import Literal, NamedTuple

from conference.vietnamese import clean, fold

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_DRAWN_OUT = re.compile(r"([^\W\d])\1{2,}")
_PIECE = re.compile(r"[^\W_]+|\.{2,}|[.!?;:\n]+|[,()\"“”…-]")
_NOT_PHRASES = frozenset({"policy", "teencode", "groups", "joined"})

_FIXED = {"..": "(?: [^ .]+){0,4}?", "^": "(?<=[.,])", "$": "(?= [.,])"}

_Marks = Literal["either", "with", "without"]


class _Sign(NamedTuple):
    category: str
    always: re.Pattern[str]
    unless_policy: re.Pattern[str]


class _Phrasebook(NamedTuple):
    joined: re.Pattern[str]
    policy: re.Pattern[str]
    signs: tuple[_Sign, ...]


def danger_signs(text: str) -> list[str]:
    """The categories of danger that `text` shows signs of, in the order of the phrase file.

    Empty for an ordinary question. A word counts as it is written: with its marks, or without
    any; what would mean something harmless without marks is looked for in its context only.
    """
    book = _phrasebook()
    words = book.joined.sub(_join, _as_words(text))
    return [
        sign.category
        for sign in book.signs
        if sign.always.search(words)
        or any(
            not book.policy.search(words, 0, found.start())
            for found in sign.unless_policy.finditer(words)
        )
    ]


def _as_words(text: str) -> str:
    """The words of `text`, a space before each; "." ends a sentence, "," a clause."""
    return f" . {' '.join(_pieces(text))} . "


def _pieces(text: str) -> Iterator[str]:
    for piece in _PIECE.findall(_DRAWN_OUT.sub(r"\1", clean(text).casefold())):
        if piece[0].isalnum():
            yield _key(piece)
        elif piece[0] in ".!?;:\n":
            if not piece.startswith(".."):
                yield "."
        elif piece not in "…-":
            yield ","


def _key(word: str) -> str:
    """A word with its tone at the end, so that "hoà" and "hòa" are the same."""
    if word.isascii():
        return word
    marks = unicodedata.normalize("NFD", word)
    tones = "".join(mark for mark in marks if mark in _TONES)
    return unicodedata.normalize("NFC", "".join(x for x in marks if x not in _TONES)) + tones


def _join(found: re.Match[str]) -> str:
    return " " + found[0][1:].replace(" ", "_")


@cache
def _phrasebook() -> _Phrasebook:
    file = resources.files("config").joinpath("safeguarding", "vi.toml")
    content = tomllib.loads(file.read_text("utf-8"))
    grammar = _Grammar(content["groups"], content["teencode"])
    joined = [entry.replace("_", " ") for entry in content["joined"]["words"]]
    return _Phrasebook(
        joined=grammar.any_of((joined, "either")),
        policy=re.compile(
            grammar.any_of((content["policy"]["before"], "either")).pattern + r"(?: [^ .]+){0,5}$"
        ),
        signs=tuple(
            _Sign(
                category,
                grammar.any_of(
                    (lists.get("always", ()), "either"), (lists.get("unaccented", ()), "without")
                ),
                grammar.any_of(
                    (lists.get("mention", ()), "either"), (lists.get("accented", ()), "with")
                ),
            )
            for category, lists in content.items()
            if category not in _NOT_PHRASES
        ),
    )


class _Grammar:
    """Turns phrases, written as the head of the phrase file tells, into patterns over words."""

    def __init__(self, groups: Mapping[str, list[str]], teencode: Mapping[str, list[str]]) -> None:
        self._groups = groups
        self._teencode = teencode

    def any_of(self, *lists: tuple[Iterable[str], _Marks]) -> re.Pattern[str]:
        phrases = chain.from_iterable(
            (self._phrase(phrase, marks) for phrase in phrases) for phrases, marks in lists
        )
        return re.compile(f"(?:{'|'.join(phrases) or '(?!)'})(?= |$)")

    def _phrase(self, phrase: str, marks: _Marks) -> str:
        return "".join(self._element(element, marks) for element in phrase.split())

    def _element(self, element: str, marks: _Marks) -> str:
        if element in _FIXED:
            return _FIXED[element]
        if element.startswith("!"):
            return f"(?!{self._element(element[1:], marks)}(?= ))"
        if element.endswith("?"):
            return f"(?:{self._element(element[:-1], marks)})?"
        if element.startswith("<"):
            entries = self._groups[element.strip("<>")]
            return f"(?:{'|'.join(self._phrase(entry, marks) for entry in entries)})"
        return f" (?:{'|'.join(sorted(self._writings(element, marks)))})"

    def _writings(self, word: str, marks: _Marks) -> set[str]:
        writings = {"_".join(map(_key, word.split("_")))}
        writings.update(map(_key, self._teencode.get(word, ())))
        if marks == "either":
            writings.add("_".join(map(fold, word.split("_"))))
        return writings
