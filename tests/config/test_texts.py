"""Both catalogues: the same messages with the same variables, each in its own language."""

import re
from collections.abc import Iterator
from functools import cache

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from config.plan import load_plan
from config.settings import DEFAULT_PLAN
from config.texts import LANGUAGES, LOCALES_DIR, Safe, TextError, texts_for

MESSAGE_LIMIT = 4096
BUTTON_LIMIT = 64
LONGEST_CODE = "ABCDEFGH-123456789"
ADDRESS = {"reader", "you", "You"}
"""What `Texts` gives to every message; only Vietnamese has forms of address."""
PLANS = sorted(DEFAULT_PLAN.parent.glob("*.toml"))


class _Variables(Visitor):
    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802
        self.found.add(node.id.name)


class _Words(Visitor):
    """The words themselves, with those of every variant."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_TextElement(self, node: ast.TextElement) -> None:  # noqa: N802
        self.found.append(node.value)


@cache
def entries(language: str) -> tuple[ast.EntryType, ...]:
    return tuple(
        entry
        for path in sorted((LOCALES_DIR / language).glob("*.ftl"))
        for entry in FluentParser().parse(path.read_text(encoding="utf-8")).body
        if not isinstance(entry, ast.BaseComment)
    )


@cache
def messages(language: str) -> dict[str, ast.Message]:
    return {entry.id.name: entry for entry in entries(language) if isinstance(entry, ast.Message)}


def variables(message: ast.Message) -> set[str]:
    visitor = _Variables()
    visitor.visit(message)
    return visitor.found - ADDRESS


def words(message: ast.Message) -> str:
    visitor = _Words()
    visitor.visit(message)
    return " ".join(visitor.found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_is_all_well_formed_messages(language: str) -> None:
    ids = [
        entry.id.name if isinstance(entry, ast.Message) else type(entry).__name__
        for entry in entries(language)
    ]

    assert len(ids) > 200
    assert ids == list(dict.fromkeys(ids))
    assert [one for one in ids if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one)] == []
    assert [one for one, message in messages(language).items() if message.value is None] == []


def test_files_are_the_same_in_every_language() -> None:
    files = {
        language: sorted(path.name for path in (LOCALES_DIR / language).iterdir())
        for language in LANGUAGES
    }

    assert files == dict.fromkeys(LANGUAGES, files["vi"])


def test_messages_and_their_variables_are_the_same_in_every_language() -> None:
    shapes = {
        language: {name: variables(message) for name, message in messages(language).items()}
        for language in LANGUAGES
    }

    assert shapes == dict.fromkeys(LANGUAGES, shapes["vi"])


SAID_ALIKE = {
    "broadcast-quoted",
    "button-export-csv",
    "button-export-xlsx",
    "held-question",
    "language-ask",
    "question-view",
    "read-line",
}
"""Signs, codes and names, or both languages at once."""


def test_no_message_is_the_same_words_in_two_languages() -> None:
    alike = {
        name
        for name, message in messages("vi").items()
        if re.search(r"[^\W\d_]{2}", words(message))
        and words(message) == words(messages("en")[name])
    }

    assert alike == SAID_ALIKE


LOANS = frozenset(
    [
        "csv",
        "ctrl",
        "english",
        "enter",
        "excel",
        "link",
        "make",
        "reported",
        "submitted",
        "telegram",
        "token",
        "xlsx",
    ]
)
"""Names, keys, and loan words that every reader of theirs knows."""

_SYLLABLE = re.compile(
    r"(?:ngh?|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdghklmnprstvx])?"
    r"(?:iêu|yêu|oai|oay|uôi|uyê|[aeiouy]{1,3})"
    r"(?:ch|ng|nh|[cmnpt])?"
)
_ENGLISH = frozenset(
    [
        "the",
        "and",
        "you",
        "your",
        "for",
        "with",
        "this",
        "that",
        "are",
        "not",
        "can",
        "has",
        "have",
        "was",
        "will",
    ]
)
_MARKUP = re.compile(r"<[^>]*>|[/@][A-Za-z]+|[\w./]+_[\w./]+|[\w-]+=\S+|[a-z_]+\.[a-z_]+")


def foreign(text: str) -> Iterator[str]:
    """The words of a Vietnamese text that no Vietnamese syllable could be, or that are English."""
    for word in re.findall(r"[^\W\d_]+", _MARKUP.sub(" ", text)):
        plain = word.casefold()
        if plain in LOANS or word.isupper() or not plain.isascii():
            continue
        if plain in _ENGLISH or (len(plain) > 1 and not _SYLLABLE.fullmatch(plain)):
            yield word


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Bạn gửi lại bản ngắn hơn nhé, cho ai đó xem", []),
        ("Danh sách chỉ ghi tên đơn vị; gõ /export xlsx unit=so-dau", []),
        ("Không send được question này", ["send", "question"]),
        ("You are the one", ["You", "are", "the", "one"]),
        ("Your draft is kept", ["Your", "draft", "is", "kept"]),
    ],
)
def test_foreign_words_are_told_from_vietnamese_ones(text: str, left: list[str]) -> None:
    assert list(foreign(text)) == left


def test_vietnamese_catalogue_has_no_english_left_in_it() -> None:
    left = {
        name: found
        for name, message in messages("vi").items()
        if name not in {"language-ask", "setup-yes"} and (found := list(foreign(words(message))))
    }

    assert left == {}


def test_english_catalogue_has_no_vietnamese_left_in_it() -> None:
    left = {
        name
        for name, message in messages("en").items()
        if re.search("[ăâđêôơư\u1ea0-\u1ef9]", words(message).casefold())
    }

    # The other language's own name, and the project's.
    assert left == {"command-language", "language-ask", "setup-welcome"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reader", ["youth", "child", "official"])
def test_every_button_fits(language: str, reader: str) -> None:
    texts = texts_for(language, reader)
    labels = {
        name: texts.plain(name, **dict.fromkeys(variables(message), LONGEST_CODE))
        for name, message in messages(language).items()
        if name.startswith("button-")
    }

    assert {name: label for name, label in labels.items() if len(label) > BUTTON_LIMIT} == {}
    assert {name: label for name, label in labels.items() if "\n" in label} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_leaves_room_for_the_longest_question(language: str) -> None:
    """What a message quotes (2,500 characters of escaped words) comes on top of its own."""
    long = {
        name: length
        for name, message in messages(language).items()
        if (length := len(words(message))) > MESSAGE_LIMIT - 2500
    }

    assert long == {}


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_as_long_as_the_plan_allows_can_be_shown(path, language: str) -> None:
    """Escaping may make five characters of one: the message still has to be made."""
    longest = "&" * load_plan(path).collection.max_characters

    said = texts_for(language)("ask-draft-offered", text=longest)

    assert said.count("&amp;") == len(longest)


def test_peoples_words_are_escaped_once_and_markup_is_left_alone() -> None:
    texts = texts_for("en")

    said = texts("my-line", code=Safe("<code>HB22-0001</code>"), state="a & b", title="<i>")
    label = texts.plain("my-line", code="<code>", state="a & b", title="<i>")

    assert "<code>HB22-0001</code>" in said
    assert "a &amp; b" in said
    assert said.endswith("&lt;i&gt;")
    assert label.endswith("<i>")


def test_vietnamese_speaks_to_a_child_in_its_own_way() -> None:
    said = [texts_for("vi", reader).plain("ask-text-more") for reader in ("youth", "child")]

    assert [one.split()[0] for one in said] == ["Bạn", "Em"]


def test_an_unknown_language_is_spoken_to_in_vietnamese() -> None:
    assert texts_for("xx").plain("language-name") == texts_for("vi").plain("language-name")


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("no-such-message", "there is no message no-such-message"),
        ("button-view", r"button-view \(vi\): .*code"),
    ],
)
def test_an_unknown_message_or_a_missing_variable_is_an_error(message: str, fault: str) -> None:
    with pytest.raises(TextError, match=fault):
        texts_for("vi")(message)
