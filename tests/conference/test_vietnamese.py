import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.vietnamese import (
    Match,
    clean,
    filter_choices,
    fold,
    has_words,
    matches,
    utf16_length,
)

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
ODD_TEXT = st.text(
    "a \n\r\t\x00\u200b\u200d\ufe0f\u20e3\u202e\u2028\ud83d\udc69\ufffe❤👩🏽🏴1e\u0301\U000e0067\U000e007f"
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ho\u0309i", "Hỏi"),
        ("Thu\u031b\u0323c pha\u0302\u0309m", "Thực phẩm"),
        ("a\x00b\x07c\x85d", "abc\nd"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\tb", "a b"),
        ("a \nb\u00a0\n\n\n \nc  ", "a\nb\n\nc"),
        ("\ud83d\ude00 \ud800x", "😀 x"),
        ("a\ufffe\uffff\ufdd0\U0010ffffb", "ab"),
        ("gi\u200bá\u202e \u2066tốt\u2069\ufeff", "giá tốt"),
        ("đoàn\u00ad\u3164 viên", "đoàn viên"),
        ("👩‍👩‍👧 ❤️ 👍🏽 1️⃣", "👩‍👩‍👧 ❤️ 👍🏽 1️⃣"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("a\u200db\ufe0f \u200d👍", "ab 👍"),
        ("1\ufe0f tổ", "1 tổ"),
        ("  \n ", ""),
    ],
)
def test_clean_keeps_what_is_seen(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@given(ANY_TEXT | ODD_TEXT)
def test_clean_text_is_safe_to_store_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.encode().decode() == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert {unicodedata.category(char) for char in cleaned if char != "\n"}.isdisjoint(
        {"Cc", "Cs"}
    )
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Hoà", "hoa"),
        ("Hòa", "hoa"),
        ("HOA\u0300", "hoa"),
        ("Đường  Điện Biên Phủ!", "duong dien bien phu"),
        ("Ðà Nẵng", "da nang"),
        ("ủy/uỷ_ban-(quận)", "uy uy ban quan"),
        ("ＡＢＣ １２", "abc 12"),
        ("gi\u200bá", "gia"),
        ("😀 ...", ""),
    ],
)
def test_fold_makes_the_same_of_what_reads_the_same(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(ANY_TEXT)
def test_fold_is_idempotent_and_blind_to_composition(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded
    assert folded == " ".join(folded.split())


WARDS = {
    "dau": "Dầu",
    "ha-ly": "Hạ Lý",
    "so-dau": "Sở Dầu",
    "hoang-van-thu": "Hoàng Văn Thụ",
    "thuong-ly": "Thượng Lý",
    "doan-dau": "Đoàn phường Dầu",
}


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("so d", ["so-dau"]),
        ("Sở Dầu", ["so-dau"]),
        ("sodau", ["so-dau"]),
        ("dau", ["dau", "so-dau", "doan-dau"]),
        ("sd", ["so-dau"]),
        ("HVT", ["hoang-van-thu"]),
        ("vt", ["hoang-van-thu"]),
        ("ly", ["ha-ly", "thuong-ly"]),
        ("th", ["thuong-ly", "hoang-van-thu"]),
        ("van t", ["hoang-van-thu"]),
        ("thu van", []),
        ("xyz", []),
        ("👍", list(WARDS)),
    ],
)
def test_filter_choices_ranks_the_best_first(query: str, codes: list[str]) -> None:
    assert filter_choices(query, WARDS) == codes


def test_matches_tells_how_well() -> None:
    ranks = [
        matches(query, "Hoàng Văn Thụ") for query in ("hoang van thu", "ho", "thu", "hv", "x", "")
    ]
    assert ranks == [
        Match.EXACT,
        Match.PREFIX,
        Match.WORDS,
        Match.INITIALS,
        Match.NONE,
        Match.NONE,
    ]


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("xin đèn", True),
        ("ở", False),
        ("o\u031b\u0309", False),
        ("👍👍 123 ???", False),
        (":) ½½ ①②", False),
        ("\u3164\u3164", False),
        ("", False),
    ],
)
def test_has_words_wants_letters(text: str, readable: bool) -> None:
    assert has_words(text) is readable


@pytest.mark.parametrize(("text", "length"), [("ạ", 1), ("👍🏽", 4), ("\ud800", 1), ("", 0)])
def test_utf16_length_counts_as_telegram_does(text: str, length: int) -> None:
    assert utf16_length(text) == length
